"""Build the control plane once, from Go modules that a go.mod pins, into a cache outside the source tree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from local.cluster.layout import (
    APISERVER,
    CONTROLLER_MANAGER,
    ETCD,
    KUBECTL,
    KUBEMARK,
    SCHEDULER,
    VERSIONS,
    ControlPlaneError,
    versions,
)
from local.go_build import Build, BuildError, Progress, cache_directory, silent
from local.go_mod import version_of

KUBERNETES_MODULE: Final = "k8s.io/kubernetes"
BINARY: Final = "control-plane"
PARTS: Final = (ETCD, APISERVER, CONTROLLER_MANAGER, SCHEDULER, KUBEMARK)
"""Names under which the one binary is called; each runs another part of the control plane."""
STAMPED: Final = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
"""Where `kubectl version` and /version read the version (hack/lib/version.sh upstream)."""


def module_directory(version: str) -> Path:
    """Return the folder of the go.mod that pins a Kubernetes minor version, such as 1.37."""
    directory = VERSIONS / version
    if not (directory / "go.mod").is_file():
        raise ControlPlaneError(
            f"Kubernetes {version!r} cannot be built here; the versions are {', '.join(versions())}"
        )
    return directory


def kubernetes_version(version: str) -> str:
    """Return the exact version that the go.mod of a minor version pins, such as v1.37.2."""
    return version_of(module_directory(version) / "go.mod", KUBERNETES_MODULE)


def ensure(version: str, progress: Progress = silent) -> dict[str, Path]:
    """Return the path of each part of the control plane, building the binary first when it is not in the cache."""
    made = _binaries(_control_plane(version), progress)[BINARY]
    return {name: made.with_name(name) for name in PARTS}


def kubectl(version: str, progress: Progress = silent) -> Path:
    """Return kubectl, building it first when it is not in the cache."""
    build = replace(
        _control_plane(version),
        what=f"kubectl {kubernetes_version(version)}",
        packages={f"{_package(version)}/{KUBECTL}": KUBECTL},
        links={},
        announcement="It takes about a minute once Kubernetes is built.",
    )
    return _binaries(build, progress)[KUBECTL]


def _control_plane(version: str) -> Build:
    return Build(
        what=f"Kubernetes {kubernetes_version(version)} and etcd",
        module=module_directory(version),
        cache=cache_directory() / "control-plane",
        packages={_package(version): BINARY},
        links=dict.fromkeys(PARTS, BINARY),
        linker_flags=_linker_flags(version),
        announcement="From nothing it takes about 7 minutes on two cores.",
    )


def _package(version: str) -> str:
    return f"clusters.local/{BINARY}/v{version}"


def _binaries(build: Build, progress: Progress) -> dict[str, Path]:
    try:
        return build.binaries(progress)
    except BuildError as error:
        raise ControlPlaneError(str(error)) from error


def _linker_flags(version: str) -> str:
    full = kubernetes_version(version)
    major, minor, _ = full.removeprefix("v").split(".", 2)
    # "archive" is upstream's word for a tree without git.
    values = {"gitVersion": full, "gitMajor": major, "gitMinor": minor, "gitCommit": "", "gitTreeState": "archive"}
    stamps = [f"-X {package}.{key}={value}" for package in STAMPED for key, value in values.items()]
    return " ".join(["-s", "-w", *stamps])
