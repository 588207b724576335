"""Network namespaces of Linux: this process moves into one of its own, and looks into those of pods.

Nothing is given a name on the machine: a namespace ends with the last process in it, and its links and rules with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from tests.tools.debian import find

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of sched.h."""
Result = TypeVar("Result")
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(code: int, call: str) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def ip(*words: str) -> None:
    """Run `ip` of iproute2."""
    subprocess.run([*find("ip", "iproute2"), *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """Leave the machine's network, for this thread and all processes that it starts; raises OSError if refused."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _checked(_libc.unshare(NEW_NETWORK), "unshare")
        try:
            ip("link", "set", "lo", "up")
            yield
        finally:
            _checked(_libc.setns(before, NEW_NETWORK), "setns")
    finally:
        os.close(before)


def inside(pid: int, action: Callable[[], Result]) -> Result:
    """Return what an action gives in the network namespace of a process."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            handle = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
            try:
                _checked(_libc.setns(handle, NEW_NETWORK), "setns")
            finally:
                os.close(handle)
            results.append(action())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            errors.append(error)

    # The namespace is one of the thread alone, and ends with it.
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def open_ways(ways: Sequence[tuple[str, int]], timeout: float = 2.0) -> list[bool]:
    """Tell which ways to an address and TCP port are open; nobody need listen there. Denied packets get no answer."""
    found = [False] * len(ways)
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as sockets:
        for index, way in enumerate(ways):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(way)
            waiting.register(client, selectors.EVENT_WRITE, index)
        deadline = time.monotonic() + timeout
        while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                assert isinstance(key.fileobj, socket.socket)
                error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                found[key.data] = error in {0, errno.ECONNREFUSED}
                waiting.unregister(key.fileobj)
    return found
