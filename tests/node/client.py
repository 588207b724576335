"""A client with a cluster profile, as MATLAB is one: through the load balancer and the SOCKS proxy to the job manager.

TLS inside of TLS, each with the certificate of the profile.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

MANAGER = 9
"""Offset of the job manager's port; clients add it themselves."""
SECONDS = 15.0
Receive = Callable[[], bytes]
Send = Callable[[bytes], Any]


class RefusedError(Exception):
    """The way in is closed."""


class Tunnel:
    """A TLS connection over something that carries bytes."""

    def __init__(self, context: ssl.SSLContext, receive: Receive, send: Send) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._receive, self._send = receive, send
        self._until_done(self._tls.do_handshake)

    def _until_done(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self._receive()
                if not data:
                    raise RefusedError("the other side closed the connection") from None
                self._incoming.write(data)
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._send(data)

    def receive(self) -> bytes:
        data: bytes = self._until_done(lambda: self._tls.read(65536))
        return data

    def send(self, data: bytes) -> None:
        self._until_done(lambda: self._tls.write(data))


class Client:
    """One connection to the job manager; raises RefusedError or OSError if there is none to be had."""

    def __init__(self, profile: str, *, certificate: bool = True) -> None:
        self._scheduler = json.loads(profile)["SchedulerComponent"]
        # `host:port?proxy=socks5s://host:port`
        target, _, query = self._scheduler["Host"].partition("?")
        host, _, port = target.rpartition(":")
        manager = host, int(port) + MANAGER
        proxy = urlsplit(parse_qs(query)["proxy"][0]) if query else None
        to = (str(proxy.hostname), int(proxy.port or 0)) if proxy else manager
        self._socket = socket.create_connection(to, timeout=SECONDS)
        receive: Receive = lambda: self._socket.recv(65536)  # noqa: E731
        send: Send = self._socket.sendall
        context = self._context(certificate=certificate)
        try:
            if proxy:
                if proxy.scheme == "socks5s":
                    outer = Tunnel(context, receive, send)
                    receive, send = outer.receive, outer.send
                _socks(receive, send, *manager)
            self._inner = Tunnel(context, receive, send)
        except (ssl.SSLError, ConnectionError) as error:
            self._socket.close()
            raise RefusedError(str(error)) from error
        except BaseException:
            self._socket.close()
            raise
        self._rest = b""

    def _context(self, *, certificate: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=self._scheduler["Certificate"])
        if certificate:
            with tempfile.TemporaryDirectory() as folder:
                # The ssl module takes files only.
                pem = Path(folder) / "pem"
                pem.write_text(self._scheduler["ClientCertificate"] + "\n" + self._scheduler["ClientPrivateKey"])
                context.load_cert_chain(pem)
        return context

    def ask(self, do: str, **values: Any) -> Any:
        """Send one request and return the answer."""
        try:
            self._inner.send(json.dumps({"do": do, **values}).encode() + b"\n")
            while b"\n" not in self._rest:
                self._rest += self._inner.receive()
        except (ssl.SSLError, ConnectionError) as error:
            raise RefusedError(str(error)) from error
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _socks(receive: Receive, send: Send, host: str, port: int) -> None:
    """Ask a SOCKS5 proxy for a connection (RFC 1928). It resolves the name."""
    send(b"\x05\x01\x00")
    if receive() != b"\x05\x00":
        raise RefusedError("the proxy wants something else")
    name = host.encode()
    send(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack("!H", port))
    if receive()[1:2] != b"\x00":
        raise RefusedError(f"the proxy does not reach {host}:{port}")
