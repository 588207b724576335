"""What requirements files pin, read without pip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from components.shared.target import PROJECT

LOCK: Final = PROJECT / "requirements.txt"
_PINNED: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?")
_HASH: Final = re.compile(r"    --hash=sha256:(?P<digest>[0-9a-f]{64})(?: \\)?")


class Package(NamedTuple):
    """A package of a requirements file."""

    name: str
    version: str
    marker: str | None
    """Where it is needed; None: everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of each of its files."""


def packages(requirements: Path = LOCK) -> list[Package]:
    """The packages of a requirements file. Raises ValueError for a line that is no exact version, hash or comment."""
    found: list[Package] = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if pinned := _PINNED.fullmatch(line):
            found.append(Package(pinned["name"], pinned["version"], pinned["marker"], ()))
        elif found and (digest := _HASH.fullmatch(line)):
            found[-1] = found[-1]._replace(hashes=(*found[-1].hashes, digest["digest"]))
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"{requirements.name}: {line!r} pins no version")
    return found
