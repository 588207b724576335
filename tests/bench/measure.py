"""Run commands, and note how long they took and how much memory they held."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PROJECT

SAMPLE_SECONDS = 0.02
TAIL = 2000
PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Run:
    """One process and what it started."""

    seconds: float
    """Wall-clock time."""
    cpu: float
    """Processor time, that of children included."""
    memory: float
    """Most resident memory at once, MiB: the sum over the process and all below it."""
    output: str


class Failed(Exception):  # noqa: N818 - a command, not the bench
    """A command that has to succeed did not."""


def run(*command: str | Path, cwd: Path = PROJECT, env: Mapping[str, str] | None = None, code: int = 0) -> Run:
    """Run a command to its end. Raises Failed with the end of what it printed."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watcher = Watcher(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        # Not ru_maxrss, which begins with what this process held when it forked (getrusage(2)).
        memory = watcher.end()
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode != code:
        words = " ".join(map(str, command))
        raise Failed(f"{words}\nended with {process.returncode}:\n{text[-TAIL:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, memory, text)


class Watcher:
    """Adds up the resident memory of a process and all below it, fifty times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most = pid, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._most = max(self._most, sum(map(_resident, _tree(self._pid))))

    def end(self) -> float:
        """Most memory at once, MiB."""
        self._ended.set()
        self._thread.join()
        return self._most / MEGABYTE


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        try:
            children = [(task / "children").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
        except OSError:
            continue
        found += [int(child) for group in children for child in group]
    return found


def interleaved(repetitions: int, cases: Mapping[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Run the cases in turn, again and again, so that what else the machine does hits all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(repetitions):
        for name, case in cases.items():
            runs[name].append(case())
    return runs


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    runs: int
    goal: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        return None if self.goal is None else self.value <= self.goal


def figure(name: str, values: Sequence[float], unit: str, goal: float | None = None, note: str = "") -> Figure:
    """The median of several runs."""
    return Figure(name, statistics.median(values), unit, min(values), max(values), len(values), goal, note)


def seconds(runs: Sequence[Run]) -> list[float]:
    """Wall-clock times."""
    return [each.seconds for each in runs]


def memory(runs: Sequence[Run]) -> list[float]:
    """Memory, MiB."""
    return [each.memory for each in runs]


def ratios(over: Sequence[Run], under: Sequence[Run]) -> list[float]:
    """Wall-clock time against wall-clock time, round by round."""
    return [one.seconds / other.seconds for one, other in zip(over, under, strict=True)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits best."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def busy_share(over: float = 1.0) -> float:
    """What part of the processors is at work now, from 0 to 1."""
    before = _ticks()
    time.sleep(over)
    idle, total = (after - earlier for after, earlier in zip(_ticks(), before, strict=True))
    return 1 - idle / total if total else 0.0


def _ticks() -> tuple[int, int]:
    # proc(5): user nice system idle iowait irq softirq steal …
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)
