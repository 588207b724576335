"""A stand-in for the APIs of GitHub and GitLab on loopback: comments and issues in memory, in pages of two.

As their documentation has it: https://docs.github.com/rest/issues and https://docs.gitlab.com/api/issues.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

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
    limits: set[int] = field(default_factory=lambda: {429, 502, 503, 504})
    """Those of them that say how long to wait."""
    folder: str = ""
    """Where the API is on its host."""
    after_list: Callable[[], None] = lambda: None
    """What happens between a list and the next request."""

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
            query = parse_qs(parts.query)
            number = int(query.get("page", ["1"])[0])
            listed = self._listed(items, query)
            shown = listed[(number - 1) * PAGE : number * PAGE]
            # GitHub names the repository by its number here.
            where = f"{self.state.next_page or self.state.url}/repositories/1/list"
            more = f"{where}?{urlencode({**query, 'page': number + 1}, doseq=True)}"
            links = f'<{where}?page=1>; rel="first", <{more}>; rel="next"'
            shown = [dict(item) for item in shown]
            self.state.after_list()
            self._answer(200, shown, {"Link": links} if number * PAGE < len(listed) else {})
        else:
            self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        self._count()
        items = self.state.collections[self.path]
        number = 1000 + len(self.state.requests)
        state = "opened" if "author" in self.state.author else "open"
        items.append(
            {"id": number, "number": number, "iid": number, "state": state, **self.state.author, **self._body()}
        )
        self._answer(201, items[-1])

    def do_PATCH(self) -> None:
        self._count()
        start, _, number = self.path.rpartition("/")
        for item in self.state.collections[self.state.item_paths[start]]:
            if number in {str(item["id"]), str(item["number"])}:
                item.update(self._body())
                if event := item.pop("state_event", None):
                    item["state"] = {"close": "closed", "reopen": "opened"}[event]
                self._answer(200, item)
                return
        self._answer(404, {})

    do_PUT = do_PATCH  # noqa: N815 - the name of the method

    def do_DELETE(self) -> None:
        self._count()
        start, _, number = self.path.rpartition("/")
        items = self.state.collections[self.state.item_paths[start]]
        left = [item for item in items if str(item["id"]) != number]
        self._answer(204 if len(left) < len(items) else 404, None)
        items[:] = left

    def _listed(self, items: list[dict[str, Any]], query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """The comments, or the issues that the query asks for: without a state, GitHub lists the open ones."""
        if not self.path.partition("?")[0].endswith("/issues"):
            return items
        creator = query.get("creator", [None])[0]
        state = query.get("state", ["all" if "author" in self.state.author else "open"])[0]
        return [
            item
            for item in items
            if creator in {None, (item.get("user") or {}).get("login")} and state in {"all", item["state"]}
        ]

    def parse_request(self) -> bool:
        """Turn the request away while the state says so; its body is read, because the connection goes on."""
        if not super().parse_request():
            return False
        inside = self.path.startswith(f"{self.state.folder}/")
        self.path = self.path.removeprefix(self.state.folder) if inside else "/"
        if not self.state.busy:
            return True
        self._count()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.state.busy.pop(0)
        self._answer(status, {"message": "busy"}, {"Retry-After": "0"} if status in self.state.limits else {})
        return False

    def _count(self) -> None:
        self.state.requests.append((self.command, self.path))
        sent = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        assert TOKEN in sent

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
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
