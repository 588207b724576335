"""What exists in a namespace already, read at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from components.shared.kube import METADATA_ONLY, RESOURCES, ApiError, Json, KubernetesApi
from components.shared.manifest import STACK

HELM_RELEASE: Final = "meta.helm.sh/release-name"
HELM: Final = "Helm release "
NOBODY: Final = "somebody else"
"""Owners, as `owner` names them."""
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
FORBIDDEN: Final = 403
_WHOLE: Final = ("LimitRange", "PersistentVolumeClaim", "ResourceQuota", "RuntimeClass", "Service", "StorageClass")
"""Kinds that are read with their spec; of the others, Secrets above all, only metadata are read."""
OF_THE_CLUSTER: Final = ("PriorityClass", "RuntimeClass", "StorageClass", "VolumeSnapshotClass")
NOT_LISTED: Final = (
    "EndpointSlice",
    "Endpoints",
    "Event",
    "Gateway",
    "Namespace",
    "Node",
    "Pod",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "VolumeSnapshot",
    *OF_THE_CLUSTER,
)
"""Kinds that are not in a namespace, or that other writers make."""


@dataclass(frozen=True)
class Inventory:
    """The objects of one namespace, and the classes of the cluster that its pods and claims name."""

    owned: frozenset[tuple[str, str]]
    """Kind and name of what the state of the stack contains, the namespace itself included."""
    namespace: Json | None
    namespace_readable: bool
    objects: Mapping[str, dict[str, Json] | None]
    """Objects by name, per kind; None where you may not read the kind."""
    unknown_kinds: frozenset[str] = frozenset()
    """Kinds that this API server does not serve."""

    @classmethod
    def read(cls, api: KubernetesApi, namespace: str, owned: frozenset[tuple[str, str]]) -> Inventory:
        """Read the namespace and the classes, several requests at a time."""
        unknown: set[str] = set()

        def listed(kind: str) -> dict[str, Json] | None:
            path = RESOURCES[kind].path(None if kind in OF_THE_CLUSTER else namespace)
            accept = "application/json" if kind in _WHOLE else METADATA_ONLY
            try:
                answer = api.get(path, accept=accept)
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None
                raise
            if answer is None:
                # The list of a kind that the cluster has is never missing, only empty.
                unknown.add(kind)
                return {}
            return {item["metadata"]["name"]: item for item in answer.get("items") or []}

        def own() -> tuple[Json | None, bool]:
            try:
                return api.get(f"{RESOURCES['Namespace'].path()}/{namespace}"), True
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None, False
                raise

        kinds = [kind for kind in RESOURCES if kind not in NOT_LISTED] + list(OF_THE_CLUSTER)
        with ThreadPoolExecutor(max_workers=8) as pool:
            itself = pool.submit(own)
            objects = dict(zip(kinds, pool.map(listed, kinds), strict=True))
            return cls(owned, *itself.result(), objects, frozenset(unknown))

    def of(self, kind: str) -> dict[str, Json] | None:
        """The objects of a kind by name; None where you may not read them."""
        return self.objects.get(kind)

    def is_ours(self, kind: str, name: str) -> bool:
        """Tell whether the stack has made the object."""
        return (kind, name) in self.owned

    def default_storage_class(self) -> str | None:
        """The name of the default StorageClass."""
        for name, item in (self.of("StorageClass") or {}).items():
            if (item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
                return name
        return None


def owner(item: Json) -> str:
    """Who made an object, as far as its metadata tell."""
    metadata = item["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if release := annotations.get(HELM_RELEASE):
        return f"{HELM}{release}"
    if stack := labels.get(STACK):
        return f"stack {stack}"
    return NOBODY
