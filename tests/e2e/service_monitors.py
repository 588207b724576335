"""ServiceMonitors on the control plane of the tests, as if the Prometheus operator were installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from components.shared.kube import RESOURCES, ApiError, KubernetesApi
from tests.e2e.disturbance import wait_for

_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_DEFINITION: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "ServiceMonitor", "plural": "servicemonitors", "singular": "servicemonitor"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}
"""As much of the Prometheus operator as a stack sees."""


@contextmanager
def service_monitors(api: KubernetesApi, namespace: str) -> Iterator[None]:
    """Serve the kind, and delete it with all its objects in the end; `namespace` is where it is waited for."""
    api.request("POST", _DEFINITIONS, _DEFINITION)
    try:
        wait_for(lambda: _is_served(api, namespace))
        yield
    finally:
        api.request("DELETE", f"{_DEFINITIONS}/{_DEFINITION['metadata']['name']}")
        wait_for(lambda: api.get(RESOURCES["ServiceMonitor"].path(namespace)) is None)


def _is_served(api: KubernetesApi, namespace: str) -> bool:
    """A new kind is first unknown, and then its storage is being initialized."""
    try:
        return api.get(RESOURCES["ServiceMonitor"].path(namespace)) is not None
    except ApiError:
        return False
