"""Stands in for the Arkouda client: connects to the stand-in for the server."""

from __future__ import annotations

import socket

_connections: list[socket.socket] = []


def connect(server: str, port: int, timeout: int = 0, access_token: str | None = None) -> None:
    _connections.append(socket.create_connection((server, port), timeout=timeout or None))


def shutdown() -> None:
    _connections.pop().sendall(b"shutdown\n")
