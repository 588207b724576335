"""The page that a MATLAB cluster hands over to its users and administrators."""

from __future__ import annotations

from collections.abc import Sequence

from components.matlab import names
from components.matlab.topology import Topology


def readme(cluster: Topology, host: str, kept: Sequence[str]) -> str:
    """The page in Markdown; `kept` are the objects that a destroy keeps."""
    settings = cluster.settings
    ports = ", ".join(str(port.number) for port in cluster.load_balancer_ports)
    way_in = f"`{host}`, TCP {ports}" if cluster.open_to_outside else f"inside Kubernetes only, `{host}`"
    kept_list = "\n".join(f"- {item}" for item in kept)
    return f"""# MATLAB Parallel Server {cluster.matlab_release}

| | |
|---|---|
| Clients connect to | {way_in} |
| Job manager | {settings.job_manager.name} |
| Workers | {settings.workers.min} to {settings.workers.max} |
| Proxy mode | {cluster.mode} |
| Namespace | {cluster.namespace} |

## For users

1. `pulumi stack output profile --show-secrets > profile.json`; send it over a secure channel, it holds a private key.
2. In MATLAB: `parallel.importProfile("profile.json")`, then `parcluster("{settings.job_manager.name}")`.

## For the administrator

- Job manager: `kubectl -n {cluster.namespace} logs deploy/{names.JOB_MANAGER}`
- Controller: `kubectl -n {cluster.namespace} logs deploy/{names.CONTROLLER}`
- Workers: `kubectl -n {cluster.namespace} get pods -l app={names.WORKER}`

A destroy keeps:

{kept_list}
"""
