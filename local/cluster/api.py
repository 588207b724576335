"""The few requests that `up`, `down` and `status` need, without the half second that a client library takes to load."""

from __future__ import annotations

import http.client
import json
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from local.cluster.certificates import ADMIN, AUTHORITY, certificate_path, key_path
from local.cluster.layout import FILES, LOOPBACK, ControlPlaneError

TIMEOUT_SECONDS: Final = 10.0
FIELD_MANAGER: Final = "embedded-cluster"
# What stands in every embedded cluster: file → path of the API.
OBJECTS: Final = {
    "storage-class.yaml": "/apis/storage.k8s.io/v1/storageclasses/standard",
    "load-balancer-role.yaml": "/apis/rbac.authorization.k8s.io/v1/clusterroles/load-balancer",
    "load-balancer-role-binding.yaml": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/load-balancer",
}
OK: Final = range(200, 300)


class Api:
    """kube-apiserver, seen as the administrator of the kubeconfig sees it."""

    def __init__(self, port: int, pki: Path) -> None:
        """Take the administrator's certificate from the folder; raises OSError when it is not there."""
        self._port = port
        self._context = ssl.create_default_context(cafile=str(certificate_path(pki, AUTHORITY)))
        self._context.load_cert_chain(certificate_path(pki, ADMIN), key_path(pki, ADMIN))

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
    ) -> tuple[int, bytes]:
        """Send one request; returns status and body. Raises OSError or HTTPException when nobody answers properly."""
        connection = http.client.HTTPSConnection(LOOPBACK, self._port, timeout=TIMEOUT_SECONDS, context=self._context)
        try:
            connection.request(method, path, body, {"Content-Type": content_type, "User-Agent": FIELD_MANAGER})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ready(self) -> bool:
        """Tell whether /readyz answers, with the certificate of the kubeconfig."""
        try:
            return self.request("GET", "/readyz")[0] in OK
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> Any:
        """Return an object or a list; None when it does not exist or the API server does not answer."""
        try:
            status, body = self.request("GET", path)
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body) if status in OK else None

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        self._checked("DELETE", path)

    def apply_objects(self) -> None:
        """Apply what stands in every embedded cluster, server-side."""
        for file, path in OBJECTS.items():
            query = f"?fieldManager={FIELD_MANAGER}&force=true"
            self._checked("PATCH", path + query, (FILES / file).read_bytes(), "application/apply-patch+yaml")

    def _checked(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
    ) -> None:
        try:
            status, answer = self.request(method, path, body, content_type)
        except (OSError, http.client.HTTPException) as error:
            raise ControlPlaneError(f"kube-apiserver did not answer {method} {path}: {error}") from error
        if status not in OK and not (method == "DELETE" and status == HTTPStatus.NOT_FOUND):
            raise ControlPlaneError(
                f"kube-apiserver refused {method} {path} with {status}: {answer.decode(errors='replace')}"
            )
