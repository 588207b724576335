"""The confirmation before a change that people notice."""

from __future__ import annotations

import os
import sys

from ops.errors import CommandError


def on_terminal() -> bool:
    """Whether a person can answer on standard input, which may also be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(consequence: str, what: str, name: str, *, otherwise: str = "Nothing was deleted.") -> None:
    """Ask for a name; $CONFIRM answers in scripts. `what` says whose name it is, such as `stack`.

    Raises CommandError for any other answer.
    """
    answer = os.environ.get("CONFIRM")
    if answer is None:
        print(consequence, file=sys.stderr)
        print(f"Type the {what}'s name to continue: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip() if sys.stdin else ""
    if answer != name:
        raise CommandError(f"This is not the {what}'s name, {name}. {otherwise}")
