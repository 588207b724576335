"""Settings in a form that a shell script sources."""

from __future__ import annotations

import shlex
from collections.abc import Mapping


def assignments(values: Mapping[str, str | int | bool]) -> str:
    """Shell assignments, one per line, quoted so that a value may hold any character."""
    return "".join(f"{name}={shlex.quote(_word(value))}\n" for name, value in values.items())


def _word(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
