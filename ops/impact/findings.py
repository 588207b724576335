"""One consequence of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ops.impact.plan import Change
from ops.impact.rules import RULES, Rule


class Patience(NamedTuple):
    """How long a restart may take, in seconds, before Kubernetes intervenes."""

    stop: int
    """After this it kills the old pod."""
    start: int | None
    """After this it restarts the new pod; None: nothing limits the start."""

    def __str__(self) -> str:
        """As a sentence."""
        ready = f", and {self.start} s to start" if self.start is not None else ""
        return f"A pod may take {self.stop} s to stop{ready}."


@dataclass(frozen=True)
class Finding:
    """What one rule says of one object."""

    code: str
    change: Change
    detail: str = ""
    """What this plan adds to the rule, as a sentence."""
    pod: str = ""
    """The kind of pod that restarts or ends, in the words of docs/restarts.md."""
    patience: Patience | None = None

    @property
    def rule(self) -> Rule:
        """The rule."""
        return RULES[self.code]
