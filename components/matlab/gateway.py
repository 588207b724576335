"""The way in through a Gateway of the Gateway API: one TCPRoute for each port (https://gateway-api.sigs.k8s.io)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.matlab import load_balancer, names
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.inventory import Inventory
from components.shared.kube import RESOURCES, Json
from components.shared.manifest import Manifest, manifest
from components.shared.mistakes import MISSING, MISSING_KIND, MISSING_RIGHT, Mistake
from components.shared.objects import PlannedObject
from components.shared.rights import Right
from components.shared.selectors import selects
from components.shared.survey import Named, Survey
from components.shared.workload import Port

GATEWAY: Final = "Gateway"
ROUTE: Final = "TCPRoute"
UNKNOWN_ADDRESS: Final = "gateway-address.invalid"
"""Placeholder for the Gateway's address where it was not asked for; names under .invalid never resolve (RFC 2606)."""
_PATH: Final = "matlab.network.gateway"
_HOST: Final = "matlab.network.clusterHost"


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The TCPRoutes, if the settings name a Gateway."""
    if cluster.uses_gateway:
        service = ("Service", names.INGRESS_PROXY)
        for port in cluster.load_balancer_ports:
            yield PlannedObject(route(cluster, port), load_balancer.COMPONENT, after=(service,))


def route(cluster: Topology, port: Port) -> Manifest:
    """Lead a port of the Gateway to the same port of the Service. TLS passes through, to the proxy that ends it."""
    gateway, resource = cluster.settings.network.gateway, RESOURCES[ROUTE]
    return manifest(
        f"{resource.group}/{resource.version}",
        ROUTE,
        f"{names.INGRESS_PROXY}-{port.number}",
        cluster.namespace,
        spec={
            "parentRefs": [{"namespace": gateway.namespace, "name": gateway.name, "port": port.number}],
            "rules": [{"backendRefs": [{"name": names.INGRESS_PROXY, "port": port.number}]}],
        },
    )


def topology(settings: Settings, survey: Survey) -> Topology:
    """What follows from the settings, and from the address that their Gateway has."""
    wanted = named(settings)
    return Topology(settings, (wanted and _address(survey.named.get(wanted))) or UNKNOWN_ADDRESS)


def named(settings: Settings) -> Named | None:
    """The Gateway that the settings name, if any."""
    gateway = settings.network.gateway
    return (GATEWAY, gateway.namespace, gateway.name) if gateway.namespace and gateway.name else None


def rights(settings: Settings) -> list[Right]:
    """What a user needs so that the program finds the Gateway, its listeners and its address."""
    if (wanted := named(settings)) is None:
        return []
    _, namespace, name = wanted
    return [Right(RESOURCES[GATEWAY].group, RESOURCES[GATEWAY].plural, "get", namespace, name)]


def objections(cluster: Topology, survey: Survey) -> Iterator[Mistake]:
    """Why clients could not come through the Gateway."""
    wanted = named(cluster.settings)
    if wanted is None or not cluster.uses_gateway:
        return
    _, namespace, name = wanted
    inventory = survey.inventories[cluster.namespace]
    if ROUTE in inventory.unknown_kinds:
        yield Mistake(
            _PATH,
            "the Kubernetes cluster has no TCPRoutes of version v1",
            "Install version 1.6 of the Gateway API or later, or remove it.",
            MISSING_KIND,
        )
    elif wanted not in survey.named:
        if cluster.settings.network.cluster_host is None:
            yield Mistake(
                _PATH,
                f"your user is not allowed to read {GATEWAY} {namespace}/{name}, so its address is unknown",
                f"Request the right to get it (`python -m ops rights` prints the role), or set {_HOST}.",
                MISSING_RIGHT,
            )
    elif (found := survey.named[wanted]) is None:
        yield Mistake(
            _PATH,
            f"namespace {namespace} has no {GATEWAY} {name}",
            "Create it, or correct namespace and name.",
            MISSING,
        )
    else:
        yield from _listeners(cluster, inventory, found)
        if cluster.settings.network.cluster_host is None and _address(found) is None:
            yield Mistake(
                _PATH,
                f"{GATEWAY} {namespace}/{name} has no IPv4 address and no host name yet",
                f"Wait until its controller gives it one, or set {_HOST} to the host that clients connect to.",
            )


def concerns(cluster: Topology, survey: Survey) -> Iterator[str]:
    """What deserves a warning."""
    wanted = named(cluster.settings)
    if wanted and cluster.uses_gateway and wanted not in survey.named:
        yield (
            f"{_PATH}: your user is not allowed to read {GATEWAY} {wanted[1]}/{wanted[2]}, so its listeners were not "
            "checked."
        )


def _listeners(cluster: Topology, inventory: Inventory, found: Json) -> Iterator[Mistake]:
    """Ports on which no listener takes the TCPRoutes of this namespace."""
    metadata = found["metadata"]
    here = f"{GATEWAY} {metadata['namespace']}/{metadata['name']}"
    tcp = [listener for listener in found["spec"].get("listeners") or () if listener["protocol"] == "TCP"]
    absent, closed = [], []
    for port in cluster.load_balancer_ports:
        present = [listener for listener in tcp if listener["port"] == port.number]
        if not present:
            absent.append(str(port.number))
        elif not any(_admits(listener, metadata["namespace"], cluster, inventory) for listener in present):
            closed.append(str(port.number))
    if absent:
        yield Mistake(_PATH, f"{here} has no TCP listener on port {', '.join(absent)}", "Add one to the Gateway.")
    if closed:
        yield Mistake(
            _PATH,
            f"the listeners of {here} on port {', '.join(closed)} admit no {ROUTE} of namespace {cluster.namespace}",
            "Allow it in their allowedRoutes.",
        )


def _admits(listener: Json, namespace: str, cluster: Topology, inventory: Inventory) -> bool:
    """Whether a listener takes our routes; also where only a namespace that does not exist yet could tell."""
    allowed = listener.get("allowedRoutes") or {}
    kinds = [entry["kind"] for entry in allowed.get("kinds") or ()]
    if kinds and ROUTE not in kinds:
        return False
    namespaces = allowed.get("namespaces") or {}
    match namespaces.get("from", "Same"):
        case "All":
            return True
        case "Same":
            return namespace == cluster.namespace
        case "Selector":
            itself = inventory.namespace
            return itself is None or selects(namespaces.get("selector") or {}, itself["metadata"].get("labels") or {})
        case _:
            return False


def _address(found: Json | None) -> str | None:
    """The first address in the status of a Gateway that a profile can name, which is not an IPv6 address."""
    entries = ((found or {}).get("status") or {}).get("addresses") or ()
    usual = (entry["value"] for entry in entries if entry.get("type", "IPAddress") in {"IPAddress", "Hostname"})
    return next((value for value in usual if ":" not in value), None)
