"""What a MATLAB cluster hands over besides its profile: what outlives it, and a page for its users."""

from __future__ import annotations

from components.matlab import names
from components.matlab.storage import own_claims
from components.matlab.topology import Topology


def kept_on_destroy(cluster: Topology) -> list[str]:
    """Objects that `make destroy` leaves, as `Kind/name`."""
    own_namespace = [f"Namespace/{cluster.namespace}"] if cluster.settings.namespace.create else []
    claims = [f"PersistentVolumeClaim/{name}" for name in own_claims(cluster)]
    secrets = (
        names.ADMIN_SECRET,
        names.WORKER_USER_SECRET,
        names.SHARED_SECRET,
        names.PARALLEL_SERVER_PROXY_SECRET,
    )
    return [*own_namespace, *claims, *(f"Secret/{name}" for name in secrets)]


def readme(cluster: Topology, host: str) -> str:
    """Markdown page of the stack."""
    settings = cluster.settings
    ports = ", ".join(str(port.number) for port in cluster.load_balancer_ports)
    way_in = f"`{host}`, TCP {ports}" if cluster.open_to_outside else f"inside Kubernetes only, `{host}`"
    kept = "\n".join(f"- {item}" for item in kept_on_destroy(cluster))
    return f"""# MATLAB Parallel Server {cluster.matlab_release}

| | |
|---|---|
| Clients connect to | {way_in} |
| Job manager | {settings.job_manager.name} |
| Workers | {settings.workers.min} to {settings.workers.max} |
| Proxy mode | {cluster.mode} |
| Namespace | {cluster.namespace} |

## For users

1. `pulumi stack output profile --show-secrets > profile.json`; hand the file over on a safe channel, it holds a key.
2. In MATLAB: `parallel.importProfile("profile.json")`, then `parcluster("{settings.job_manager.name}")`.

## For the administrator

- Job manager: `kubectl -n {cluster.namespace} logs deploy/{names.JOB_MANAGER}`
- Controller: `kubectl -n {cluster.namespace} logs deploy/{names.CONTROLLER}`
- Workers: `kubectl -n {cluster.namespace} get pods -l app={names.WORKER}`

A destroy leaves:

{kept}
"""
