"""NetworkPolicies: everything is denied but the flows of one table, per component (facts §1.4, §1.6, §3)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.manifest import Manifest, manifest

Network = IPv4Network | IPv6Network

METADATA_ADDRESSES = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where clouds hand node credentials to whoever asks."""
API_SERVER_PORTS = (443, 6443)
DNS_PORT = 53
HTTPS_PORT = 443


def network_policies(cluster: Topology) -> list[Manifest]:
    """One policy per component; in an own namespace also one that denies all the rest."""
    if not cluster.settings.network.policies.enabled:
        return []
    policies = [
        _policy(cluster, names.CONTROLLER, ingress=[], egress=[_to_anywhere(*API_SERVER_PORTS)]),
        _job_manager(cluster),
        _workers(cluster),
    ]
    if cluster.uses_parallel_server_proxy:
        policies.append(_parallel_server_proxy(cluster))
    if cluster.uses_haproxy:
        policies.append(_haproxy(cluster))
    if cluster.uses_pool_proxies:
        policies.append(_pool_proxies(cluster))
    if cluster.settings.namespace.create:
        policies.append(
            manifest(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                "default-deny",
                cluster.namespace,
                spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
            )
        )
    return policies


def _job_manager(cluster: Topology) -> Manifest:
    settings, port_range = cluster.settings, _ports(cluster)
    ingress = [{"from": [_pods(names.WORKER)], "ports": port_range}]
    if not cluster.open_to_outside:
        # Clients are pods of any namespace.
        ingress.append({"from": [{"namespaceSelector": {}}], "ports": port_range})
    if cluster.uses_parallel_server_proxy:
        ingress.append({"from": [_pods(cluster.parallel_server_proxy_name)], "ports": port_range})
    if cluster.uses_haproxy:
        own = [cluster.lookup_port, cluster.job_manager_port] if cluster.uses_pool_proxies else []
        own += [cluster.metrics_port.number] if cluster.metrics_outside else []
        ingress.append({"from": [_pods(names.INGRESS_PROXY)], "ports": _tcp(*own)})
    if settings.metrics.export:
        ingress.append({"from": [{"namespaceSelector": {}}], "ports": _tcp(settings.metrics.port)})
    # Workers listen on ports of MJS's choosing.
    egress = [{"to": [_pods(names.WORKER)]}]
    if settings.ldap.url:
        egress.append(_to_anywhere(int(settings.ldap.url.rsplit(":", 1)[1])))
    if settings.license.use_online_licensing:
        egress.append(_to_anywhere(HTTPS_PORT))
    return _policy(cluster, names.JOB_MANAGER, ingress=ingress, egress=egress)


def _workers(cluster: Topology) -> Manifest:
    # Workers of one pool talk to each other (MPI), and the job manager to them, on ports that nobody fixes.
    sources = [names.WORKER, names.JOB_MANAGER]
    if cluster.uses_parallel_server_proxy:
        sources.append(cluster.parallel_server_proxy_name)
    if cluster.uses_pool_proxies:
        sources.append(names.POOL_PROXY)
    egress: list[Manifest] = [
        {"to": [_pods(names.WORKER)]},
        {"to": [_pods(names.JOB_MANAGER)], "ports": _ports(cluster)},
    ]
    if cluster.uses_pool_proxies:
        egress.append({"to": [_pods(names.POOL_PROXY)]})
    allowed = cluster.settings.network.policies.worker_egress
    if allowed:
        egress.append({"to": [_block(cidr) for cidr in allowed]})
    ingress = [{"from": [_pods(source) for source in sources]}]
    if not cluster.open_to_outside:
        # Interactive pools: clients talk to workers as the parallel server proxy does for those outside.
        ingress.append({"from": [{"namespaceSelector": {}}]})
    return _policy(cluster, names.WORKER, ingress=ingress, egress=egress)


def _parallel_server_proxy(cluster: Topology) -> Manifest:
    source: Manifest = {"from": [_pods(names.INGRESS_PROXY)]} if cluster.uses_haproxy else {}
    return _policy(
        cluster,
        cluster.parallel_server_proxy_name,
        ingress=[{**source, "ports": _tcp(cluster.parallel_server_proxy_port.number)}],
        egress=[{"to": [_pods(names.JOB_MANAGER)], "ports": _ports(cluster)}, {"to": [_pods(names.WORKER)]}],
    )


def _haproxy(cluster: Topology) -> Manifest:
    egress: list[Manifest] = []
    if cluster.uses_parallel_server_proxy:
        number = cluster.parallel_server_proxy_port.number
        egress.append({"to": [_pods(names.PARALLEL_SERVER_PROXY)], "ports": _tcp(number)})
    job_manager = [cluster.lookup_port, cluster.job_manager_port] if cluster.uses_pool_proxies else []
    job_manager += [cluster.metrics_port.number] if cluster.metrics_outside else []
    if job_manager:
        egress.append({"to": [_pods(names.JOB_MANAGER)], "ports": _tcp(*job_manager)})
    if cluster.pool_proxy_ports:
        egress.append({"to": [_pods(names.POOL_PROXY)], "ports": _pool_ports(cluster)})
    outside = _tcp(*(port.number for port in cluster.load_balancer_ports))
    return _policy(cluster, names.INGRESS_PROXY, ingress=[{"ports": outside}], egress=egress)


def _pool_proxies(cluster: Topology) -> Manifest:
    # Each listens for clients on its own port, and for workers on ports of its choosing.
    ingress = [{"from": [_pods(names.WORKER)]}]
    if cluster.pool_proxy_ports:
        ingress.append({"from": [_pods(names.INGRESS_PROXY)], "ports": _pool_ports(cluster)})
    return _policy(cluster, names.POOL_PROXY, ingress=ingress, egress=[{"to": [_pods(names.WORKER)]}])


def _policy(cluster: Topology, app: str, *, ingress: list[Manifest], egress: list[Manifest]) -> Manifest:
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        app,
        cluster.namespace,
        spec={
            "podSelector": {"matchLabels": {"app": app}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": [_dns(), *egress],
        },
    )


def _pods(app: str) -> Manifest:
    return {"podSelector": {"matchLabels": {"app": app}}}


def _tcp(*numbers: int) -> list[Manifest]:
    return [{"protocol": "TCP", "port": number} for number in numbers]


def _ports(cluster: Topology) -> list[Manifest]:
    last = cluster.job_manager_ports[-1].number
    return [{"protocol": "TCP", "port": cluster.base_port, "endPort": last}]


def _pool_ports(cluster: Topology) -> list[Manifest]:
    ports = cluster.pool_proxy_ports
    return [{"protocol": "TCP", "port": ports[0].number, "endPort": ports[-1].number}]


def _dns() -> Manifest:
    # Cluster DNS may be pods of any namespace or an address of the node.
    return {"ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]}


def _to_anywhere(*numbers: int) -> Manifest:
    return {"ports": _tcp(*numbers)}


def _block(cidr: str) -> dict[str, Any]:
    exceptions = [address for address in METADATA_ADDRESSES if _inside(ip_network(address), ip_network(cidr))]
    return {"ipBlock": {"cidr": cidr, **({"except": exceptions} if exceptions else {})}}


def _inside(inner: Network, outer: Network) -> bool:
    # The API wants exceptions strictly inside the block.
    return (
        inner.version == outer.version
        and outer.prefixlen < inner.prefixlen
        and outer.network_address <= inner.network_address <= outer.broadcast_address  # type: ignore[operator]
    )
