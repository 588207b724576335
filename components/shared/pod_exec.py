"""Run a command in a container, as `kubectl exec` does."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode

from components.shared.kube import ApiError, KubernetesApi, Unreachable, api_error

PROTOCOL: Final = "v4.channel.k8s.io"
"""One channel per stream. Every kubelet speaks it; version 5 only adds the end of standard input.

https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-protocols
"""
_STDOUT, _STDERR, _STATUS = 1, 2, 3
_MESSAGE_BYTES: Final = 500
"""For an answer that is not JSON."""


class Executed(NamedTuple):
    """A command that has ended."""

    code: int
    output: str
    errors: str


class Place(NamedTuple):
    """One container."""

    namespace: str
    pod: str
    container: str


def execute(api: KubernetesApi, place: Place, command: Sequence[str], *, timeout: float) -> Executed:
    """Run a command and wait until it ends, `timeout` seconds at most.

    Raises ApiError where the API server or the node rejects it, Unreachable where nobody answers in time. The command
    may then still run.
    """
    # Imported here: it takes a tenth of a second.
    from kubernetes.stream.ws_client import create_websocket
    from websocket import ABNF, WebSocketBadStatusException, WebSocketException, setdefaulttimeout

    words = [("command", word) for word in command]
    query = urlencode([*words, ("container", place.container), ("stdout", "true"), ("stderr", "true")])
    url = f"{api.server.replace('http', 'ws', 1)}/api/v1/namespaces/{place.namespace}/pods/{place.pod}/exec?{query}"
    streams: defaultdict[int, bytes] = defaultdict(bytes)
    end = time.monotonic() + timeout
    # Nothing else limits the time of the handshake, in which the API server connects to the node.
    setdefaulttimeout(timeout)
    try:
        headers = {**api.credentials(), "sec-websocket-protocol": PROTOCOL}
        socket = create_websocket(api.configuration, url, headers)  # type: ignore[no-untyped-call]
        try:
            while _STATUS not in streams:
                socket.settimeout(max(end - time.monotonic(), 0.01))
                code, data = socket.recv_data()
                if code == ABNF.OPCODE_CLOSE:
                    break
                streams[data[0]] += data[1:]
        finally:
            socket.close(timeout=1)
    except WebSocketBadStatusException as error:
        raise api_error(error.status_code, (error.resp_body or b"")[:_MESSAGE_BYTES]) from error
    except (WebSocketException, OSError) as error:
        raise Unreachable(f"pod {place.pod} does not answer: {error or 'it timed out'}") from error
    return Executed(_code(streams[_STATUS], place.pod), streams[_STDOUT].decode(), streams[_STDERR].decode())


def _code(status: bytes, pod: str) -> int:
    try:
        answer = json.loads(status)
    except ValueError as error:
        raise Unreachable(f"the connection to pod {pod} ended before the command did") from error
    if answer.get("status") == "Success":
        return 0
    causes = (answer.get("details") or {}).get("causes") or ()
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise ApiError(answer.get("code", 500), answer.get("reason", ""), answer.get("message", ""))
