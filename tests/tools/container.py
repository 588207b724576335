"""One container of a manifest, run as ordinary processes: its ConfigMap, its commands, its environment.

Every absolute path of settings.sh moves below a folder of the test, so nothing outside is read or written. Where the
container has MATLAB and the commands of the system that need root, stand-ins record how they are called.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.shared.manifest import Manifest
from tests.waiting import eventually

PATIENCE = 60.0
"""Seconds after which something that should have happened long ago never will."""
MATLAB_COMMANDS = (
    "mjs",
    "startjobmanager",
    "stopjobmanager",
    "pausejobmanager",
    "resumejobmanager",
    "resize",
    "startworker",
    "stopworker",
    "glnxa64/mjshealthcheck",
)
SYSTEM_COMMANDS = ("id", "useradd", "chpasswd")

STAND_IN = """#!{python} -IS
import json, os, resource, sys
command = os.path.basename(sys.argv[0])
call = dict(
    command=command,
    arguments=sys.argv[1:],
    environment=dict(os.environ),
    open_files=resource.getrlimit(resource.RLIMIT_NOFILE),
    input=sys.stdin.read(),
)
with open({calls!r}, "a") as file:
    file.write(json.dumps(call) + "\\n")
behaviour = os.path.join({behaviours!r}, command)
if os.path.exists(behaviour):
    os.execv("/bin/bash", ["bash", behaviour])
"""


@dataclass(frozen=True)
class Call:
    """One call of a stand-in."""

    command: str
    arguments: list[str]
    environment: dict[str, str]
    open_files: list[int]
    input: str


def below(root: Path, settings: str) -> str:
    """Return shell assignments with every absolute path moved below `root`."""
    moved = []
    for line in settings.splitlines():
        name, _, value = line.partition("=")
        (word,) = shlex.split(value)
        moved.append(f"{name}={shlex.quote(f'{root}{word}')}\n" if word.startswith("/") else f"{line}\n")
    return "".join(moved)


@dataclass
class Container:
    """The processes and files of one container."""

    root: Path
    spec: Manifest
    """The container as it stands in the pod spec."""
    data: Mapping[str, str]
    """Data of the ConfigMap at /mjs/config."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the controller or a Secret adds to the environment."""
    capabilities: Iterable[str] = ()
    """What the security context leaves to root. Without effect where the tests do not run as root."""
    open_files: int | None = None
    """Hard limit of open files; None: that of the tests."""
    _main: subprocess.Popen[bytes] | None = None
    _executed: list[subprocess.Popen[str]] = field(default_factory=list)
    """Hooks and probes."""
    _earlier: int = 0
    """Size of the console before this start."""

    def __post_init__(self) -> None:
        for folder in ("mjs/config", "mjs/log", "mjs/database", "tmp", "bin", "behaviours"):
            self.path(folder).mkdir(parents=True)
        for name, text in self.data.items():
            self.path("mjs/config", name).write_text(
                below(self.root, text) if name == "settings.sh" else text, encoding="utf-8"
            )
        for command in SYSTEM_COMMANDS:
            self._stand_in(self.path("bin", command))
        self.behave("id", "exit 1")

    def path(self, *parts: str) -> Path:
        """Return where a path of the container is on this machine."""
        return self.root.joinpath(*(part.lstrip("/") for part in parts))

    def _stand_in(self, path: Path) -> None:
        text = STAND_IN.format(
            python=sys.executable, calls=str(self.path("calls.jsonl")), behaviours=str(self.path("behaviours"))
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def install_matlab(self, folder: str = "/opt/matlab") -> None:
        """Put stand-ins for MATLAB Parallel Server's commands into a folder of the container."""
        for command in MATLAB_COMMANDS:
            self._stand_in(self.path(folder, "toolbox/parallel/bin", command))

    def behave(self, command: str, script: str) -> None:
        """Give a stand-in something to do, as a bash script, after it has recorded its call."""
        self.path("behaviours", command).write_text(script, encoding="utf-8")

    def _command(self, command: list[str]) -> list[str]:
        moved = [str(self.path(word)) if word.startswith("/mjs/") else word for word in command]
        prefix = [] if self.open_files is None else ["prlimit", f"--nofile={self.open_files}"]
        if os.geteuid() == 0:
            left = ",".join(["-all", *(f"+{name.lower()}" for name in self.capabilities)])
            prefix += ["setpriv", f"--bounding-set={left}", "--inh-caps=-all", "--no-new-privs"]
        return prefix + moved

    def _environment(self) -> dict[str, str]:
        literal = {entry["name"]: entry["value"] for entry in self.spec.get("env", ()) if "value" in entry}
        return {"PATH": f"{self.path('bin')}:/usr/bin:/bin", **literal, **self.environment}

    def start(self) -> None:
        """Run the container's command. Its standard output goes to a file, which a leftover service may keep open."""
        with self.path("console").open("ab") as console:
            self._earlier = console.tell()
            self._main = subprocess.Popen(
                self._command(self.spec["command"]),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=self._environment(),
            )

    @property
    def main(self) -> subprocess.Popen[bytes]:
        """The container's first process."""
        assert self._main is not None, "not started"
        return self._main

    def exit_code(self) -> int:
        """Wait until the container ends."""
        return self.main.wait(PATIENCE)

    def run_to_end(self) -> int:
        """Run the container's command until it ends by itself."""
        self.start()
        return self.exit_code()

    def started(self) -> None:
        """Wait until the start is complete."""

        def complete() -> bool:
            assert self.main.poll() is None, self.console
            return self.path("console").read_bytes()[self._earlier :].endswith(b" started\n")

        eventually(complete)

    def terminate(self) -> int:
        """Send SIGTERM to the container's first process, as the kubelet does, and wait for its end."""
        self.main.send_signal(signal.SIGTERM)
        return self.exit_code()

    def start_and_terminate(self) -> None:
        """Start to completion, then end the container without its stop hook, as when its node fails."""
        self.start()
        self.started()
        self.terminate()

    def _execute(self, handler: Manifest) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self._command(handler["exec"]["command"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment(),
        )
        self._executed.append(process)
        return process

    def begin_stop(self) -> subprocess.Popen[str]:
        """Begin the preStop hook."""
        return self._execute(self.spec["lifecycle"]["preStop"])

    def stop(self) -> tuple[int, str]:
        """Run the preStop hook; returns its exit code and output."""
        return self._finish(self.begin_stop())

    def probe(self, name: str = "livenessProbe") -> tuple[int, str]:
        """Run a probe; returns its exit code and output."""
        return self._finish(self._execute(self.spec[name]))

    def execute(self, command: list[str]) -> tuple[int, bytes, bytes]:
        """Run a command as `kubectl exec` does; returns exit code, output and errors."""
        run = subprocess.run(
            self._command(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self._environment(),
            timeout=PATIENCE,
            check=False,
        )
        return run.returncode, run.stdout, run.stderr

    @staticmethod
    def _finish(process: subprocess.Popen[str]) -> tuple[int, str]:
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def calls(self, *commands: str) -> list[Call]:
        """Return the recorded calls, in order; of some commands, or of all."""
        record = self.path("calls.jsonl")
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        calls = [Call(**json.loads(line)) for line in lines]
        return [call for call in calls if not commands or call.command in commands]

    def call(self, command: str) -> Call:
        """Return the only call of a command."""
        (found,) = self.calls(command)
        return found

    @property
    def console(self) -> str:
        """What the container has written to its standard output."""
        return self.path("console").read_text(encoding="utf-8")

    @property
    def log_folder(self) -> Path:
        """Where the scripts and MATLAB write their logs: where the controller says, or in the log volume itself."""
        return Path(self.environment.get("LOGBASE") or self.path("mjs/log"))

    @property
    def script_log(self) -> str:
        """What the scripts have written to their own log."""
        return (self.log_folder / "script-log.log").read_text(encoding="utf-8")

    def close(self) -> None:
        """End what still runs: the container's own processes, and services that wrote their ids to *.pid."""
        for process in (self._main, *self._executed):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(PATIENCE)
        for file in self.root.glob("*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text(encoding="ascii")), signal.SIGKILL)


def options(arguments: list[str]) -> dict[str, str]:
    """Return the options of a call that gives each a value, in whatever order."""
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def assignments(file: Path) -> dict[str, str]:
    """Return the variables that a file of shell assignments sets, as a POSIX shell reads it."""
    script = 'set -a; . "$1"; exec env -0'
    run = subprocess.run(
        ["sh", "-euc", script, "sh", file], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    found = dict(entry.split("=", 1) for entry in run.stdout.split("\0") if entry)
    return {name: value for name, value in found.items() if name not in {"PATH", "PWD", "OLDPWD", "SHLVL", "_"}}


@contextlib.contextmanager
def closing(containers: list[Container]) -> Iterator[list[Container]]:
    """Close every container that a test has made."""
    try:
        yield containers
    finally:
        for container in containers:
            container.close()
