"""Every Kubernetes object of the Arkouda servers, in the order in which it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.arkouda import declared, exporter, multi_locale, names, network_policies, self_registered, single_node
from components.arkouda.server_settings import Declared, MultiLocale, SelfRegistered, Server, SingleNode
from components.arkouda.topology import Topology
from components.shared import namespace
from components.shared.objects import PlannedObject, by_key
from components.shared.survey import NOTHING, Survey

SERVER_TYPE: Final = "clusters:arkouda:Server"
"""Pulumi type of every kind of server: it is part of every URN, so a server that changes its kind keeps its objects."""


def component_of(server: Server) -> str:
    """The component with the objects of one server."""
    return f"arkouda-{server.name}"


def components(cluster: Topology) -> dict[str, str]:
    """Name and Pulumi type of each component."""
    return {
        namespace.COMPONENT: "clusters:arkouda:Namespace",
        network_policies.COMPONENT: "clusters:arkouda:NetworkPolicies",
        **{component_of(server): SERVER_TYPE for server in cluster.servers},
    }


def objects(cluster: Topology, survey: Survey = NOTHING) -> list[PlannedObject]:
    """All objects; `survey` is what the Kubernetes cluster tells about itself."""
    return list(by_key(_in_order(cluster, survey)).values())


def _in_order(cluster: Topology, survey: Survey) -> Iterator[PlannedObject]:
    yield from namespace.objects(cluster.settings.namespace, names.SYSTEM)
    yield from network_policies.objects(cluster, survey)
    for server in cluster.servers:
        yield from _of(cluster, server)
        yield from exporter.objects(cluster, server, component_of(server), survey)


def _of(cluster: Topology, server: Server) -> Iterator[PlannedObject]:
    component = component_of(server)
    if isinstance(server, Declared):
        yield from declared.objects(cluster, server, component)
    elif isinstance(server, SelfRegistered):
        yield from self_registered.objects(cluster, server, component)
    elif isinstance(server, SingleNode):
        yield from single_node.objects(cluster, server, component)
    elif isinstance(server, MultiLocale):
        yield from multi_locale.objects(cluster, server, component)
