"""What exists in a namespace, read once. What you may not read is named, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from components.shared.inventory import FORBIDDEN
from components.shared.kube import ApiError, Json, KubernetesApi

_IN_NAMESPACE: Final = {
    "Pod": "/api/v1/namespaces/{}/pods",
    "Event": "/api/v1/namespaces/{}/events",
    "Service": "/api/v1/namespaces/{}/services",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
}
_IN_CLUSTER: Final = {"Node": "/api/v1/nodes", "StorageClass": "/apis/storage.k8s.io/v1/storageclasses"}


@dataclass(frozen=True)
class Snapshot:
    """The objects of one namespace, the nodes and the StorageClasses."""

    name: str
    """Name of the namespace."""
    namespace: Json | None
    """The namespace itself; None: it does not exist, or you may not read it."""
    objects: Mapping[str, list[Json]]
    """Objects by kind. A kind that is missing may not be read."""
    taken: datetime

    @classmethod
    def take(cls, api: KubernetesApi, namespace: str) -> Snapshot:
        """Read everything, several requests at a time. Raises ApiError for anything but a missing right."""
        paths = {kind: path.format(namespace) for kind, path in _IN_NAMESPACE.items()} | _IN_CLUSTER

        def items(path: str) -> list[Json] | None:
            try:
                answer = api.get(path) or {}
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None
                raise
            found: list[Json] = answer.get("items", [answer] if "kind" in answer else [])
            return found

        with ThreadPoolExecutor(max_workers=8) as pool:
            itself = pool.submit(items, f"/api/v1/namespaces/{namespace}")
            found = dict(zip(paths, pool.map(items, paths.values()), strict=True))
        readable = {kind: every for kind, every in found.items() if every is not None}
        return cls(namespace, next(iter(itself.result() or ()), None), readable, datetime.now(UTC))

    def of(self, kind: str) -> dict[str, Json]:
        """The objects of a kind by name; empty if there are none, or if you may not read them."""
        return {item["metadata"]["name"]: item for item in self.objects.get(kind, ())}

    @property
    def unseen(self) -> list[str]:
        """Kinds that you may not read."""
        return [kind for kind in (*_IN_NAMESPACE, *_IN_CLUSTER) if kind not in self.objects]

    def age(self, item: Json) -> float:
        """Seconds since an object was created."""
        return (self.taken - time(item["metadata"]["creationTimestamp"])).total_seconds()


def time(text: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(text)
