"""Which connections a set of NetworkPolicies allows: the policies as Kubernetes evaluates them, without a cluster.

A connection between two pods needs a rule at both ends
(https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from components.shared.fields import HIGHEST_PORT
from components.shared.manifest import Manifest
from components.shared.network_policy import ANY_NAMESPACE, ANY_POD, NAMESPACE_NAME, pods

ANYWHERE: Final = "anywhere"
ALL_PODS: Final = "pods of any namespace"
OTHER_PODS: Final = "other pods of the namespace"


class Ports(NamedTuple):
    """A range of ports, both ends included."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        protocol = "" if self.protocol == "TCP" else f" {self.protocol}"
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return ("all" if (self.first, self.last) == (1, HIGHEST_PORT) else numbers) + protocol


ALL: Final = tuple(Ports(protocol, 1, HIGHEST_PORT) for protocol in ("TCP", "UDP", "SCTP"))


class Flow(NamedTuple):
    """An allowed connection. Source and target are `app` labels, address blocks, or others' pods in words."""

    source: str
    target: str
    ports: Ports


def flows(policies: Iterable[Manifest]) -> set[Flow]:
    """Every flow that the policies of one namespace allow between its pods, and with anything else."""
    rules = {
        item["spec"]["podSelector"]["matchLabels"]["app"]: item["spec"]
        for item in policies
        if item["spec"]["podSelector"]
    }
    found: set[Flow] = set()
    for app, spec in rules.items():
        for rule in spec.get("ingress", ()):
            found |= {Flow(peer, app, ports) for peer in _strangers(rule.get("from")) for ports in _ports(rule)}
        for rule in spec.get("egress", ()):
            found |= {Flow(app, peer, ports) for peer in _strangers(rule.get("to")) for ports in _ports(rule)}
    for source, target in ((source, target) for source in rules for target in rules):
        found |= {Flow(source, target, ports) for ports in _between(source, rules[source], target, rules[target])}
    return {flow for flow in found if not any(_covers(other, flow) for other in found)}


def _between(source: str, egress: Manifest, target: str, ingress: Manifest) -> Iterator[Ports]:
    """The ports that a rule of each side allows."""
    out, into = egress.get("egress", ()), ingress.get("ingress", ())
    ways_out = [ports for rule in out if _matches(rule.get("to"), target) for ports in _ports(rule)]
    ways_in = [ports for rule in into if _matches(rule.get("from"), source) for ports in _ports(rule)]
    for one in ways_out:
        for other in ways_in:
            first, last = max(one.first, other.first), min(one.last, other.last)
            if one.protocol == other.protocol and first <= last:
                yield Ports(one.protocol, first, last)


def _matches(peers: Sequence[Manifest] | None, app: str) -> bool:
    """Whether a pod of this namespace is among the peers. Its address may be in any block."""
    if not peers:
        return True
    return any(peer in (ANY_POD, ANY_NAMESPACE, pods(app)) or "ipBlock" in peer for peer in peers)


def _strangers(peers: Sequence[Manifest] | None) -> Iterator[str]:
    """The peers that are not pods of this namespace."""
    if not peers:
        yield ANYWHERE
    for peer in peers or ():
        if peer == ANY_NAMESPACE:
            yield ALL_PODS
        elif "ipBlock" in peer:
            block = peer["ipBlock"]
            yield " except ".join([block["cidr"], *(", ".join(block["except"]) for _ in range("except" in block))])
        elif "namespaceSelector" in peer:
            yield f"pods of namespace {' or '.join(_names(peer['namespaceSelector']))}"
        elif peer == ANY_POD:
            yield OTHER_PODS


def _names(selector: Manifest) -> list[str]:
    """The namespaces that a selector by name selects. Raises KeyError and ValueError for any other selector."""
    (condition,) = selector["matchExpressions"]
    if (condition["key"], condition["operator"]) != (NAMESPACE_NAME, "In"):
        raise ValueError(f"{selector} does not select namespaces by name")
    return list(condition["values"])


def _ports(rule: Manifest) -> Iterator[Ports]:
    if "ports" not in rule:
        yield from ALL
    for port in rule.get("ports", ()):
        yield Ports(port["protocol"], port["port"], port.get("endPort", port["port"]))


def _covers(wide: Flow, narrow: Flow) -> bool:
    """Whether a flow says nothing that another does not say too."""
    return (
        wide != narrow
        and wide[:2] == narrow[:2]
        and wide.ports.protocol == narrow.ports.protocol
        and wide.ports.first <= narrow.ports.first
        and narrow.ports.last <= wide.ports.last
    )
