"""Programs that tests need from Debian's or Ubuntu's packages, without root and without a change to the machine.

apt resolves and downloads a package with what it misses here; everything is unpacked into a cache folder of the user.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin")
"""Not on every user's PATH."""

PLACES = ("usr/sbin", "usr/bin", "bin")
"""Where packages have programs."""
TIMEOUT = 600
"""Seconds."""


class ToolError(Exception):
    """A tool cannot be had; says what to do."""


def find(program: str, package: str, version_option: str = "-v") -> list[str]:
    """Return the command that runs a program: the machine's own, else the package's. Raises ToolError."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    if found := shutil.which(program, path=path):
        return [found]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulumi-clusters" / "tools"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / package
    with (cache / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # A copy of before an upgrade of the machine may miss its libraries.
        if not _works(command := _command(folder, program), version_option):
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(package, folder)
            command = _command(folder, program)
            if not _works(command, version_option):
                raise ToolError(f"{package}, as apt-get has it, does not run here. {_remedy(package)}")
    return command


def _remedy(package: str) -> str:
    return f"Install {package} so that it is on PATH, such as with: apt-get install {package}"


def _command(folder: Path, program: str) -> list[str]:
    """`env` replaces itself with the program, so the process that is started is the program's own."""
    found = next((path for place in PLACES if (path := folder / place / program).is_file()), None)
    libraries = sorted({str(path.parent) for path in folder.rglob("*.so*")})
    return ["env", f"LD_LIBRARY_PATH={':'.join(libraries)}", str(found)] if found else []


def _works(command: list[str], version_option: str) -> bool:
    return (
        bool(command) and subprocess.run([*command, version_option], capture_output=True, check=False).returncode == 0
    )


def _unpack(package: str, folder: Path) -> None:
    downloads = folder.with_name(f"{package}.downloads")
    shutil.rmtree(downloads, ignore_errors=True)
    try:
        for archive in download((package,), downloads):
            _run(package, "dpkg", "--extract", str(archive), str(folder))
    finally:
        shutil.rmtree(downloads, ignore_errors=True)


def download(packages: Sequence[str], folder: Path, *, beside_nothing: bool = False) -> list[Path]:
    """Download packages into a new folder, with what they need and this machine, or an empty one, does not have."""
    named = " ".join(packages)
    options = ["-qq", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="]
    for setting, name in (("Cache", "cache"), ("Cache::Archives", "archives"), ("State::Lists", "lists")):
        (folder / name / "partial").mkdir(parents=True)
        options += ["-o", f"Dir::{setting}={folder / name}/"]
    _run(named, "apt-get", *options, "update")
    if beside_nothing:
        (folder / "status").touch()
        options += ["-o", f"Dir::State::status={folder / 'status'}"]
    _run(named, "apt-get", *options, "install", "--download-only", "--no-install-recommends", "--yes", *packages)
    return sorted((folder / "archives").glob("*.deb"))


def _run(package: str, *command: str) -> None:
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    except FileNotFoundError:
        raise ToolError(f"{package} is missing, and so is {command[0]} to get it. {_remedy(package)}") from None
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{package} is missing, and {command[0]} takes too long to get it. {_remedy(package)}"
        ) from None
    if run.returncode:
        raise ToolError(f"{package} is missing, and {command[0]} cannot get it: {run.stderr}{_remedy(package)}")
