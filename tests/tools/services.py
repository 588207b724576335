"""Stand-ins for the cluster's Services on the loopback interface: each has a DNS name, an address and its real ports.

All of 127.0.0.0/8 is this machine (Linux), so every Service gets an address of its own and nothing has to change its
port. The first three numbers are drawn at random: runs side by side do not meet.
"""

from __future__ import annotations

import contextlib
import secrets
import socketserver
import struct
import threading
from collections.abc import Iterable, Iterator

A_RECORD, INTERNET = 1, 1
NO_SUCH_NAME = 3
RESPONSE, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
POLL = 0.02
"""Seconds between two looks of a listener whether to end."""


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], greeting: str) -> None:
        self.greeting = greeting
        super().__init__(address, _Conversation)


class _Conversation(socketserver.StreamRequestHandler):
    """Say who is there, echo every line, and say goodbye only when the client has nothing more to say."""

    def handle(self) -> None:
        assert isinstance(self.server, _Listener)
        with contextlib.suppress(ConnectionError):
            self.wfile.write(f"{self.server.greeting}\n".encode())
            for line in self.rfile:
                self.wfile.write(line)
            self.wfile.write(b"goodbye\n")


class Services:
    """Services by name, reachable under `<name>.<domain>`."""

    def __init__(self, domain: str) -> None:
        self._network = f"127.{secrets.randbelow(253) + 2}.{secrets.randbelow(254) + 1}"
        self._domain = domain
        self._addresses: dict[str, str] = {}
        self._listeners: dict[tuple[str, int], tuple[_Listener, threading.Thread]] = {}
        self.entrance = f"{self._network}.1"
        """Address for the program that stands before the Services."""
        services = self

        class Names(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                query, socket = self.request
                socket.sendto(services.answer(query), self.client_address)

        self._names = socketserver.ThreadingUDPServer((self.entrance, 0), Names)
        self._names_thread = threading.Thread(target=self._names.serve_forever, args=(POLL,))
        self._names_thread.start()

    @property
    def name_server(self) -> str:
        """Address and port of the DNS server that knows the Services."""
        address, port = self._names.server_address
        return f"{address!s}:{port}"

    def answer(self, query: bytes) -> bytes:
        """Answer a DNS query (RFC 1035) for the IPv4 address of a Service; other record types have no data."""
        labels, position = [], 12
        while length := query[position]:
            labels.append(query[position + 1 : position + 1 + length].decode("ascii"))
            position += 1 + length
        end = position + 5
        (kind,) = struct.unpack("!H", query[position + 1 : position + 3])
        name = ".".join(labels).lower()
        address = self._addresses.get(name.removesuffix(f".{self._domain}")) if name.endswith(self._domain) else None
        flags = RESPONSE | RECURSION_DESIRED | RECURSION_AVAILABLE | (0 if address else NO_SUCH_NAME)
        found = address is not None and kind == A_RECORD
        reply = query[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0) + query[12:end]
        if address is not None and found:
            number = bytes(int(part) for part in address.split("."))
            # 0xC00C: the name of the question.
            reply += struct.pack("!HHHIH", 0xC00C, A_RECORD, INTERNET, 5, len(number)) + number
        return reply

    def add(self, name: str, ports: Iterable[int]) -> None:
        """Make a Service, and a program behind each of its ports that greets with `name:port`."""
        for port in ports:
            self.serve(name, port)
        self._addresses[name] = self._address(name)

    def _address(self, name: str) -> str:
        return self._addresses.get(name) or f"{self._network}.{len(self._addresses) + 2}"

    def serve(self, name: str, port: int) -> None:
        """Start the program behind a port of a Service."""
        listener = _Listener((self._address(name), port), f"{name}:{port}")
        thread = threading.Thread(target=listener.serve_forever, args=(POLL,))
        thread.start()
        self._listeners[name, port] = listener, thread

    def stop(self, name: str, port: int) -> None:
        """End the program behind a port; the Service keeps its name and address."""
        listener, thread = self._listeners.pop((name, port))
        listener.shutdown()
        listener.server_close()
        thread.join()

    def close(self) -> None:
        """End everything."""
        for name, port in list(self._listeners):
            self.stop(name, port)
        self._names.shutdown()
        self._names.server_close()
        self._names_thread.join()


@contextlib.contextmanager
def services(domain: str) -> Iterator[Services]:
    """Run stand-ins for Services."""
    running = Services(domain)
    try:
        yield running
    finally:
        running.close()
