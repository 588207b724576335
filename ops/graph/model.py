"""The graph of a stack: its workloads, and the connections that its NetworkPolicies allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from components.shared.manifest import Manifest
from components.shared.network_flows import ALL, ALL_PODS, ANYWHERE, OTHER_PODS, Flow, Ports, flows
from components.shared.objects import PlannedObject
from components.stack import StackConfig
from ops.planned import planned_namespaces

POD_KINDS: Final = ("Deployment", "StatefulSet", "Job")
EVERYWHERE: Final = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Node:
    """Pods with one `app` label, or a peer outside the namespace."""

    name: str
    about: str
    """What it is, in a few words; empty for a peer."""


@dataclass(frozen=True)
class Edge:
    """A connection that may be opened, from source to target."""

    source: str
    target: str
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A namespace of the stack."""

    namespace: str
    system: str
    nodes: tuple[Node, ...]
    callers: tuple[Node, ...]
    """Peers outside that open connections."""
    called: tuple[Node, ...]
    """Peers outside that connections are opened to."""
    edges: tuple[Edge, ...]
    every_pod: tuple[str, ...]
    """Ports on which every pod may reach any address."""
    kept: tuple[str, ...]
    """Claims that a destroy keeps."""
    open: bool
    """There are no NetworkPolicies, so every connection is allowed."""

    def json(self) -> dict[str, Any]:
        """The place as JSON."""
        return asdict(self)


def places(stack: StackConfig) -> list[Place]:
    """Every namespace of the stack, in the order of deployment."""
    return [_place(one.system, one.name, one.objects) for one in planned_namespaces(stack)]


def _place(system: str, namespace: str, planned: Sequence[PlannedObject]) -> Place:
    policies = [item.manifest for item in planned if item.manifest["kind"] == "NetworkPolicy"]
    selected = [item["spec"]["podSelector"]["matchLabels"]["app"] for item in policies if item["spec"]["podSelector"]]
    kinds = _kinds(planned)
    names = list(dict.fromkeys([*selected, *kinds]))
    found = flows(policies)
    everybody = _of_everybody(found, names)
    links = _links(flow for flow in found if not (flow.target == ANYWHERE and flow.ports in everybody))
    peers = {end for edge in links for end in (edge.source, edge.target)} - {*names}
    return Place(
        namespace,
        system,
        tuple(Node(name, _about(name, kinds, planned)) for name in names),
        _peers(peers & {edge.source for edge in links}),
        _peers(peers & {edge.target for edge in links}),
        links,
        tuple(str(ports) for ports in sorted(everybody)),
        tuple(name for item in planned if item.protect for kind, name in [item.key] if kind == "PersistentVolumeClaim"),
        open=not policies,
    )


def _peers(names: Iterable[str]) -> tuple[Node, ...]:
    return tuple(Node(name, "") for name in sorted(names))


def _kinds(planned: Sequence[PlannedObject]) -> dict[str, str]:
    """The kind of the workload of each `app` label; pods that a controller makes from a template have none."""
    found: dict[str, str] = {}
    for item in planned:
        template = item.pod_template or _template(item.manifest)
        if label := (template.get("metadata") or {}).get("labels", {}).get("app"):
            found.setdefault(label, item.key[0] if item.key[0] in POD_KINDS else "")
    return found


def _template(manifest: Manifest) -> Manifest:
    if manifest["kind"] not in POD_KINDS:
        return {}
    template: Manifest = manifest["spec"]["template"]
    return template


def _about(name: str, kinds: Mapping[str, str], planned: Sequence[PlannedObject]) -> str:
    routed = {
        backend["name"]
        for item in planned
        if item.key[0] == "TCPRoute"
        for rule in item.manifest["spec"]["rules"]
        for backend in rule["backendRefs"]
    }
    for item in planned:
        kind, own = item.key
        if kind == "Service" and item.manifest["spec"].get("selector", {}).get("app") == name:
            balanced = "load balancer" if item.manifest["spec"].get("type") == "LoadBalancer" else None
            if way_in := "Gateway" if own in routed else balanced:
                return f"{kinds.get(name) or 'pods'}, {way_in}"
    return kinds.get(name) or "pods on demand"


def _of_everybody(found: Iterable[Flow], names: Sequence[str]) -> set[Ports]:
    ways = {name: {flow.ports for flow in found if (flow.source, flow.target) == (name, ANYWHERE)} for name in names}
    senders = [ports for ports in ways.values() if ports]
    return set.intersection(*senders) if len(senders) == len(names) and senders else set()


def _links(found: Iterable[Flow]) -> tuple[Edge, ...]:
    """One edge for each pair. IPv4 and IPv6 blocks that leave out only metadata addresses count as any address."""
    ports: dict[tuple[str, str], set[Ports]] = {}
    for flow in found:
        ports.setdefault((end_name(flow.source), end_name(flow.target)), set()).add(flow.ports)
    return tuple(Edge(*ends, _words(every)) for ends, every in sorted(ports.items()))


def end_name(name: str) -> str:
    """What the picture calls an end of a flow; pods of the stack keep their name."""
    if name.split(" except ", maxsplit=1)[0] in EVERYWHERE or name == ANYWHERE:
        return "any address"
    return {ALL_PODS: "other namespaces", OTHER_PODS: "pods of this namespace"}.get(name, name.removeprefix("pods of "))


def _words(ports: set[Ports]) -> tuple[str, ...]:
    """Ports in words; neighbours are one range, since every pool proxy has a port of its own."""
    if set(ALL) <= ports:
        return ("all ports",)
    ranges: list[Ports] = []
    for one in sorted(ports):
        last = ranges[-1] if ranges else None
        if last and last.protocol == one.protocol and one.first <= last.last + 1:
            ranges[-1] = Ports(one.protocol, last.first, max(last.last, one.last))
        else:
            ranges.append(one)
    return tuple(map(str, ranges))
