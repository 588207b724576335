"""Which file the config of this run comes from. The Pulumi CLI tells a program the values only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

OPTION: Final = "--config-file"
FARTHEST: Final = 10
"""Ancestors to look at: this process, the language host, the CLI, and whatever wraps them."""


def config_file(default: Path) -> Path:
    """The file that the CLI was given with --config-file, or `default`.

    The option can be seen only on Linux, in the command line of the CLI, an ancestor of this process. Elsewhere, and
    with an ESC environment, `secret_settings.is_source` recognizes values that come from somewhere else.
    """
    for words, folder in _ancestors():
        name = Path(words[0]).name if words else ""
        if name.removesuffix(".exe") == "pulumi" and (given := option(words)):
            return folder / given
    return default


def option(words: Sequence[str]) -> str | None:
    """The value of --config-file in a command line."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == OPTION:
            return following or None
        if word.startswith(f"{OPTION}="):
            return word.removeprefix(f"{OPTION}=") or None
    return None


def _ancestors() -> Iterator[tuple[list[str], Path]]:
    """Command line and working folder of each ancestor, as far as this user may read them."""
    process = os.getppid()
    for _ in range(FARTHEST):
        folder = Path("/proc") / str(process)
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
            # The second field is the command in parentheses, which may contain any character (proc(5)).
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            yield words, (folder / "cwd").resolve()
            process = int(fields[1])
        except (OSError, ValueError, IndexError):
            return
