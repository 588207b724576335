"""The confirmation before a change that people notice."""

from __future__ import annotations

import os
import sys

from ops.errors import CommandError


def confirm(consequence: str, what: str, name: str, *, otherwise: str = "Nothing was deleted.") -> None:
    """Ask for a name; $CONFIRM answers in scripts. `what` says whose name it is, such as `stack`.

    Raises CommandError for any other answer.
    """
    answer = os.environ.get("CONFIRM")
    if answer is None:
        print(consequence, file=sys.stderr)
        print(f"Type the {what}'s name to continue: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
    if answer != name:
        raise CommandError(f"This is not the {what}'s name, {name}. {otherwise}")
