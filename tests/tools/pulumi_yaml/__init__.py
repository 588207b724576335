"""Pulumi's language host for YAML, for a program in another language than the project's own."""

from __future__ import annotations

from pathlib import Path

from local.go_build import Build, cache_directory

FOLDER = Path(__file__).resolve().parent
HOST = "pulumi-language-yaml"


def language_host() -> Path:
    """Its binary, built once."""
    return Build(
        what="Pulumi's language host for YAML",
        module=FOLDER,
        cache=cache_directory() / "tools" / HOST,
        packages={f"github.com/pulumi/pulumi-yaml/cmd/{HOST}": HOST},
        linker_flags="-s -w",
        announcement="It takes about 2 minutes on two cores.",
    ).binaries(print)[HOST]
