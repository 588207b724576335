"""The `pulumi` command for one stack: where its state is, and how its output and Ctrl-C reach you."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from components.shared.target import PROJECT
from components.stack import PROJECT_NAME
from local.pulumi.plugins import login_file
from ops.errors import CommandError
from ops.exit_codes import INTERRUPTED

BACKEND_VARIABLE: Final = "PULUMI_BACKEND_URL"
CHUNK: Final = 1 << 16


@dataclass(frozen=True)
class StackCommand:
    """Runs `pulumi` on one stack, in the project's folder."""

    command: Path
    stack: str
    environment: Mapping[str, str]

    def run(self, *words: str) -> int:
        """Run it in front of you. Returns 0, 130 after Ctrl-C, or 1: Pulumi's own exit codes depend on its version."""
        piped = not sys.stdout.isatty()
        with _signals_left_to_pulumi() as signals:
            process = subprocess.Popen(
                [self.command, *words], cwd=PROJECT, env=self._environment(), stdout=subprocess.PIPE if piped else None
            )
            with process:
                signals.send_to(process)
                if process.stdout is not None:
                    _copy(process.stdout)
                code = process.wait()
        return 0 if code == 0 else INTERRUPTED if signals.received else 1

    def read(self, *words: str, text: str | None = None) -> str:
        """Run it unseen; returns its standard output. Raises CommandError with what it printed if it fails."""
        answer = self.answer(*words, text=text)
        if answer.returncode:
            raise CommandError(f"`pulumi {' '.join(words[:2])}` failed: {answer.stdout}{answer.stderr}".strip())
        return answer.stdout

    def answer(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run it unseen, whether it fails or not."""
        return subprocess.run(
            [self.command, *words],
            cwd=PROJECT,
            env=self._environment(),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def state_file(self) -> Path | None:
        """The file that holds the stack's state; None if the backend is not a folder or does not know the stack."""
        folder = backend_folder(self.environment)
        file = state_file(folder, self.stack) if folder else None
        return file if file and file.exists() else None

    def state(self) -> dict[str, Any]:
        """The stack's resources and unfinished operations, as they are stored; empty before the first `up`."""
        if file := self.state_file:
            return json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        deployment: dict[str, Any] = json.loads(self.read("stack", "export"))["deployment"]
        return deployment

    def _environment(self) -> dict[str, str]:
        # As a variable and not as an option: `login` and `stack ls` do not accept --stack.
        return {**self.environment, "PULUMI_STACK": self.stack}


def backend_folder(environment: Mapping[str, str]) -> Path | None:
    """The folder of a file backend; None for any other backend."""
    url = environment.get(BACKEND_VARIABLE, "")
    if not url:
        login = login_file(environment)
        url = json.loads(login.read_text(encoding="utf-8")).get("current", "") if login.exists() else ""
    parts = urlsplit(url)
    # Pulumi reads file://~ as the home folder.
    return PROJECT / Path(f"{parts.netloc}{parts.path}").expanduser() if parts.scheme == "file" else None


def state_file(folder: Path, stack: str) -> Path:
    """Where a file backend keeps the state of a stack."""
    return folder / ".pulumi" / "stacks" / PROJECT_NAME / f"{stack}.json"


class Signals:
    """What happens to this process while Pulumi runs."""

    def __init__(self) -> None:
        self.received = False
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: list[int] = []

    def send_to(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on to this process what was received while it was being started, and whatever comes later."""
        self._process = process
        self._pass_on()

    def interrupt(self, _number: int, _frame: object) -> None:
        """Do nothing: a terminal sends Ctrl-C to Pulumi too, and a second one would make it drop everything."""
        self.received = True

    def terminate(self, number: int, _frame: object) -> None:
        """Pass SIGTERM on, which reaches only this process."""
        self.received = True
        self._waiting.append(number)
        self._pass_on()

    def _pass_on(self) -> None:
        # A signal can arrive between any two steps of this, so a number is taken off the list by whoever sends it:
        # the same SIGTERM twice would end Pulumi at once.
        with contextlib.suppress(IndexError):
            while self._process is not None:
                self._process.send_signal(self._waiting.pop())


@contextlib.contextmanager
def _signals_left_to_pulumi() -> Iterator[Signals]:
    """Let Pulumi end in its own time: it finishes what is under way and releases its lock."""
    signals = Signals()
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signals.interrupt),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signals.terminate),
    }
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _copy(source: IO[bytes]) -> None:
    """Copy Pulumi's output to ours. When our reader goes away (`make up | head`), Pulumi's work goes on."""
    while chunk := os.read(source.fileno(), CHUNK):
        with contextlib.suppress(BrokenPipeError):
            write_all(chunk)


def write_all(data: bytes) -> None:
    """Write to standard output without a buffer, so that nothing is left to be written when the process ends."""
    sys.stdout.flush()
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]
