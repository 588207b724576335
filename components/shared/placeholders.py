"""Texts in place of values that only a cluster, a state or a passphrase can tell."""

from __future__ import annotations

from typing import Any, Final

_SECRET: Final = "secret"  # noqa: S105 - a word


def placeholder(what: str) -> str:
    """Takes the place of an unknown value, and cannot be mistaken for a real one."""
    return f"<{what}>"


def unread_secret(path: str) -> str:
    """Takes the place of an encrypted value, in commands that read a stack file without its passphrase."""
    return placeholder(f"{_SECRET} {path}")


def is_unread_secret(value: Any) -> bool:
    """The value takes the place of an encrypted one."""
    return isinstance(value, str) and value.startswith(f"<{_SECRET} ") and value.endswith(">")
