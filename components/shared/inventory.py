"""What already stands in a namespace, read at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from components.shared.kube import METADATA_ONLY, ApiError, Cluster, Json
from components.shared.manifest import MANAGED_BY, STACK

HELM_RELEASE: Final = "meta.helm.sh/release-name"
DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
FORBIDDEN: Final = 403


@dataclass(frozen=True)
class Inventory:
    """Objects by name, per kind; None where the person may not read the kind."""

    stack: str
    namespace: Json | None
    namespace_readable: bool
    claims: dict[str, Json] | None
    storage_classes: dict[str, Json] | None
    services: dict[str, Json] | None
    deployments: dict[str, Json] | None
    config_maps: dict[str, Json] | None
    secrets: dict[str, Json] | None
    """Metadata alone."""

    @classmethod
    def read(cls, cluster: Cluster, namespace: str, stack: str) -> Inventory:
        """Read the namespace and the StorageClasses, a few requests at a time."""

        def listed(path: str, accept: str = "application/json") -> dict[str, Json] | None:
            try:
                answer = cluster.get(path, accept=accept) or {}
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None
                raise
            return {item["metadata"]["name"]: item for item in answer.get("items") or []}

        def own() -> tuple[Json | None, bool]:
            try:
                return cluster.get(f"/api/v1/namespaces/{namespace}"), True
            except ApiError as error:
                if error.status == FORBIDDEN:
                    return None, False
                raise

        inside = f"namespaces/{namespace}"
        with ThreadPoolExecutor(max_workers=8) as pool:
            found = pool.submit(own)
            claims = pool.submit(listed, f"/api/v1/{inside}/persistentvolumeclaims")
            classes = pool.submit(listed, "/apis/storage.k8s.io/v1/storageclasses")
            services = pool.submit(listed, f"/api/v1/{inside}/services")
            deployments = pool.submit(listed, f"/apis/apps/v1/{inside}/deployments", METADATA_ONLY)
            config_maps = pool.submit(listed, f"/api/v1/{inside}/configmaps", METADATA_ONLY)
            secrets = pool.submit(listed, f"/api/v1/{inside}/secrets", METADATA_ONLY)
            existing, readable = found.result()
            return cls(
                stack,
                existing,
                readable,
                claims.result(),
                classes.result(),
                services.result(),
                deployments.result(),
                config_maps.result(),
                secrets.result(),
            )

    def is_ours(self, item: Json) -> bool:
        """The object was made by this stack."""
        labels: dict[str, Any] = item["metadata"].get("labels") or {}
        return labels.get(MANAGED_BY) == "pulumi" and labels.get(STACK) == self.stack

    def default_storage_class(self) -> str | None:
        """Name of the cluster's default StorageClass."""
        for name, item in (self.storage_classes or {}).items():
            if (item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
                return name
        return None


def owner(item: Json) -> str:
    """Who made an object, as far as its metadata tell."""
    metadata = item["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if release := annotations.get(HELM_RELEASE):
        return f"Helm release {release}"
    if stack := labels.get(STACK):
        return f"stack {stack}"
    return "somebody else"
