"""How objects are sent to the API server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from components.shared.kube import ATTEMPTS, ApiError, KubernetesApi, Unreachable, encoded

BROKEN_CONNECTION = 0


class Busy(BaseHTTPRequestHandler):
    """An API server that asks for patience, some times."""

    refusals = 0
    code = 429
    seen: ClassVar[list[str]] = []

    def _answer(self) -> None:
        self.seen.append(self.command)
        busy = len(self.seen) <= self.refusals
        if busy and self.code == BROKEN_CONNECTION:
            self.close_connection = True
            return
        body = b'{"message": "storage is (re)initializing"}' if busy else b'{"kind": "PodList", "items": []}'
        self.send_response(self.code if busy else 200)
        self.send_header("Content-Length", str(len(body)))
        if busy:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - names of the library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[KubernetesApi]:
    Busy.seen.clear()
    Busy.code = 429
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cluster = {"name": "busy", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
        context = {"name": "busy", "context": {"cluster": "busy", "user": "busy"}}
        users = [{"name": "busy", "user": {}}]
        config = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "busy"}
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
        yield KubernetesApi.connect(tmp_path / "kubeconfig", "busy")
        server.shutdown()


def test_a_read_is_repeated_while_the_api_server_is_busy(api: KubernetesApi) -> None:
    """The preflight used to end with a traceback, just after a CRD was created for instance."""
    Busy.refusals = ATTEMPTS - 1
    assert api.get("/api/v1/pods") == {"kind": "PodList", "items": []}
    assert Busy.seen == ["GET"] * ATTEMPTS


@pytest.mark.parametrize("code", [500, 503, 504, BROKEN_CONNECTION])
def test_a_read_is_repeated_when_the_api_server_is_being_restarted(api: KubernetesApi, code: int) -> None:
    """The preflight reads dozens of lists, and one failure ended the whole run."""
    Busy.refusals, Busy.code = 1, code
    assert api.get("/api/v1/pods") == {"kind": "PodList", "items": []}
    assert Busy.seen == ["GET", "GET"]


def test_patience_has_an_end(api: KubernetesApi) -> None:
    Busy.refusals = 100
    with pytest.raises(ApiError, match="initializing"):
        api.get("/api/v1/pods")
    assert Busy.seen == ["GET"] * ATTEMPTS


def test_a_write_is_not_repeated(api: KubernetesApi) -> None:
    for code, error in ((429, ApiError), (500, ApiError), (BROKEN_CONNECTION, Unreachable)):
        Busy.refusals, Busy.code = 1, code
        Busy.seen.clear()
        with pytest.raises(error):
            api.request("POST", "/api/v1/pods", {})
        assert Busy.seen == ["POST"]


@given(st.text(st.characters(codec="utf-8")))
@example("😀")
@example("\\ud83d\\ude00 \\\\😀")
@example("\x85\u2028\x00\x7f")
def test_any_text_is_the_same_to_a_reader_of_json_and_of_yaml(text: str) -> None:
    """The API server reads an apply as YAML, which has no surrogate pairs: an emoji in a setting was refused."""
    body = encoded({"text": text})
    assert json.loads(body) == yaml.safe_load(body.decode()) == {"text": text}
