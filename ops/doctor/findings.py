"""What was found, in the order in which to fix it: consequences come under their cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from components.shared.objects import Key
from ops.doctor.row import Level, Row
from ops.doctor.rows import ROWS

SETTING: Final = "Setting"
"""The kind of a subject that is no object, but a path in the stack config."""

LOG: Final = "Log"
"""The kind of a subject that is a log, by the `app` label of its pods or the name of its file."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    code: str
    subject: Key
    """Kind and name of the object; of several alike, the first."""
    problem: str
    """What is wrong with it, after its name: "… is not bound"."""
    count: int = 1
    """How many objects have the same problem."""
    needs: frozenset[Key] = field(default=frozenset())
    """Objects that the subject needs: if one of them has a finding, this one is its consequence."""
    remedy: str | None = None
    """What to do; None: what the row says."""

    @property
    def row(self) -> Row:
        """What the doctor knows about it."""
        return ROWS[self.code]

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.subject[0] == SETTING:
            return f"{self.subject[1]}: {self.problem}"
        others = f" (and {self.count - 1} more)" if self.count > 1 else ""
        return f"{self.subject[0]} {self.subject[1]}{others} {self.problem}"


@dataclass(frozen=True)
class Diagnosis:
    """A root cause and what follows from it."""

    cause: Finding
    consequences: tuple[Finding, ...]


def diagnoses(findings: Iterable[Finding]) -> list[Diagnosis]:
    """Root causes, errors first and then in the order of their codes, each with its consequences."""
    every = sorted(set(findings), key=lambda one: (one.row.level != Level.ERROR, one.code, one.subject, one.problem))
    caused = [finding for finding in every if any(_causes(finding, every))]
    found: list[Diagnosis] = []
    # Caused findings are added again at the end: in a circle, no finding is a root.
    for finding in [*(one for one in every if one not in caused), *caused]:
        if not any(finding in (item.cause, *item.consequences) for item in found):
            found.append(Diagnosis(finding, tuple(_consequences(finding, every))))
    return found


def _causes(finding: Finding, every: Iterable[Finding]) -> Iterator[bool]:
    return (other is not finding and other.subject in finding.needs for other in every)


def _consequences(root: Finding, every: list[Finding]) -> Iterator[Finding]:
    seen, waiting = {root}, [root]
    while waiting:
        cause = waiting.pop(0)
        for finding in every:
            if finding not in seen and cause.subject in finding.needs:
                seen.add(finding)
                waiting.append(finding)
                yield finding
