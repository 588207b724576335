"""The error of every command in this project that ends with a sentence for the person who typed it."""

from __future__ import annotations


class CommandError(Exception):
    """A command cannot go on: the text says what is wrong and what to do about it."""
