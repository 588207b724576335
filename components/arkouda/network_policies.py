"""Which pod may reach which: everything else is denied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from components.arkouda import exporter
from components.arkouda.multi_locale import locale_app
from components.arkouda.server_settings import Declared, InKubernetes, MultiLocale, SelfRegistered, Server
from components.arkouda.topology import Topology, needs_credentials
from components.shared.manifest import Manifest
from components.shared.network_policy import (
    ANY_POD,
    USUAL_DNS_PORTS,
    block,
    default_deny,
    dns,
    open_ports,
    pods,
    pods_of,
    policy,
    tcp,
    to_anywhere,
)
from components.shared.objects import PlannedObject
from components.shared.survey import Survey

COMPONENT: Final = "network-policies"
DEFAULT_DENY: Final = "arkouda-default-deny"


def objects(cluster: Topology, survey: Survey) -> Iterator[PlannedObject]:
    """One policy per kind of pod, and in a namespace of our own one that denies everything else."""
    if cluster.settings.network.policies:
        yield from (PlannedObject(item, COMPONENT) for item in _policies(cluster, survey))


def _policies(cluster: Topology, survey: Survey) -> Iterator[Manifest]:
    names_of_hosts = dns(open_ports(None, USUAL_DNS_PORTS, survey.dns_ports))
    for server in cluster.servers:
        if isinstance(server, InKubernetes):
            yield _server(cluster, server, names_of_hosts)
        if isinstance(server, MultiLocale):
            yield _locales(cluster, server, names_of_hosts)
    for server in cluster.exporters:
        yield _exporter(cluster, server, names_of_hosts)
    if cluster.settings.namespace.create:
        yield default_deny(cluster.namespace, DEFAULT_DENY)


def _from(namespaces: Sequence[str]) -> list[Manifest]:
    """The pods of our own namespace and of these, as peers."""
    return [ANY_POD, *([pods_of(*namespaces)] if namespaces else [])]


def _instance(server: MultiLocale) -> list[Manifest]:
    """All pods of one server. GASNet chooses its UDP ports, so none is named."""
    return [pods(server.name), pods(locale_app(server))]


def _server(cluster: Topology, server: InKubernetes, names_of_hosts: Manifest) -> Manifest:
    clients = _from(cluster.settings.network.client_namespaces)
    ingress: list[Manifest] = [{"from": clients, "ports": tcp(server.port)}]
    egress = [names_of_hosts]
    if server in cluster.exporters:
        ingress.append({"from": [pods(exporter.app(server))], "ports": tcp(server.metrics.port)})
    if isinstance(server, MultiLocale):
        ingress.append({"from": _instance(server)})
        egress.append({"to": _instance(server)})
    return policy(server.name, cluster.namespace, ingress=ingress, egress=egress)


def _locales(cluster: Topology, server: MultiLocale, names_of_hosts: Manifest) -> Manifest:
    """In upstream's image, the SSH user can become root: no other pod may reach the SSH server."""
    return policy(
        locale_app(server),
        cluster.namespace,
        ingress=[{"from": _instance(server)}],
        egress=[names_of_hosts, {"to": _instance(server)}],
    )


def _exporter(cluster: Topology, server: Server, names_of_hosts: Manifest) -> Manifest:
    scrapers = _from(cluster.settings.network.prometheus_namespaces)
    port = server.metrics.port
    if isinstance(server, Declared) and not needs_credentials(server):
        metrics: Manifest = {"to": [block(f"{server.address}/32")], "ports": tcp(port)}
    elif isinstance(server, (Declared, SelfRegistered)):
        # Slurm chooses the node.
        metrics = to_anywhere(port)
    else:
        metrics = {"to": [pods(server.name)], "ports": tcp(port)}
    return policy(
        exporter.app(server),
        cluster.namespace,
        ingress=[{"from": scrapers, "ports": tcp(exporter.HTTP.number)}],
        egress=[names_of_hosts, metrics],
    )
