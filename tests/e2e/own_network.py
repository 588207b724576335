"""A machine of its own as far as the network goes: a namespace with one address, from which the API server is reached.

What listens on that address is reached from nowhere else. The namespace ends with the process that holds it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from tests.conftest import PROJECT
from tests.e2e.relay import Relay
from tests.tools.debian import find

ADDRESS = "192.0.2.10"
"""Nobody routes it (RFC 5737), and unlike one of loopback Kubernetes accepts it for a server."""


class OwnNetworkError(Exception):
    """Why there is no namespace, as a sentence."""


class OwnNetwork:
    """The namespace. `port` is that of the API server on loopback, in there as well."""

    def __init__(self, port: int) -> None:
        # Not in a folder of pytest's: the path of a UNIX socket has 107 characters at most.
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "api"
        self._relay = Relay(port, listen=path)
        users = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        self._users = ("--user", "--preserve-credentials") if users else ()
        self._process = subprocess.Popen(
            ["unshare", *users, "--net", sys.executable, "-m", __name__, str(port), str(path)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            _, error = self._process.communicate()
            self._end()
            raise OwnNetworkError(f"no network namespace may be made here: {error.decode().strip()}")

    def inside(self, *command: str) -> list[str]:
        """The command that runs another one in the namespace."""
        return ["nsenter", "--target", str(self._process.pid), *self._users, "--net", *command]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its input is the end of the process.
        self._process.communicate()
        self._end()

    def _end(self) -> None:
        self._relay.__exit__()
        self._folder.cleanup()


def main(port: int, path: Path) -> None:
    """Hold the namespace until the input ends."""
    for words in (("link", "set", "lo", "up"), ("address", "add", f"{ADDRESS}/32", "dev", "lo")):
        subprocess.run([*find("ip", "iproute2", "-V"), *words], check=True)
    with Relay(path, listen=port):
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
