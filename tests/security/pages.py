"""The tables of docs/security.md and docs/reliability.md."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from tests.conftest import PROJECT

SECURITY = PROJECT / "docs" / "security.md"
RELIABILITY = PROJECT / "docs" / "reliability.md"
TEXT_IN_BACKTICKS = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((https://[^)]+|[\w./-]+(?:#[\w-]+)?)\)")


class Promise(NamedTuple):
    """A row of either page."""

    number: str
    figure: str
    tests: tuple[str, ...]


class Exemption(NamedTuple):
    """A check that may fail in some places."""

    check: str
    where: tuple[str, ...]
    reason: str

    def covers(self, check: str, thing: str) -> bool:
        """Whether it speaks of this check of this thing."""
        return check == self.check and any(fnmatchcase(thing, pattern) for pattern in self.where)


def promises() -> list[Promise]:
    """All rows of both pages."""
    rows = [row for page in (SECURITY, RELIABILITY) for row in _rows(page.read_text())]
    return [
        Promise(cells[0], cells[2], tuple(TEXT_IN_BACKTICKS.findall(cells[3])))
        for cells in rows
        if cells[0][0] in "SR" and cells[0][1:].isdigit()
    ]


def exceptions() -> list[Exemption]:
    """The rows below *Exceptions*."""
    section = SECURITY.read_text().partition("\n## Exceptions\n")[2]
    return [
        Exemption(TEXT_IN_BACKTICKS.findall(check)[0], tuple(TEXT_IN_BACKTICKS.findall(where)), reason)
        for check, where, reason in _rows(section)
    ]


def _rows(text: str) -> list[tuple[str, ...]]:
    lines = [line.strip() for line in text.splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return [row for row in cells if row[0] not in {"#", "Check"}]
