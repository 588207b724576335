"""What a stand-in for a controller does: look again and again, beside the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS = 0.2


@contextmanager
def repeating(step: Callable[[], None]) -> Iterator[None]:
    """Repeat the step in a thread, until the end of the block."""
    end = threading.Event()

    def loop() -> None:
        while not end.wait(SECONDS):
            step()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
