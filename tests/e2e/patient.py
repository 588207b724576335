"""A deployed MATLAB cluster that a test makes ill, and what the doctor says of it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from components.shared.kube import Json, KubernetesApi
from components.stack import load_file
from ops.doctor.command import examined
from ops.doctor.findings import Diagnosis
from ops.doctor.place import Place, places
from ops.doctor.snapshot import Snapshot
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import path_of, wait_for

MERGE = "application/merge-patch+json"

WORKER: Json = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "mjs-worker-1", "labels": {"app": "mjs-worker"}},
    # No kubelet reports on it, so the test can.
    "spec": {"schedulerName": "nobody", "containers": [{"name": "mjs-worker", "image": "worker:r2026a"}]},
}


class Patient:
    """The deployed cluster, and the codes that the doctor has found in it so far."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout, self.api = checkout, checkout.api
        self.seen: set[str] = set()

    def look(self, namespace: str = NAMESPACE, later: timedelta = timedelta(minutes=5)) -> list[Diagnosis]:
        """What the doctor would say in five minutes: it is patient with claims and load balancers."""
        planned = {place.namespace: place for place in places(load_file(self.checkout.stack_file))}
        snapshot = Snapshot.take(self.api, namespace)
        place = planned.get(namespace) or Place("matlab", namespace)
        found = list(examined(place, dataclasses.replace(snapshot, taken=snapshot.taken + later)).diagnoses)
        self.seen |= {one.code for item in found for one in (item.cause, *item.consequences)}
        return found

    def expect(self, *codes: str, words: str = "", again: Callable[[], object] = lambda: None, **options: Any) -> None:
        """Wait until exactly these are the root causes, the first of them with these words."""
        end = time.monotonic() + 180
        while True:
            again()
            found = self.look(**options)
            if [item.cause.code for item in found] == list(codes) and (not words or words in text_of(found)):
                return
            assert time.monotonic() < end, text_of(found)
            time.sleep(0.3)

    def patch(self, name: str, body: Json, subresource: str = "") -> None:
        self.api.request("PATCH", path_of(name) + subresource, body, content_type=MERGE)

    def delete(self, name: str) -> None:
        self.api.request("DELETE", path_of(name))

    def post(self, kind: str, body: Json) -> None:
        self.api.request("POST", f"/api/v1/namespaces/{NAMESPACE}/{kind}", body)

    def worker(self, status: Json) -> None:
        """A worker pod with a status that no kubelet overwrites."""
        self.post("pods", WORKER)
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/mjs-worker-1/status"
        self.api.request("PATCH", path, {"status": status}, content_type=MERGE)

    def delete_pod(self) -> None:
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/mjs-worker-1"
        self.api.request("DELETE", path, query={"gracePeriodSeconds": "0"})
        wait_for(lambda: self.api.get(path) is None)

    def forget_events(self) -> None:
        self.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/events")

    def restore(self) -> None:
        """What the runbook says."""
        self.checkout.run("pulumi", "--", "refresh", "--yes")
        self.checkout.run("up")

    def restart(self, app: str) -> None:
        """Delete the pods of a Deployment; it creates new ones."""
        query = {"labelSelector": f"app={app}"}
        for pod in self.api.request("GET", f"/api/v1/namespaces/{NAMESPACE}/pods", query=query)["items"]:
            self.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")


def text_of(found: list[Diagnosis]) -> str:
    return "\n".join(f"{one.code} {one.sentence}" for item in found for one in (item.cause, *item.consequences))


def doctor(checkout: Checkout, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", "doctor", "--stack", "dev", *words]
    environment = checkout.environment()
    return subprocess.run(
        command, cwd=checkout.root, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def a_large_image(api: KubernetesApi, name: str) -> Iterator[Callable[[], object]]:
    """A node that reports an image of a terabyte, and a small disk; what is yielded does so again.

    Its kubelet corrects that every ten seconds.
    """
    node = api.request("GET", "/api/v1/nodes")["items"][0]
    path = f"/api/v1/nodes/{node['metadata']['name']}/status"
    images = {"images": [{"names": [name], "sizeBytes": 10**12}], "allocatable": {"ephemeral-storage": "10Gi"}}
    yield lambda: api.request("PATCH", path, {"status": images}, content_type=MERGE)
    before = {"images": node["status"].get("images"), "allocatable": {"ephemeral-storage": None}}
    before["allocatable"] |= node["status"]["allocatable"]
    api.request("PATCH", path, {"status": before}, content_type=MERGE)


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(reason: str, code: int) -> Json:
    return {"lastState": {"terminated": {"reason": reason, "exitCode": code}}}


def event(pod: str, reason: str, message: str) -> Json:
    moment = "2999-01-01T00:00:00Z"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod}.{reason.lower()}"},
        "involvedObject": {"kind": "Pod", "name": pod, "namespace": NAMESPACE},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 9,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
    }
