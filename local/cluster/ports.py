"""Ports on the loopback interface."""

from __future__ import annotations

import secrets
import socket
from typing import Final

from local.cluster.layout import LOOPBACK, ControlPlaneError

# Below Linux' ephemeral range (32768 and up), from which any outgoing connection could take the port while we are down,
# and below the node ports, which users may expect to mean Services.
PORTS: Final = range(20000, 30000)
ATTEMPTS: Final = 100


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        # Like Go's listeners, ignore connections that linger in TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port() -> int:
    """Return a free port."""
    for _ in range(ATTEMPTS):
        port = secrets.choice(PORTS)
        if is_free(port):
            return port
    raise ControlPlaneError(f"no free port found between {PORTS.start} and {PORTS.stop}")
