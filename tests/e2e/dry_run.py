"""What the API server would say to an object: admission, defaulting and validation are real, and nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from components.julia.names import SETTINGS_FILE
from components.matlab import names
from components.shared.kube import APPLY_PATCH, RESOURCES, ApiError, KubernetesApi
from components.shared.manifest import Manifest
from components.shared.namespace import ENFORCE
from tests.e2e.disturbance import COLLECTIONS, wait_for
from tests.julia_worker import worker_pod
from tests.schemas import OF_OPERATORS

WHOLE_CLUSTER = ("Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
"""Kinds that are in no namespace."""
PODS = {**{kind: resource.path() for kind, resource in RESOURCES.items()}, "Pod": "/api/v1/pods"}
LEVELS = ("privileged", "baseline", "restricted")
"""Pod Security levels."""
TEMPLATES = (names.WORKER_TEMPLATE, names.POOL_PROXY_TEMPLATE)
BY_THE_CONTROLLER = {"name": names.PROXY_CERTIFICATE_VOLUME, "secret": {"secretName": "worker-certificate"}}
"""The volume that the controller adds to the pods it makes."""


class DryRun:
    """A namespace of one Pod Security level, for objects that are never made."""

    def __init__(self, api: KubernetesApi, level: str) -> None:
        self._api, self.namespace = api, f"dry-run-{level}"
        self._accepted: set[str] = set()
        labels = {ENFORCE: level}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}}
        api.request("POST", COLLECTIONS["Namespace"], namespace)
        self._accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        wait_for(lambda: api.get(f"{self._accounts}/default") is not None)

    def objections(self, items: list[Manifest]) -> list[str]:
        """What the API server says against the objects, and against the pods that come of them."""
        known = [item for item in items if item["kind"] not in OF_OPERATORS]
        return [said for item in known for part in (item, *pods(item)) if (said := self._objection(part))]

    def _provide(self, pod: dict[str, Any]) -> None:
        """Create what admission looks for: a pod of an unknown account or class is rejected."""
        named = (
            (self._accounts, pod.get("serviceAccountName"), {"apiVersion": "v1", "kind": "ServiceAccount"}),
            (
                "/apis/scheduling.k8s.io/v1/priorityclasses",
                pod.get("priorityClassName"),
                {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1},
            ),
            (
                "/apis/node.k8s.io/v1/runtimeclasses",
                pod.get("runtimeClassName"),
                {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "runc"},
            ),
        )
        for path, name, body in named:
            if name and self._api.get(f"{path}/{name}") is None:
                self._api.request("POST", path, {**body, "metadata": {"name": name}})

    def _objection(self, item: Manifest) -> str | None:
        metadata = dict(item["metadata"])
        if item["kind"] not in WHOLE_CLUSTER:
            metadata["namespace"] = self.namespace
        body = {**item, "metadata": metadata}
        text = json.dumps(body)
        if text in self._accepted:
            return None
        if item["kind"] == "Pod":
            self._provide(item["spec"])
        root, _, plural = PODS[item["kind"]].rpartition("/")
        own = item["kind"] not in WHOLE_CLUSTER
        path = f"{root}/namespaces/{self.namespace}/{plural}" if own else f"{root}/{plural}"
        # As the provider updates it: what a POST makes may hold a variable twice, and then every apply fails.
        query = {"dryRun": "All", "fieldValidation": "Strict", "fieldManager": "dry-run", "force": "true"}
        try:
            self._api.request("PATCH", f"{path}/{metadata['name']}", body, query=query, content_type=APPLY_PATCH)
        except ApiError as error:
            return f"{item['kind']} {metadata['name']}: {error}"
        self._accepted.add(text)
        return None


def pods(item: Manifest) -> Iterator[Manifest]:
    """The pods that a workload, a session, or the controller for a template will ask for."""
    name = item["metadata"]["name"]
    if item["kind"] in {"DaemonSet", "Deployment", "Job", "StatefulSet"}:
        yield _pod(name, item["spec"]["template"])
    elif item["kind"] == "ConfigMap" and "[manager]" in item["data"].get(SETTINGS_FILE, ""):
        worker = worker_pod(item["data"][SETTINGS_FILE])
        yield {**worker, "metadata": {**worker["metadata"], "name": f"{name}-worker"}}
    elif item["kind"] == "ConfigMap" and name in TEMPLATES:
        template = yaml.safe_load(item["data"][names.TEMPLATE_FILE])
        spec = template["spec"]
        yield _pod(name, {**template, "spec": {**spec, "volumes": [*spec.get("volumes", ()), BY_THE_CONTROLLER]}})


def _pod(name: str, template: dict[str, Any]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": f"{name}-0"}}
