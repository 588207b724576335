"""A stand-in for a load balancer: it gives each Service of type LoadBalancer an address, and carries no traffic."""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
from http import HTTPStatus
from typing import Any, Final

WATCH_SECONDS: Final = 300
CONNECT_SECONDS: Final = 5
RETRY_SECONDS: Final = 1.0


def address(namespace: str, name: str, subnet: str = "") -> str:
    """Return the address of a Service: always the same, so that what was derived from it survives destroy and up.

    It lies in 127.1.0.0 to 127.254.255.255, so that nothing but this machine could ever be behind it, or in a `subnet`
    that leads to a real node, such as 198.51.100.
    """
    digest = hashlib.sha256(f"{namespace}/{name}".encode()).digest()
    return f"{subnet or f'127.{1 + digest[0] % 254}.{digest[1]}'}.{1 + digest[2] % 254}"


def needs_address(service: Any) -> bool:
    """Tell whether the Service waits for the cluster's default load balancer.

    A Service with a class belongs to the implementation of that name (`spec.loadBalancerClass`, Kubernetes API).
    """
    if service.spec.type != "LoadBalancer" or service.spec.load_balancer_class or service.metadata.deletion_timestamp:
        return False
    status = service.status.load_balancer if service.status else None
    return not (status and status.ingress)


def run(kubeconfig: str, subnet: str = "") -> None:
    """Watch Services for ever. A dropped watch or a restarted API server leads to a new list."""
    # Here, because it is slow, and who imports `address` must not wait for it; as Any, because it is half typed.
    kubernetes: Any = importlib.import_module("kubernetes")
    urllib3: Any = importlib.import_module("urllib3")
    dropped = (kubernetes.client.ApiException, urllib3.exceptions.HTTPError, OSError)
    core = kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(kubeconfig))

    def serve(service: Any) -> None:
        if not needs_address(service):
            return
        namespace, name = service.metadata.namespace, service.metadata.name
        ingress = [{"ip": address(namespace, name, subnet)}]
        try:
            core.patch_namespaced_service_status(name, namespace, {"status": {"loadBalancer": {"ingress": ingress}}})
        except kubernetes.client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:  # deleted in the meantime
                raise
        else:
            print(f"{namespace}/{name}: {ingress[0]['ip']}")

    while True:
        try:
            services = core.list_service_for_all_namespaces(_request_timeout=(CONNECT_SECONDS, WATCH_SECONDS))
            for service in services.items:
                serve(service)
            events = kubernetes.watch.Watch().stream(
                core.list_service_for_all_namespaces,
                resource_version=services.metadata.resource_version,
                timeout_seconds=WATCH_SECONDS,
                _request_timeout=(CONNECT_SECONDS, WATCH_SECONDS + CONNECT_SECONDS),
            )
            for event in events:
                serve(event["object"])
        except dropped as error:
            print(f"watching Services again: {type(error).__name__}: {error}".splitlines()[0])
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    run(*sys.argv[1:])
