"""What exists in a namespace, read once. What you may not read is named, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from components.shared.inventory import FORBIDDEN
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi

IN_NAMESPACE: Final = (
    "Pod",
    "Event",
    "Service",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "Job",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "ResourceQuota",
    "LimitRange",
    "Endpoints",
    "EndpointSlice",
)
IN_CLUSTER: Final = ("Node", "StorageClass")
EVERYTHING: Final = (*IN_NAMESPACE, *IN_CLUSTER)


@dataclass(frozen=True)
class Snapshot:
    """The objects of one namespace, the nodes and the StorageClasses."""

    name: str
    """Name of the namespace."""
    namespace: Json | None
    """The namespace itself; None: it does not exist, or you may not read it."""
    objects: Mapping[str, list[Json]]
    """Objects by kind. A kind that is missing was not asked for, or may not be read."""
    taken: datetime
    exists: bool | None = None
    """The namespace exists; None: you may not read it."""
    logs: Mapping[str, str] = field(default_factory=dict)
    """The end of the log of a pod, by its name. Other pods were not asked."""
    unread_logs: Mapping[str, str] = field(default_factory=dict)
    """Why the log of a pod could not be read, by its name."""
    asked_for: Sequence[str] = EVERYTHING
    """Kinds that were asked for."""

    @classmethod
    def take(cls, api: KubernetesApi, namespace: str, kinds: Sequence[str] = EVERYTHING) -> Snapshot:
        """Read all objects of some kinds, several requests at a time.

        Raises ApiError for anything but a missing right.
        """

        def items(kind: str) -> list[Json] | None:
            try:
                answer = api.get(RESOURCES[kind].path(None if kind in IN_CLUSTER else namespace)) or {}
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None
                raise
            found: list[Json] = answer.get("items") or []
            return found

        def own() -> tuple[Json | None, bool | None]:
            try:
                found = api.get(f"{RESOURCES['Namespace'].path()}/{namespace}")
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None, None
                raise
            return found, found is not None

        with ThreadPoolExecutor(max_workers=8) as pool:
            itself = pool.submit(own)
            found = dict(zip(kinds, pool.map(items, kinds), strict=True))
        readable = {kind: every for kind, every in found.items() if every is not None}
        body, exists = itself.result()
        return cls(namespace, body, readable, datetime.now(UTC), exists, asked_for=kinds)

    @cached_property
    def _by_name(self) -> dict[str, dict[str, Json]]:
        return {kind: {item["metadata"]["name"]: item for item in items} for kind, items in self.objects.items()}

    def of(self, kind: str) -> dict[str, Json]:
        """The objects of a kind by name; empty if there are none, or if you may not read them."""
        return self._by_name.get(kind, {})

    @property
    def unseen(self) -> list[str]:
        """Kinds that you may not read."""
        return [kind for kind in self.asked_for if kind not in self.objects]

    def age(self, item: Json) -> float:
        """Seconds since an object was created."""
        return (self.taken - time(item["metadata"]["creationTimestamp"])).total_seconds()


def time(text: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(text)
