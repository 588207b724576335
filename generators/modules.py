"""What requirements files and go.mod files pin, read without pip and without Go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from components.shared.target import PROJECT

LOCK: Final = PROJECT / "requirements.txt"
_PINNED: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\)?")
_HASH: Final = re.compile(r"    --hash=sha256:(?P<digest>[0-9a-f]{64})(?: \\)?")
_BLOCK: Final = re.compile(r"^(require|replace) (?:\((.*?)^\)|([^(\n]*)$)", re.MULTILINE | re.DOTALL)


class Package(NamedTuple):
    """A package of a requirements file."""

    name: str
    version: str
    marker: str | None
    """Where it is needed; None: everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of each of its files."""


class Module(NamedTuple):
    """A Go module."""

    path: str
    version: str


def packages(requirements: Path = LOCK) -> list[Package]:
    """The packages of a requirements file. Raises ValueError for a line without an exact version, hash or comment."""
    found: list[Package] = []
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if pinned := _PINNED.fullmatch(line):
            found.append(Package(pinned["name"], pinned["version"], pinned["marker"], ()))
        elif found and (digest := _HASH.fullmatch(line)):
            found[-1] = found[-1]._replace(hashes=(*found[-1].hashes, digest["digest"]))
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"{requirements.name}: {line!r} pins no version")
    return found


def modules(go_mod: Path) -> list[Module]:
    """The modules that a build uses, replacements in their place; without those in a folder next to the go.mod."""
    required: dict[str, Module] = {}
    replaced: dict[str, Module | None] = {}
    for directive, line in _lines(go_mod.read_text(encoding="utf-8")):
        if directive == "require":
            path, version = line.split()
            required[path] = Module(path, version)
        else:
            old, _, new = line.partition(" => ")
            target = new.split()
            replaced[old.split()[0]] = Module(target[0], target[1]) if len(target) > 1 else None
    used = (replaced.get(path, module) for path, module in required.items())
    return [module for module in used if module]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    bare = re.sub(r"[ \t]*//.*$", "", text, flags=re.MULTILINE)
    for block in _BLOCK.finditer(bare):
        for line in (block[2] or block[3]).splitlines():
            if line.strip():
                yield block[1], line.strip()


def version_of(go_mod: Path, path: str) -> str:
    """The version of one module. Raises LookupError if the go.mod does not pin it."""
    return next(module.version for module in modules(go_mod) if module.path == path)
