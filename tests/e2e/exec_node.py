"""A node whose job manager runs commands: the API server proxies an exec to it as to any kubelet.

It registers an address and a port, so a command takes the whole way of `kubectl exec`: user, API server with its
checks, TLS to the node, WebSocket. There the job manager's own ConfigMap is unpacked, and the command runs in it with
stand-ins for MATLAB's binaries alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import ssl
import struct
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from components.shared.kube import ApiError, Json, KubernetesApi
from tests.e2e.batch_pod import BatchPod
from tests.e2e.stand_in import repeating
from tests.pem import pair
from tests.tools.container import Container

NAME: Final = "exec-node"
LABEL: Final = {"commands": "run"}
JOB_MANAGER: Final = "mjs-job-manager"
_STRATEGIC: Final = "application/strategic-merge-patch+json"
_LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455."""


class ExecNode:
    """The node, its kubelet, and the job manager on it."""

    def __init__(self, api: KubernetesApi, folder: Path) -> None:
        self._api, self._folder = api, folder
        self._containers: dict[str, Container] = {}
        self._batch: dict[str, BatchPod] = {}
        self.claims = folder / "claims"
        """A folder for each claim that a pod of a Job mounts."""
        self.queue = folder / "queue"
        """What the stand-ins share, whichever pod they are in: the file `paused`, and the answer of `resize status`."""
        self.queue.mkdir(parents=True)
        self.events: list[str] = []
        """Commands that ran in the job manager, and its starts and ends."""
        self.dead: set[str] = set()
        """Names of pods whose container is not ready."""
        self.busy(0)

    @property
    def paused(self) -> bool:
        return (self.queue / "paused").exists()

    def busy(self, count: int, idle: int = 1) -> None:
        """Let the job manager report so many workers."""
        states = ["busy"] * count + ["idle"] * idle
        workers = [{"name": f"w{i}", "state": state, "secondsIdle": 1} for i, state in enumerate(states)]
        manager = {
            "name": "MJS", "desiredWorkers": {"linux": len(states)}, "maxWorkers": {"linux": 8}, "workers": workers
        }  # fmt: skip
        new = self.queue / "status.new"
        new.write_text(json.dumps({"jobManagers": [manager]}))
        new.rename(self.queue / "status.json")

    def behave(self, command: str, script: str) -> None:
        """Change what a command does in the pods that run now."""
        for container in self._containers.values():
            container.behave(command, script)

    def pods(self) -> list[Json]:
        """The pods on this node."""
        query = {"fieldSelector": f"spec.nodeName={NAME}"}
        found: list[Json] = self._api.request("GET", "/api/v1/pods", query=query)["items"]
        return found

    def job_managers(self) -> list[str]:
        """Names of the job manager's pods."""
        return [pod["metadata"]["name"] for pod in self.pods() if pod["metadata"]["labels"]["app"] == JOB_MANAGER]

    def execute(self, pod: str, command: list[str]) -> tuple[int, bytes, bytes]:
        self.events.append(command[-1])
        return self._containers[pod].execute(command)

    # The kubelet's work.

    @contextlib.contextmanager
    def running(self) -> Iterator[ExecNode]:
        """Register the node and serve it, until the end of the block."""
        server = self._server()
        kubelet = threading.Thread(target=server.serve_forever)
        self._register(server.server_address[1])
        kubelet.start()
        try:
            with repeating(self._look):
                yield self
        finally:
            server.shutdown()
            server.server_close()
            kubelet.join()
            for pod in self._batch.values():
                pod.end()
            for path in (f"/api/v1/nodes/{NAME}", f"{_LEASES}/{NAME}"):
                self._api.request("DELETE", path)

    def _register(self, port: int) -> None:
        now = _now()
        held = {"holderIdentity": NAME, "leaseDurationSeconds": 40, "renewTime": now}
        self._api.request("POST", _LEASES, {"metadata": {"name": NAME}, "spec": held})
        self._api.request("POST", "/api/v1/nodes", {"metadata": {"name": NAME, "labels": LABEL}})
        amounts = {"cpu": "16", "memory": "64Gi", "pods": "110"}
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "capacity": amounts,
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": now, "lastTransitionTime": now}],
        }
        self._api.request("PATCH", f"/api/v1/nodes/{NAME}/status", {"status": status}, content_type=_STRATEGIC)

    def _look(self) -> None:
        renewal = {"spec": {"renewTime": _now()}}
        self._api.request("PATCH", f"{_LEASES}/{NAME}", renewal, content_type="application/merge-patch+json")
        for pod in self.pods():
            # Another writer may be faster.
            with contextlib.suppress(ApiError):
                self._sync(pod)

    def _sync(self, pod: Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        ours = metadata["labels"]["app"] == JOB_MANAGER
        if "deletionTimestamp" in metadata:
            if metadata["name"] in self._batch:
                self._batch.pop(metadata["name"]).end()
            self._api.request("DELETE", path, query={"gracePeriodSeconds": "0"})
            if ours and self._containers.pop(metadata["name"], None):
                self.events.append("end")
            return
        if pod["spec"]["restartPolicy"] == "Never":
            self._sync_batch(pod, path)
            return
        if ours and metadata["name"] not in self._containers:
            self._containers[metadata["name"]] = self._start(pod)
            self.events.append("start")
        ready = metadata["name"] not in self.dead
        statuses = pod["status"].get("containerStatuses") or ()
        if [status["ready"] for status in statuses] != [ready for _ in pod["spec"]["containers"]]:
            self._api.request("PATCH", f"{path}/status", {"status": _running(pod, ready)}, content_type=_STRATEGIC)

    def _sync_batch(self, pod: Json, path: str) -> None:
        name = pod["metadata"]["name"]
        if pod["status"]["phase"] in {"Succeeded", "Failed"}:
            return
        if name not in self._batch:
            self._batch[name] = BatchPod(pod, self.claims, self._folder / name)
        status = self._batch[name].status({}, _now())
        if status["phase"] != pod["status"]["phase"]:
            self._api.request("PATCH", f"{path}/status", {"status": status}, content_type=_STRATEGIC)

    def log(self, pod: str) -> str:
        """What a pod has printed: only those of Jobs print anything here."""
        return self._batch[pod].log if pod in self._batch else ""

    def _start(self, pod: Json) -> Container:
        """Unpack the ConfigMap as it is now, as a kubelet mounts it."""
        (spec,) = pod["spec"]["containers"]
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/configmaps/{JOB_MANAGER}-config"
        container = Container(self._folder / pod["metadata"]["name"], spec, self._api.request("GET", path)["data"])
        container.install_matlab()
        container.behave("pausejobmanager", f"touch '{self.queue}/paused'")
        container.behave("resumejobmanager", f"rm -f '{self.queue}/paused'")
        container.behave("resize", f"cat '{self.queue}/status.json'")
        return container

    def calls(self, command: str) -> list[list[str]]:
        """The arguments of every call of a command in the pods that run now."""
        return [call.arguments for one in self._containers.values() for call in one.calls(command)]

    def _server(self) -> ThreadingHTTPServer:
        node = self

        class Handler(_Kubelet):
            def run(self, pod: str, command: list[str]) -> tuple[int, bytes, bytes]:
                return node.execute(pod, command)

            def log(self, pod: str) -> str:
                return node.log(pod)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        files = self._folder / "tls.pem"
        files.write_text("".join(pair(NAME)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return server


class _Kubelet(BaseHTTPRequestHandler):
    """Serves /exec/NAMESPACE/POD/CONTAINER in protocol v4.channel.k8s.io, and /containerLogs with the same path."""

    protocol_version = "HTTP/1.1"

    def run(self, pod: str, command: list[str]) -> tuple[int, bytes, bytes]:
        raise NotImplementedError

    def log(self, pod: str) -> str:
        raise NotImplementedError

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        verb, _, pod, _ = address.path.strip("/").split("/")
        if verb == "containerLogs":
            lines = self.log(pod).splitlines(keepends=True)
            wanted = int(parse_qs(address.query).get("tailLines", ["0"])[0])
            text = "".join(lines[-wanted:]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        assert verb == "exec"
        assert self.headers["Sec-WebSocket-Protocol"] == "v4.channel.k8s.io"
        digest = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _GUID).encode(), usedforsecurity=False).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", b64encode(digest).decode())
        self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
        self.end_headers()
        code, output, errors = self.run(pod, parse_qs(address.query)["command"])
        status: Json = {"status": "Success"}
        if code:
            causes = [{"reason": "ExitCode", "message": str(code)}]
            status = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
        for channel, data in ((1, output), (2, errors), (3, json.dumps(status).encode())):
            self._send(bytes([channel]) + data)
        self.wfile.write(b"\x88\x02\x03\xe8")
        self.close_connection = True

    def _send(self, data: bytes) -> None:
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        self.wfile.write(b"\x82" + length + data)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def _running(pod: Json, ready: bool) -> Json:
    now = _now()
    statuses = [
        {
            "name": container["name"], "image": container["image"], "imageID": "", "ready": ready, "restartCount": 0,
            "started": ready, "state": {"running": {"startedAt": now}},
        }
        for container in pod["spec"]["containers"]
    ]  # fmt: skip
    word = "True" if ready else "False"
    conditions = [{"type": kind, "status": word, "lastTransitionTime": now} for kind in ("ContainersReady", "Ready")]
    return {"phase": "Running", "startTime": now, "conditions": conditions, "containerStatuses": statuses}


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
