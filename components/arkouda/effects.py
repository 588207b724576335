"""Settings of Arkouda servers that have no effect together with the others, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.arkouda.server_settings import Declared, InKubernetes, Server
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology, needs_credentials
from components.shared import effects
from components.shared.mistakes import Mistake


def _without_metrics(server: Server) -> str | None:
    return None if server.metrics.enabled else "metrics.enabled of this server is false"


def _without_exporter(server: Server) -> str | None:
    if server.metrics.exporter:
        return _without_metrics(server)
    return "metrics.exporter of this server is false"


def _without_monitor(server: Server) -> str | None:
    return _without_exporter(server) or (
        None if server.metrics.service_monitor else "metrics.serviceMonitor of this server is false"
    )


def _without_token(server: Server) -> str | None:
    return None if server.authenticate else "authenticate of this server is false"


def _without_job(server: Server) -> str | None:
    fixed = isinstance(server, Declared) and not needs_credentials(server)
    return "the server has a fixed address, so you start it yourself" if fixed else None


OF_A_SERVER: Final[dict[str, effects.Reason[Server]]] = {
    "tokenGeneration": _without_token,
    "metrics.port": _without_metrics,
    "metrics.exporter": _without_metrics,
    "metrics.interval": _without_exporter,
    "metrics.serviceMonitor": _without_exporter,
    "metrics.serviceMonitorLabels": _without_monitor,
    "job": _without_job,
}
"""Setting of a server, or group with all of its settings → why it has no effect, if so."""


def _no_job(cluster: Topology) -> str | None:
    if any(map(needs_credentials, cluster.servers)):
        return None
    return "no server is registered by a job"


def _no_pods(cluster: Topology) -> str | None:
    inside = [server for server in cluster.servers if isinstance(server, InKubernetes)]
    return None if inside or cluster.exporters else "no server and no exporter runs in Kubernetes"


def _no_policies(cluster: Topology) -> str | None:
    return _no_pods(cluster) or (None if cluster.settings.network.policies else "arkouda.network.policies is false")


def _no_clients(cluster: Topology) -> str | None:
    inside = any(isinstance(server, InKubernetes) for server in cluster.servers)
    return _no_policies(cluster) or (None if inside else "no server runs in Kubernetes")


def _no_exporters(cluster: Topology) -> str | None:
    return None if cluster.exporters else "no server has an exporter"


def _own_level(cluster: Topology) -> str | None:
    if cluster.settings.namespace.create:
        return None
    return "arkouda.namespace.create is false, so the namespace keeps its own level"


OF_ALL: Final[dict[str, effects.Reason[Topology]]] = {
    "apiServer": _no_job,
    "namespace.podSecurity": _own_level,
    "network.policies": lambda cluster: None if cluster.settings.namespace.create else _no_pods(cluster),
    "network.clientNamespaces": _no_clients,
    "network.prometheusNamespaces": lambda cluster: _no_exporters(cluster) or _no_policies(cluster),
    "images.exporter": _no_exporters,
    "images.pullSecrets": _no_pods,
}
"""Setting below `arkouda`, or group → why it has no effect, if so."""


def without_effect(settings: Settings) -> Iterator[Mistake]:
    """Every setting that was written and has no effect."""
    cluster = Topology(settings)
    yield from effects.without_effect(settings, cluster, OF_ALL, "arkouda")
    for kind, servers in cluster.lists.items():
        for index, server in enumerate(servers):
            yield from effects.without_effect(server, server, OF_A_SERVER, "arkouda", kind, index)
