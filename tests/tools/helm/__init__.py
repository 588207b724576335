"""Helm 3 and Helm 4, built once from their Go modules into the cache of this project's other Go programs."""

from __future__ import annotations

from pathlib import Path

from local.go_build import Build, cache_directory

VERSIONS = ("3", "4")


def helm(version: str) -> Path:
    """The `helm` command of a major version; a first build takes a few minutes."""
    build = Build(
        what=f"Helm {version}",
        module=Path(__file__).parent / version,
        cache=cache_directory() / "helm",
        packages={f"helm.sh/helm/v{version}/cmd/helm": "helm"},
        linker_flags="-s -w",
        announcement="It takes about 5 minutes on two cores.",
    )
    return build.binaries(print)["helm"]
