"""The Gateway API on a control plane: its own definitions, and a controller that writes status alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi
from tests.e2e.disturbance import wait_for
from tests.e2e.stand_in import repeating
from tests.tools.gateway_crds import definition

_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MERGE: Final = "application/merge-patch+json"
GATEWAY: Final = "shared"
NAMESPACE: Final = "gateways"
ADDRESS: Final = "192.0.2.77"


class GatewayController:
    """Everything that a stack sees of the Gateway API."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        self._gateway = f"{RESOURCES['Gateway'].path(NAMESPACE)}/{GATEWAY}"
        self.refuses: str | None = None
        """Why routes are not accepted; None: they are."""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The kinds and the namespace of the Gateway, until the end of the block."""
        kinds = [definition("Gateway"), definition("TCPRoute")]
        for kind in kinds:
            self._api.request("POST", _DEFINITIONS, kind)
        self._api.request("POST", RESOURCES["Namespace"].path(), {"metadata": {"name": NAMESPACE}})
        try:
            wait_for(lambda: all(self._is_served(kind) for kind in ("Gateway", "TCPRoute")))
            yield
        finally:
            self._api.request("DELETE", f"{RESOURCES['Namespace'].path()}/{NAMESPACE}")
            wait_for(lambda: self._api.get(f"{RESOURCES['Namespace'].path()}/{NAMESPACE}") is None)
            for kind in kinds:
                self._api.request("DELETE", f"{_DEFINITIONS}/{kind['metadata']['name']}")
            wait_for(lambda: self._api.get(RESOURCES["TCPRoute"].path("default")) is None)

    def _is_served(self, kind: str) -> bool:
        try:
            return self._api.get(RESOURCES[kind].path(NAMESPACE)) is not None
        except ApiError:
            return False

    def create(self, *listeners: Json) -> None:
        """Create the Gateway, without an address."""
        spec = {"gatewayClassName": "stand-in", "listeners": [*listeners]}
        body = {"metadata": {"name": GATEWAY}, "spec": spec}
        resource = RESOURCES["Gateway"]
        body |= {"apiVersion": f"{resource.group}/{resource.version}", "kind": "Gateway"}
        self._api.request("POST", resource.path(NAMESPACE), body)

    def listen(self, *listeners: Json) -> None:
        """Give the Gateway other listeners."""
        self._api.request("PATCH", self._gateway, {"spec": {"listeners": [*listeners]}}, content_type=_MERGE)

    def give_address(self, *addresses: Json) -> None:
        """Write the addresses into the status of the Gateway."""
        path = f"{self._gateway}/status"
        self._api.request("PATCH", path, {"status": {"addresses": [*addresses]}}, content_type=_MERGE)

    @contextmanager
    def running(self, namespace: str) -> Iterator[None]:
        """Answer for the routes of a namespace, until the end of the block."""

        def look() -> None:
            for route in (self._api.get(RESOURCES["TCPRoute"].path(namespace)) or {}).get("items") or ():
                self._answer(namespace, route)

        with repeating(look):
            yield

    def _answer(self, namespace: str, route: Json) -> None:
        conditions = [
            self._condition("Accepted", route, self.refuses),
            self._condition("ResolvedRefs", route, None),
        ]
        parent = {"parentRef": route["spec"]["parentRefs"][0], "controllerName": "example.org/stand-in"}
        status = {"parents": [{**parent, "conditions": conditions}]}
        if route.get("status", {}).get("parents") != status["parents"]:
            path = f"{RESOURCES['TCPRoute'].path(namespace)}/{route['metadata']['name']}/status"
            self._api.request("PATCH", path, {"status": status}, content_type=_MERGE)

    @staticmethod
    def _condition(kind: str, route: Json, refused: str | None) -> dict[str, Any]:
        return {
            "type": kind,
            "status": "False" if refused else "True",
            "reason": refused or kind,
            "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": route["metadata"]["generation"],
        }


def listener(port: int, *, source: str = "All", **more: Any) -> Json:
    """A TCP listener that admits routes of these namespaces."""
    allowed = {"namespaces": {"from": source, **more}}
    return {"name": f"tcp-{port}", "port": port, "protocol": "TCP", "allowedRoutes": allowed}
