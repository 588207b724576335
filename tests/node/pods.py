"""Pods on the real node: make them, wait for them, run commands in them, and look out of their network."""

from __future__ import annotations

import subprocess
import time
from typing import Any

from components.shared.kube import ApiError
from tests.node.addresses import API_SERVICE, METADATA
from tests.node.images import DEBIAN_IMAGE
from tests.node.namespaces import inside, open_ways
from tests.node.node import Node, NodeError, of_pod
from tests.node.outside import Outside
from tests.waiting import eventually

Pod = dict[str, Any]
POLICY_SECONDS = 1.5
"""The policy engine learns of a new pod or policy a moment after the API server."""
NAME_OF_API_SERVER = "kubernetes.default.svc.cluster.local"


class Cluster:
    """The API server and the node behind it."""

    def __init__(self, outside: Outside, node: Node) -> None:
        self.outside, self.node = outside, node
        self.control_plane, self.api = outside.control_plane, outside.api
        self.kubectl = str(self.control_plane.kubectl)

    def check(self) -> None:
        """Try what all tests build on with a pod of our own; raises NodeError for what this kernel cannot do."""
        try:
            self.namespace("check")
            pod = self.running("check", self.run("check", "pod"))
            looked_up = self.execute(
                pod, "python3", "-c", f"import socket; socket.gethostbyname('{NAME_OF_API_SERVER}')"
            )
            if looked_up.returncode:
                raise NodeError(f"a pod finds no name: {looked_up.stderr}")
            if not self.reaches(pod, API_SERVICE, 443):
                raise NodeError("a pod does not reach a Service")
            self.deny("check")
            if self.reaches(pod, METADATA, 80):
                raise NodeError("NetworkPolicies have no effect")
        except (AssertionError, ApiError) as error:
            raise NodeError(f"no pod runs: {error}; {self.node.last_lines()}") from error
        finally:
            self.api.request("DELETE", "/api/v1/namespaces/check")

    def namespace(self, name: str) -> None:
        """Make a namespace, and wait until pods may be made in it."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.api.request("POST", "/api/v1/namespaces", body)
        eventually(lambda: self.api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"))

    def wait_until_gone(self, namespace: str) -> None:
        """Wait until a namespace with all in it is deleted."""
        eventually(lambda: self.api.get(f"/api/v1/namespaces/{namespace}") is None, 90)

    def deny(self, namespace: str) -> None:
        """Deny every connection of a namespace."""
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        body = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "all"},
            "spec": spec,
        }
        self.api.request("POST", f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies", body)
        time.sleep(POLICY_SECONDS)

    def run(self, namespace: str, name: str, labels: dict[str, str] | None = None, **spec: Any) -> str:
        """Start a pod that does nothing; returns its name."""
        container = {"name": "main", "image": DEBIAN_IMAGE, "imagePullPolicy": "Never"}
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0, **spec},
        }
        self.api.request("POST", f"/api/v1/namespaces/{namespace}/pods", body)
        return name

    def running(self, namespace: str, name: str) -> Pod:
        """Wait for a pod to run with an address of its own."""

        def look() -> Pod | None:
            pod: Pod | None = self.api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
            return pod if pod and pod["status"].get("podIP") and is_ready(pod) else None

        found: Pod = eventually(look)
        return found

    def pods(self, namespace: str, app: str) -> list[Pod]:
        """The pods of an application that are not being deleted."""
        query = {"labelSelector": f"app={app}"}
        answer = self.api.request("GET", f"/api/v1/namespaces/{namespace}/pods", query=query)
        return [pod for pod in answer["items"] if "deletionTimestamp" not in pod["metadata"]]

    def ready_pod(self, namespace: str, app: str, seconds: float = 60) -> Pod:
        """Wait for exactly one pod of an application, and for it to be Ready."""

        def look() -> Pod | None:
            pods = self.pods(namespace, app)
            return pods[0] if len(pods) == 1 and is_ready(pods[0]) else None

        found: Pod = eventually(look, seconds)
        return found

    def execute(self, pod: Pod, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container of a pod, as kubectl does."""
        meta = pod["metadata"]
        target = ["exec", "--namespace", meta["namespace"], meta["name"], "--"]
        words = [self.kubectl, "--kubeconfig", str(self.control_plane.kubeconfig), *target, *command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    def log(self, pod: Pod) -> str:
        """What a pod has printed."""
        meta = pod["metadata"]
        words = [self.kubectl, "--kubeconfig", str(self.control_plane.kubeconfig), "logs", "--namespace"]
        return subprocess.run(
            [*words, meta["namespace"], meta["name"]], capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def reaches(self, pod: Pod, address: str, port: int) -> bool:
        """Whether a TCP connection from a pod gets through; nobody need listen."""
        return inside(of_pod(self.node, pod), lambda: open_ways([(address, port)])[0])


def is_ready(pod: Pod) -> bool:
    """Whether all containers of a pod are ready."""
    conditions = {item["type"]: item["status"] for item in pod["status"].get("conditions", [])}
    return conditions.get("Ready") == "True"


def address(pod: Pod) -> str:
    """The address of a pod."""
    found: str = pod["status"]["podIP"]
    return found
