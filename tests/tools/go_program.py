"""Small programs in Go, each built once from the module in a folder beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from local.go_build import Build, cache_directory


@cache
def go_program(name: str, what: str, announcement: str) -> Path:
    """The binary `name` of the module in its folder, which has underscores in place of dashes."""
    build = Build(
        what=what,
        module=Path(__file__).parent / name.replace("-", "_"),
        cache=cache_directory() / "tools",
        packages={f"clusters.local/{name}": name},
        linker_flags="-s -w",
        announcement=announcement,
    )
    return build.binaries()[name]
