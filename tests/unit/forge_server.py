"""A stand-in for the APIs of GitHub and GitLab on loopback: comments and issues in memory, in pages of two."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 2
TOKEN = "canary-token"


@dataclass
class ForgeServer:
    """What the server holds. `collections` maps the path of a list to its items."""

    author: dict[str, Any]
    """The user behind the token, as it is written into whatever that user creates."""
    collections: dict[str, list[dict[str, Any]]]
    item_paths: dict[str, str]
    """From the path before an item's id to the collection that holds it."""
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    redirect: str | None = None
    next_page: str | None = None
    busy: list[int] = field(default_factory=list)
    """Statuses with which the next requests are turned away."""

    def writes(self) -> list[tuple[str, str]]:
        return [request for request in self.requests if request[0] != "GET"]


class Handler(BaseHTTPRequestHandler):
    """Answers from the state that `serve` gives a subclass."""

    state: ForgeServer

    def do_GET(self) -> None:
        self._count()
        parts = urlsplit(self.path)
        if self.state.redirect:
            self._answer(302, {}, {"Location": self.state.redirect})
        elif parts.path == "/user":
            self._answer(200, self.state.author["author"])
        elif (items := self.state.collections.get(parts.path)) is not None:
            number = int(parse_qs(parts.query).get("page", ["1"])[0])
            shown = items[(number - 1) * PAGE : number * PAGE]
            more = f"{self.state.next_page or self.state.url}{parts.path}?page={number + 1}"
            links = f'<{self.state.url}/first>; rel="first", <{more}>; rel="next"'
            self._answer(200, shown, {"Link": links} if number * PAGE < len(items) else {})
        else:
            self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        self._count()
        items = self.state.collections[self.path]
        items.append({"id": 1000 + len(items), "number": 7, "iid": 7, **self.state.author, **self._body()})
        self._answer(201, items[-1])

    def do_PATCH(self) -> None:
        self._count()
        start, _, number = self.path.rpartition("/")
        for item in self.state.collections[self.state.item_paths[start]]:
            if number in {str(item["id"]), str(item["number"])}:
                item.update(self._body())
                self._answer(200, item)
                return
        self._answer(404, {})

    do_PUT = do_PATCH  # noqa: N815 - the name of the method

    def parse_request(self) -> bool:
        """Turn the request away while the state says so; its body is read, because the connection goes on."""
        if not super().parse_request() or not self.state.busy:
            return bool(self.command)
        self._count()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(self.state.busy.pop(0), {"message": "busy"}, {"Retry-After": "0"})
        return False

    def _count(self) -> None:
        self.state.requests.append((self.command, self.path))
        sent = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        assert TOKEN in sent

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def serve(state: ForgeServer) -> Iterator[ForgeServer]:
    """Serve until the end of the block."""
    handler = type("Handler", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
