"""Which pod may reach which: everything else is denied."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.network_policy import (
    ANY_NAMESPACE,
    block,
    default_deny,
    dns,
    pods,
    policy,
    tcp,
    tcp_range,
    to_anywhere,
)
from components.shared.objects import PlannedObject

COMPONENT = "network-policies"
API_SERVER_PORTS = (443, 6443)
DNS_PORTS = (53,)
HTTPS_PORT = 443


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """One policy per kind of pod, and in a namespace of our own one that denies everything else."""
    if cluster.settings.network.policies.enabled:
        yield from (PlannedObject(item, COMPONENT) for item in _policies(cluster))


def _policies(cluster: Topology) -> Iterator[Manifest]:
    yield _policy(cluster, names.CONTROLLER, ingress=[], egress=[to_anywhere(*API_SERVER_PORTS)])
    yield _job_manager(cluster)
    yield _workers(cluster)
    if cluster.uses_parallel_server_proxy:
        yield _parallel_server_proxy(cluster)
    if cluster.uses_haproxy:
        yield _haproxy(cluster)
    if cluster.uses_pool_proxies:
        yield _pool_proxies(cluster)
    if cluster.settings.namespace.create:
        yield default_deny(cluster.namespace)


def _policy(cluster: Topology, app: str, *, ingress: list[Manifest], egress: list[Manifest]) -> Manifest:
    return policy(app, cluster.namespace, ingress=ingress, egress=[dns(DNS_PORTS), *egress])


def _manager_ports(cluster: Topology) -> list[Manifest]:
    return tcp_range(cluster.base_port, cluster.job_manager_ports[-1].number)


def _pool_ports(cluster: Topology) -> list[Manifest]:
    ports = cluster.pool_proxy_ports
    return tcp_range(ports[0].number, ports[-1].number)


def _job_manager(cluster: Topology) -> Manifest:
    settings, port_range = cluster.settings, _manager_ports(cluster)
    ingress = [{"from": [pods(names.WORKER)], "ports": port_range}]
    if not cluster.open_to_outside:
        # Clients are pods of any namespace.
        ingress.append({"from": [ANY_NAMESPACE], "ports": port_range})
    if cluster.uses_parallel_server_proxy:
        ingress.append({"from": [pods(cluster.parallel_server_proxy_name)], "ports": port_range})
    if cluster.uses_haproxy:
        own = [cluster.lookup_port, cluster.job_manager_port] if cluster.uses_pool_proxies else []
        own += [cluster.metrics_port.number] if cluster.metrics_outside else []
        ingress.append({"from": [pods(names.INGRESS_PROXY)], "ports": tcp(*own)})
    if settings.metrics.export:
        ingress.append({"from": [ANY_NAMESPACE], "ports": tcp(settings.metrics.port)})
    # Workers listen on ports of MJS's choosing.
    egress = [{"to": [pods(names.WORKER)]}]
    if settings.ldap.url:
        egress.append(to_anywhere(int(settings.ldap.url.rsplit(":", 1)[1])))
    if settings.license.use_online_licensing:
        egress.append(to_anywhere(HTTPS_PORT))
    return _policy(cluster, names.JOB_MANAGER, ingress=ingress, egress=egress)


def _workers(cluster: Topology) -> Manifest:
    # Workers of one pool talk to each other (MPI), and the job manager to them, on ports that nobody fixes.
    sources = [names.WORKER, names.JOB_MANAGER]
    if cluster.uses_parallel_server_proxy:
        sources.append(cluster.parallel_server_proxy_name)
    if cluster.uses_pool_proxies:
        sources.append(names.POOL_PROXY)
    egress: list[Manifest] = [
        {"to": [pods(names.WORKER)]},
        {"to": [pods(names.JOB_MANAGER)], "ports": _manager_ports(cluster)},
    ]
    if cluster.uses_pool_proxies:
        egress.append({"to": [pods(names.POOL_PROXY)]})
    allowed = cluster.settings.network.policies.worker_egress
    if allowed:
        egress.append({"to": [block(cidr) for cidr in allowed]})
    ingress = [{"from": [pods(source) for source in sources]}]
    if not cluster.open_to_outside:
        # Interactive pools: clients talk to workers as the parallel server proxy does for those outside.
        ingress.append({"from": [ANY_NAMESPACE]})
    return _policy(cluster, names.WORKER, ingress=ingress, egress=egress)


def _parallel_server_proxy(cluster: Topology) -> Manifest:
    source: Manifest = {"from": [pods(names.INGRESS_PROXY)]} if cluster.uses_haproxy else {}
    return _policy(
        cluster,
        cluster.parallel_server_proxy_name,
        ingress=[{**source, "ports": tcp(cluster.parallel_server_proxy_port.number)}],
        egress=[{"to": [pods(names.JOB_MANAGER)], "ports": _manager_ports(cluster)}, {"to": [pods(names.WORKER)]}],
    )


def _haproxy(cluster: Topology) -> Manifest:
    egress: list[Manifest] = []
    if cluster.uses_parallel_server_proxy:
        number = cluster.parallel_server_proxy_port.number
        egress.append({"to": [pods(names.PARALLEL_SERVER_PROXY)], "ports": tcp(number)})
    job_manager = [cluster.lookup_port, cluster.job_manager_port] if cluster.uses_pool_proxies else []
    job_manager += [cluster.metrics_port.number] if cluster.metrics_outside else []
    if job_manager:
        egress.append({"to": [pods(names.JOB_MANAGER)], "ports": tcp(*job_manager)})
    if cluster.pool_proxy_ports:
        egress.append({"to": [pods(names.POOL_PROXY)], "ports": _pool_ports(cluster)})
    outside = tcp(*(port.number for port in cluster.load_balancer_ports))
    return _policy(cluster, names.INGRESS_PROXY, ingress=[{"ports": outside}], egress=egress)


def _pool_proxies(cluster: Topology) -> Manifest:
    # Each listens for clients on its own port, and for workers on ports of its choosing.
    ingress = [{"from": [pods(names.WORKER)]}]
    if cluster.pool_proxy_ports:
        ingress.append({"from": [pods(names.INGRESS_PROXY)], "ports": _pool_ports(cluster)})
    return _policy(cluster, names.POOL_PROXY, ingress=ingress, egress=[{"to": [pods(names.WORKER)]}])
