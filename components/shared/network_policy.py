"""NetworkPolicies: peers, ports and address blocks, and a policy that allows only what it lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from components.shared.manifest import Manifest, manifest
from components.shared.mistakes import Mistake

METADATA_ADDRESSES = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where clouds hand out the credentials of a node to anybody who asks."""
USUAL_API_SERVER_PORTS = (443, 6443)
USUAL_DNS_PORTS = (53, 5353)
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label with its own name that Kubernetes gives to every namespace."""
ANY_NAMESPACE: Manifest = {"namespaceSelector": {}}
"""Every pod of every namespace, as a peer."""
ANY_POD: Manifest = {"podSelector": {}}
"""Every pod of the same namespace, as a peer."""


def open_ports(given: Sequence[int] | None, usual: Sequence[int], found: Sequence[int] | None) -> tuple[int, ...]:
    """The ports that a setting gives; without it the usual ones and those that the Kubernetes cluster reports."""
    return tuple(sorted(set(given if given is not None else (*usual, *(found or ())))))


def closed_ports(path: str, what: str, given: Sequence[int] | None, found: Sequence[int] | None) -> Iterator[str]:
    """A warning for ports of `what` that the policies close, or that nobody could check. `path` is the setting."""
    if found is None and given is None:
        yield (
            f"{path}: your user is not allowed to read the endpoints of {what}, so the usual ports are opened; "
            "write the ports if your cluster uses others."
        )
    elif found is not None and given is not None and (closed := sorted(set(found) - set(given))):
        ports = ", ".join(map(str, closed))
        yield f"{path}: {what} listens on {ports}, which the NetworkPolicies block; add them, or remove the setting."


def policy(app: str, namespace: str, *, ingress: Sequence[Manifest], egress: Sequence[Manifest]) -> Manifest:
    """Allows the pods with label `app` exactly these flows."""
    rules = {"ingress": list(ingress), "egress": list(egress)}
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        app,
        namespace,
        spec={
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Ingress", "Egress"],
            # Kubernetes stores no empty list, so a GitOps tool that applies one would write it again at every sync.
            **{direction: given for direction, given in rules.items() if given},
        },
    )


def default_deny(namespace: str, name: str = "default-deny") -> Manifest:
    """Denies every flow of every pod in the namespace that no other policy allows."""
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        namespace,
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    )


def pods(app: str) -> Manifest:
    """The pods of the same namespace with label `app`, as a peer."""
    return {"podSelector": {"matchLabels": {"app": app}}}


def pods_of(*namespaces: str) -> Manifest:
    """The pods of other namespaces, as a peer."""
    condition = {"key": NAMESPACE_NAME, "operator": "In", "values": list(namespaces)}
    return {"namespaceSelector": {"matchExpressions": [condition]}}


def tcp(*numbers: int) -> list[Manifest]:
    """Single TCP ports, one at least. Raises ValueError for none, which Kubernetes would read as every port."""
    if not numbers:
        raise ValueError("a rule without ports opens every port")
    return [{"protocol": "TCP", "port": number} for number in numbers]


def tcp_range(first: int, last: int) -> list[Manifest]:
    """A range of TCP ports, both ends included."""
    return [{"protocol": "TCP", "port": first, "endPort": last}]


def to_anywhere(*numbers: int) -> Manifest:
    """Egress to any address, on these TCP ports."""
    return {"ports": tcp(*numbers)}


def dns(ports: Iterable[int]) -> Manifest:
    """Egress to name servers: they may be pods of any namespace, or an address of the node."""
    return {"ports": [{**port, "protocol": protocol} for port in tcp(*ports) for protocol in ("UDP", "TCP")]}


def block(cidr: str) -> dict[str, Any]:
    """The addresses of a network, as a peer, without the metadata addresses of clouds."""
    network = ip_network(cidr)
    exceptions = [address for address in METADATA_ADDRESSES if _strictly_inside(ip_network(address), network)]
    return {"ipBlock": {"cidr": cidr, **({"except": exceptions} if exceptions else {})}}


def metadata_networks(path: str, networks: Sequence[str]) -> Iterator[Mistake]:
    """Networks at `path` that are nothing but a metadata address: without it, nothing is left of them."""
    for index, cidr in enumerate(networks):
        if cidr in METADATA_ADDRESSES:
            yield Mistake(
                f"{path}[{index}]",
                f"{cidr} is the address at which clouds give a node's credentials to any process",
                "Remove it.",
            )


def _strictly_inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    # The API server accepts an exception only where it is smaller than the block itself.
    return (
        inner.version == outer.version
        and outer.prefixlen < inner.prefixlen
        and outer.network_address <= inner.network_address <= outer.broadcast_address  # type: ignore[operator]
    )
