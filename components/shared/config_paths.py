"""Config paths: how `pulumi config set --path` writes the place of a setting, and the commands that use it."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable


def dotted(steps: Iterable[str | int]) -> str:
    """A location as `pulumi config set --path` reads it: `a.b[0]`, and `a["x.y"]` for a key with a dot."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step or any(char in step for char in '.[]"'):
            quoted = step.replace('"', '\\"')
            text += f'["{quoted}"]'
        else:
            text += f".{step}" if text else step
    return text


def below(path: str, step: str) -> str:
    """The path of a setting in a group."""
    return f"{path}.{step}" if dotted([step]) == step else f"{path}{dotted([step])}"


def overlap(one: str, other: str) -> bool:
    """One path is the other one, or a part of it."""
    return one == other or one.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{one}.", f"{one}["))


def config_set(path: str, *options: str, value: str | None = "VALUE") -> str:
    """The command that sets one setting, ready for a shell. Without `value` it prompts for one."""
    words = ["pulumi", "config", "set", "--path", *options, shlex.quote(path)]
    return " ".join([*words, value] if value else words)


def did_you_mean(word: str, words: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The known word that is closest to `word`, ignoring case, or None if none is as like it (1: the same)."""
    lower = {known.lower(): known for known in words}
    near = difflib.get_close_matches(str(word).lower(), lower, n=1, cutoff=likeness)
    return lower[near[0]] if near else None
