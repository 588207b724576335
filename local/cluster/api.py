"""What `up`, `down` and `status` ask of kube-apiserver, and the objects that every embedded cluster contains."""

from __future__ import annotations

from typing import Final

import yaml

from components.shared.kube import APPLY_PATCH, ApiError, Json, KubernetesApi, Unreachable
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster.layout import FILES, ControlPlaneError, Layout

TIMEOUT_SECONDS: Final = 10.0
FIELD_MANAGER: Final = "embedded-cluster"
OBJECTS: Final = {
    "storage-class.yaml": "/apis/storage.k8s.io/v1/storageclasses/standard",
    "load-balancer-role.yaml": "/apis/rbac.authorization.k8s.io/v1/clusterroles/load-balancer",
    "load-balancer-role-binding.yaml": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/load-balancer",
}
"""File → path of the API."""


class AdminApi:
    """kube-apiserver as the administrator of the kubeconfig sees it, while it may still be starting."""

    def __init__(self, layout: Layout) -> None:
        """Read the kubeconfig; raises ControlPlaneError if it cannot be used."""
        try:
            self._cluster = KubernetesApi.connect(layout.kubeconfig, EMBEDDED_CONTEXT)
        except Unreachable as error:
            raise ControlPlaneError(str(error)) from error

    def is_ready(self) -> bool:
        """Whether /readyz answers. It answers `ok`, which is not JSON."""
        try:
            self._cluster.request("GET", "/readyz", timeout=TIMEOUT_SECONDS)
        except (ApiError, Unreachable):
            return False
        except ValueError:
            return True
        return True

    def get(self, path: str) -> Json | None:
        """Return an object or a list; None if it does not exist or the API server does not answer."""
        try:
            return self._cluster.get(path, timeout=TIMEOUT_SECONDS)
        except (ApiError, Unreachable):
            return None

    def delete(self, path: str) -> None:
        """Delete an object if it exists."""
        try:
            self._cluster.request("DELETE", path, timeout=TIMEOUT_SECONDS)
        except ApiError as error:
            if error.status != 404:  # noqa: PLR2004 - HTTP
                raise ControlPlaneError(f"kube-apiserver rejected DELETE {path}: {error}") from error
        except Unreachable as error:
            raise ControlPlaneError(str(error)) from error

    def apply_objects(self) -> None:
        """Apply the objects that every embedded cluster contains, server-side."""
        for file, path in OBJECTS.items():
            body = yaml.safe_load((FILES / file).read_text(encoding="utf-8"))
            query = {"fieldManager": FIELD_MANAGER, "force": "true"}
            try:
                self._cluster.request(
                    "PATCH", path, body, query=query, content_type=APPLY_PATCH, timeout=TIMEOUT_SECONDS
                )
            except (ApiError, Unreachable) as error:
                raise ControlPlaneError(f"kube-apiserver rejected {file}: {error}") from error
