"""A proxy before the API server that goes wrong on purpose: busy, broken, slow, silent, or gone after the deed.

It listens on loopback without TLS, so that it can read requests, and speaks to the API server as the administrator.
Every request has a connection of its own to the API server; watches are passed on as they come.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import yaml

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the other side gets a reset, not an orderly end (socket(7))."""
SLOW_SECONDS = 3


class Fault(StrEnum):
    """What happens to a request. The API server carries out those of `AFTER` before it goes wrong."""

    BUSY = "429 with Retry-After"
    BROKEN = "500"
    TIMEOUT = "504 after the deed"
    SLOW = "slow answer"
    RESET = "reset before the deed"
    LOST = "reset after the deed"


STATUS = {
    Fault.BUSY: (429, "TooManyRequests", "the server has received too many requests and has asked us to try again"),
    Fault.BROKEN: (500, "InternalError", "etcdserver: leader changed"),
    Fault.TIMEOUT: (504, "Timeout", "Timeout: request did not complete within the allotted timeout"),
}
AFTER = {Fault.TIMEOUT, Fault.LOST}


class Request(NamedTuple):
    """One request that arrives."""

    method: str
    path: str
    """With the query."""
    who: str
    """The client's User-Agent."""

    @property
    def waits(self) -> bool:
        """Whether it is a watch."""
        return "watch=" in self.path


Choice = Callable[[Request], Fault | None]


class FaultyProxy:
    """Passes requests on to the API server of a kubeconfig, and asks `choose` of each what is to go wrong."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        target = urlsplit(config["clusters"][0]["cluster"]["server"])
        self._config, self._address = config, (target.hostname, target.port)
        self._tls = _as_the_user(config)
        self.choose: Choice = lambda _: None
        self.happened: list[tuple[Request, Fault]] = []
        """Every fault so far."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def kubeconfig(self) -> str:
        """The kubeconfig that leads here."""
        port = self._server.sockets[0].getsockname()[1]
        cluster = {**self._config["clusters"][0], "cluster": {"server": f"http://127.0.0.1:{port}"}}
        user = {**self._config["users"][0], "user": {}}
        return str(yaml.safe_dump({**self._config, "clusters": [cluster], "users": [user]}))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        method, path, _ = first.split(" ")
        body = await _body(reader, headers)
        request = Request(method, path, headers.get("user-agent", ""))
        fault = self.choose(request)
        if fault:
            self.happened.append((request, fault))
        if fault is Fault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        if fault in {None, Fault.SLOW, *AFTER}:
            await self._pass_on(request, headers, body, None if fault in AFTER else writer)
        if fault in STATUS:
            writer.write(_failure(*STATUS[fault]))
            await writer.drain()
        elif fault in {Fault.RESET, Fault.LOST}:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    async def _pass_on(
        self, request: Request, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter | None
    ) -> None:
        """Carry a request out; the answer goes to `writer`, if any."""
        host, port = self._address
        near, far = await asyncio.open_connection(host, port, ssl=self._tls)
        try:
            kept = {
                name: value
                for name, value in headers.items()
                if name not in {"connection", "transfer-encoding", "content-length", "host"}
            }
            kept |= {"host": f"{host}:{port}", "connection": "close"}
            if body or request.method in {"POST", "PUT", "PATCH"}:
                kept["content-length"] = str(len(body))
            lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
            far.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
            await far.drain()
            while data := await near.read(1 << 16):
                if writer:
                    writer.write(data)
                    await writer.drain()
        finally:
            far.close()


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    return await reader.readexactly(int(headers.get("content-length", 0)))


def _failure(code: int, reason: str, message: str) -> bytes:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
    body = json.dumps({**status, "code": code}).encode()
    lines = [f"HTTP/1.1 {code} {reason}", "content-type: application/json", f"content-length: {len(body)}"]
    if code == STATUS[Fault.BUSY][0]:
        lines.append("retry-after: 1")
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


def _as_the_user(config: dict[str, Any]) -> ssl.SSLContext:
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        for part in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[part]))
        file.flush()
        context.load_cert_chain(file.name)
    return context
