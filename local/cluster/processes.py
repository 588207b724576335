"""Start and end processes by their own process id; a recycled id is never signalled."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from local.cluster.layout import PRIVATE_FILE, write_private

LOG_LIMIT: Final = 10 * 1024 * 1024
# etcd and the kubelet put whole stack traces into one line.
LOG_LINE_LIMIT: Final = 300
STOP_SECONDS: Final = 15.0
KILL_SECONDS: Final = 5.0
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Command:
    """What to run under which name. The environment is complete: see `Processes.start`."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """The content of a pid file. Start time and boot tell a recycled pid from our process."""

    pid: int
    start_time: int
    boot: str
    argv: list[str]


def _start_time(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the command in parentheses may hold blanks and parentheses itself; state is field 3, start time field 22.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _reap(pid: int) -> None:
    """Take a dead child's exit code, so that it does not stay a zombie. Nothing to do when it is not our child."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@dataclass(frozen=True)
class Processes:
    """The processes of one control plane, each with a pid file and a log."""

    pids: Path
    logs: Path

    def _pid_file(self, name: str) -> Path:
        return self.pids / f"{name}.json"

    def log(self, name: str) -> Path:
        """Return the path of a process's log."""
        return self.logs / f"{name}.log"

    def names(self) -> list[str]:
        """Return the names of all that were started and not stopped, alive or not."""
        return sorted(path.stem for path in self.pids.glob("*.json"))

    def find(self, name: str) -> Record | None:
        """Return the record of a living process. A stale pid file counts as no process."""
        try:
            record = Record(**json.loads(self._pid_file(name).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        _reap(record.pid)
        if record.boot != BOOT_ID.read_text(encoding="ascii").strip() or _start_time(record.pid) != record.start_time:
            return None
        return record

    def start(self, command: Command) -> None:
        """Start a process in a session of its own, so that Ctrl-C in the terminal does not reach it.

        It inherits no environment: the caller's may hold passphrases and credentials, and this process lives long.
        """
        log = self.log(command.name)
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > LOG_LIMIT:
                log.replace(log.with_suffix(".log.1"))
        pid = os.posix_spawn(
            command.argv[0],
            command.argv,
            command.environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP),
        )
        record = Record(pid, _start_time(pid) or 0, BOOT_ID.read_text(encoding="ascii").strip(), list(command.argv))
        write_private(self._pid_file(command.name), json.dumps(asdict(record)) + "\n")

    @contextmanager
    def _handles(self, names: Iterable[str]) -> Iterator[dict[str, tuple[int, int]]]:
        """Open a pidfd for each living process: unlike a pid, it can never come to mean another process."""
        opened: dict[str, tuple[int, int]] = {}
        try:
            for name in names:
                record = self.find(name)
                if record is None:
                    continue
                with contextlib.suppress(ProcessLookupError):
                    handle = os.pidfd_open(record.pid)
                    opened[name] = (record.pid, handle)
                    if _start_time(record.pid) != record.start_time:
                        os.close(opened.pop(name)[1])
            yield opened
        finally:
            for _, handle in opened.values():
                os.close(handle)

    def stop(self, names: Iterable[str], *, force: bool = False) -> list[str]:
        """End processes together: SIGTERM, a bounded wait, SIGKILL (at once with `force`). Returns who was alive."""
        wanted = list(names)
        with self._handles(wanted) as handles:
            left = dict(handles)
            for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
                if force and sign is signal.SIGTERM:
                    continue
                for _, handle in left.values():
                    with contextlib.suppress(ProcessLookupError):
                        signal.pidfd_send_signal(handle, sign)
                left = self._wait(left, seconds)
        for name in wanted:
            if name not in left:
                self._pid_file(name).unlink(missing_ok=True)
        return list(handles)

    @staticmethod
    def _wait(handles: dict[str, tuple[int, int]], seconds: float) -> dict[str, tuple[int, int]]:
        """Wait until all have ended; returns those that have not."""
        deadline = time.monotonic() + seconds
        left = dict(handles)
        while left and (remaining := deadline - time.monotonic()) > 0:
            ended = select.select([handle for _, handle in left.values()], [], [], remaining)[0]
            for name in [name for name, (_, handle) in left.items() if handle in ended]:
                _reap(left.pop(name)[0])
        return left

    def log_tail(self, name: str, lines: int = 5) -> str:
        """Return the last lines of a process's log."""
        try:
            with self.log(name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 16384))
                text = file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(line[:LOG_LINE_LIMIT] for line in text.rstrip().splitlines()[-lines:])
