"""Progress of long work, for the person at the keyboard."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self


class Display:
    """Progress on stderr: plain lines, and on a terminal a clock behind the last one while the work goes on."""

    def __init__(self) -> None:
        """Begin with nothing to show."""
        self._terminal = sys.stderr.isatty()
        self._start = time.monotonic()
        self._done = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        """Start the clock."""
        if self._terminal:
            self._clock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock and remove it from the screen."""
        self._done.set()
        if self._terminal:
            self._clock.join()
            self._write("\r\x1b[K")

    def line(self, text: str) -> None:
        """Show one line."""
        self._write(f"\r\x1b[K{text}\n" if self._terminal else f"{text}\n")

    def _tick(self) -> None:
        while not self._done.wait(1.0):
            self._write(f"\r\x1b[K  … {time.monotonic() - self._start:.0f} s")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
