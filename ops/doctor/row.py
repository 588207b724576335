"""What a row of the runbook consists of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

ABSENT: Final = (
    "Somebody deleted it, which Pulumi does not notice without a refresh, or the last `up` ended before it was created."
)
"""Why an object of a stack may be missing."""
RESTORE: Final = "Run `pulumi refresh`, then `pulumi up`."
"""What brings it back."""


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """Something does not work."""
    WARNING = "warning"
    """Something will stop working, or works by chance."""


class Row(NamedTuple):
    """One thing that can be wrong. A code is never used for anything else, even when its row is gone."""

    code: str
    level: Level
    title: str
    cause: str
    remedy: str


Chapters = Mapping[str, tuple[Row, ...]]
"""What can be wrong with a system, by the title of the runbook's chapter."""


def error(code: str, title: str, cause: str, remedy: str) -> Row:
    """A row for what does not work."""
    return Row(code, Level.ERROR, title, cause, remedy)


def warning(code: str, title: str, cause: str, remedy: str) -> Row:
    """A row for what will stop working, or works by chance."""
    return Row(code, Level.WARNING, title, cause, remedy)
