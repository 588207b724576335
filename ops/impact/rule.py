"""What a rule of `python -m ops impact` says."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """Who notices, the worst first."""

    LOST = "lost or out of reach"
    INTERRUPTS = "interrupts"
    ACTION = "needs action"
    QUIET = "nobody notices"


class Rule(NamedTuple):
    """One consequence. A code is never used for anything else, even when its rule is gone."""

    code: str
    level: Level
    system: str
    """The key of the system in the stack file; empty: any."""
    title: str
    meaning: str
    """What people notice."""
    sign: str
    """What in the plan announces it."""
    remedy: str = ""
    """What to do about it; empty: nothing."""
