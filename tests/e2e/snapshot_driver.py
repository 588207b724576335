"""As much of a storage driver with snapshots as a stack sees: the kinds, and a controller that says what is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from components.shared.kube import RESOURCES, Json, KubernetesApi
from tests.e2e.stand_in import repeating

DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DRIVER: Final = "snapshots.test"
STORAGE_CLASS: Final = "restored"
_MERGE: Final = "application/merge-patch+json"


def _definition(kind: str, scope: str) -> Json:
    resource = RESOURCES[kind]
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version: Json = {"name": resource.version, "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.plural}.{resource.group}",
            # Kubernetes accepts one in a group of its own only with the link to its review.
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-csi/external-snapshotter"},
        },
        "spec": {
            "group": resource.group,
            "names": {"kind": kind, "plural": resource.plural, "singular": kind.lower()},
            "scope": scope,
            "versions": [{**version, "subresources": {"status": {}}}],
        },
    }


class SnapshotDriver:
    """A driver that makes snapshots of claims in one namespace while it runs, and claims from snapshots."""

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._path = RESOURCES["VolumeSnapshot"].path(namespace)
        self.on_snapshot: Callable[[], Any] = lambda: None
        """Called before a snapshot becomes ready."""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The kinds, until the end of the block."""
        kinds = [_definition("VolumeSnapshot", "Namespaced"), _definition("VolumeSnapshotClass", "Cluster")]
        for kind in kinds:
            self._api.request("POST", DEFINITIONS, kind)
        try:
            yield
        finally:
            for kind in kinds:
                self._api.request("DELETE", f"{DEFINITIONS}/{kind['metadata']['name']}")

    def add_class(self, name: str) -> None:
        """Create a VolumeSnapshotClass, as soon as its kind is served."""
        resource = RESOURCES["VolumeSnapshotClass"]
        body = {
            "apiVersion": f"{resource.group}/{resource.version}",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": name},
            "driver": DRIVER,
            "deletionPolicy": "Delete",
        }
        self._api.request("POST", resource.path(), body)

    def snapshots(self) -> dict[str, Json]:
        """The snapshots by name."""
        return {item["metadata"]["name"]: item for item in self._api.request("GET", self._path)["items"]}

    @contextmanager
    def running(self) -> Iterator[None]:
        """The controller, until the end of the block."""
        with repeating(self._answer):
            yield

    def _answer(self) -> None:
        for name, item in self.snapshots().items():
            if "status" not in item:
                self.on_snapshot()
                self.report(name, {"readyToUse": True})

    def report(self, name: str, status: Json) -> None:
        """Set the status of a snapshot."""
        self._api.request("PATCH", f"{self._path}/{name}/status", {"status": status}, content_type=_MERGE)

    def restore(self, snapshot: str, claim: str) -> None:
        """Create the claim of docs/updates.md from a snapshot, with the volume that the driver makes for it."""
        size = {"storage": "1Gi"}
        modes = ["ReadWriteOnce"]
        volume = {
            "metadata": {"name": f"{self._namespace}-{claim}"},
            "spec": {
                "capacity": size,
                "accessModes": modes,
                "storageClassName": STORAGE_CLASS,
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": f"/nonexistent/{claim}"},
                "claimRef": {"namespace": self._namespace, "name": claim},
            },
        }
        source = {"apiGroup": RESOURCES["VolumeSnapshot"].group, "kind": "VolumeSnapshot", "name": snapshot}
        spec = {
            "storageClassName": STORAGE_CLASS,
            "accessModes": modes,
            "dataSource": source,
            "resources": {"requests": size},
        }
        self._api.request("POST", "/api/v1/persistentvolumes", volume)
        path = f"/api/v1/namespaces/{self._namespace}/persistentvolumeclaims"
        self._api.request("POST", path, {"metadata": {"name": claim}, "spec": spec})

    def forget(self, claim: str) -> None:
        """Delete the volume of a restored claim."""
        self._api.request("DELETE", f"/api/v1/persistentvolumes/{self._namespace}-{claim}")
