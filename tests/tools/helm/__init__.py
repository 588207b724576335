"""Helm 3 and Helm 4: the machine's own, else built once into the cache of this project's other Go programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from local.go_build import Build, cache_directory

VERSIONS = ("3", "4")


def helm(version: str) -> Path:
    """The `helm` command of a major version; a first build takes a few minutes."""
    if (own := shutil.which("helm")) and _major(own) == version:
        return Path(own)
    build = Build(
        what=f"Helm {version}",
        module=Path(__file__).parent / version,
        cache=cache_directory() / "helm" / version,
        packages={f"helm.sh/helm/v{version}/cmd/helm": "helm"},
        linker_flags="-s -w",
        announcement="It takes about 5 minutes on two cores.",
    )
    return build.binaries(print)["helm"]


def _major(command: str) -> str:
    words = [command, "version", "--template", "{{.Version}}"]
    answer = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return answer.removeprefix("v").partition(".")[0]
