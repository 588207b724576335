"""What a stack tells about its Arkouda servers: hosts, ports, commands, and a page for users and administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.arkouda import handout, names
from components.arkouda.server_settings import Declared, InKubernetes, MultiLocale, SelfRegistered, Server, SingleNode
from components.arkouda.topology import Topology, job, registered_services

KINDS: dict[type[Server], str] = {
    Declared: "declared",
    SelfRegistered: "selfRegistered",
    SingleNode: "singleNode",
    MultiLocale: "multiLocale",
}
"""The name of each list of servers."""
UNPACK = "pulumi stack output arkoudaFiles --show-secrets --json | python -m ops arkouda-files --out"


def about(cluster: Topology, server: Server) -> dict[str, Any]:
    """What is not secret about one server."""
    name, namespace = server.name, cluster.namespace
    found: dict[str, Any] = {
        "kind": KINDS[type(server)],
        "host": cluster.host(server),
        "port": server.port,
        "connect": handout.connect(cluster, server)
        if not server.authenticate
        else f"see {handout.CONNECT}, which holds the access token",
    }
    if server.metrics.enabled:
        found["metrics"] = f"{cluster.metrics_host(server)}:{server.metrics.port}"
    if server in cluster.exporters:
        found["exporter"] = f"http://{name}{names.EXPORTER_SUFFIX}.{namespace}:{names.EXPORTER_PORT}/metrics"
    if job(server):
        found["files"] = f"{UNPACK} FOLDER --server {name}"
    elif isinstance(server, Declared):
        found["command"] = handout.command(server)
    if isinstance(server, SelfRegistered):
        services = " ".join(registered_services(server))
        found["cleanUp"] = f"kubectl -n {namespace} delete service {services} --ignore-not-found"
    if isinstance(server, InKubernetes):
        found["logs"] = f"kubectl -n {namespace} logs deploy/{name}"
        found["portForward"] = f"kubectl -n {namespace} port-forward service/{name} {server.port}"
    return found


def readme(cluster: Topology, kept: Sequence[str]) -> str:
    """The page in Markdown; `kept` are the objects that a destroy keeps."""
    rows = "\n".join(
        f"| {server.name} | {KINDS[type(server)]} | `{cluster.host(server)}:{server.port}` |"
        for server in cluster.servers
    )
    kept_list = "\n".join(f"- {item}" for item in kept) or "nothing"
    return f"""# Arkouda

| Server | Kind | Clients connect to |
|---|---|---|
{rows}

## For users

In a pod of an allowed namespace: `pulumi stack output arkouda`, field `connect`. Install the client version of the
server: another one is only a warning.

## For the administrator

- Files of all servers: `{UNPACK} FOLDER`
- Services: `kubectl -n {cluster.namespace} get services,endpointslices`

A destroy keeps:

{kept_list}
"""
