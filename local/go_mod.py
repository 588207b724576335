"""What go.mod files pin, read without Go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_BLOCK: Final = re.compile(r"^(require|replace) (?:\((.*?)^\)|([^(\n]*)$)", re.MULTILINE | re.DOTALL)


class Module(NamedTuple):
    """A Go module."""

    path: str
    version: str


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
    for module in modules(go_mod):
        if module.path == path:
            return module.version
    raise LookupError(f"{go_mod} does not require {path}")
