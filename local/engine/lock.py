"""One run at a time on a stack."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.engine.errors import EngineError


@contextmanager
def locked(path: Path, command: str, note: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file for a run. Raises EngineError with the owner's name when another run holds it.

    The kernel's lock is what counts, since it ends with its process however that ends (SIGKILL, a reused process id);
    the file's text says who it was, and is all that another host sees.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EngineError(
                f"another run works on this stack: {_described(_read(descriptor))}; wait for its end"
            ) from error
        if owner := _read(descriptor):
            if owner.get("host") != socket.gethostname():
                raise EngineError(
                    f"another host may work on this stack: {_described(owner)}; if that run is dead, remove {path.name}"
                )
            note(f"took over the lock of a run that is dead: {_described(owner)}")
        _write(descriptor, {"user": _user(), "pid": os.getpid(), "host": socket.gethostname(), "command": command,
                            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})  # fmt: skip
        try:
            yield
        finally:
            # Emptied, not removed: a process that waits on the removed file would hold a lock that no one else sees.
            _write(descriptor, None)
    finally:
        os.close(descriptor)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user id often has no name.
        return str(os.getuid())


def _read(descriptor: int) -> dict[str, Any]:
    try:
        owner = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
    except ValueError:
        return {"user": "unknown"}
    return owner if isinstance(owner, dict) else {}


def _write(descriptor: int, owner: dict[str, Any] | None) -> None:
    os.ftruncate(descriptor, 0)
    if owner is not None:
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)


def _described(owner: dict[str, Any]) -> str:
    return (
        f"{owner.get('user', 'unknown')}, {owner.get('command', '?')}, process {owner.get('pid', '?')} "
        f"on {owner.get('host', '?')} since {owner.get('started', '?')}"
    )
