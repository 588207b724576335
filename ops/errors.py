"""The errors of every command in this project that end with a sentence for the person who typed it."""

from __future__ import annotations

import json
import sys


class CommandError(Exception):
    """A command cannot go on: the text says what is wrong and what to do about it."""


class UsageError(CommandError):
    """What was typed cannot work: options that contradict each other, or a file that is not what the command reads."""


def tell(error: Exception, *, as_json: bool) -> None:
    """Print an error: as {"error": sentence} on standard output, or as the sentence on standard error."""
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        text = f"{error.filename} cannot be used: {error.strerror}."
    if as_json:
        print(json.dumps({"error": text}, indent=2))
    else:
        print(text, file=sys.stderr)
