"""Which pod may reach which: everything else is denied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from components.matlab import names
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.network_policy import (
    ANY_NAMESPACE,
    USUAL_API_SERVER_PORTS,
    USUAL_DNS_PORTS,
    block,
    default_deny,
    dns,
    open_ports,
    pods,
    pods_of,
    policy,
    tcp,
    tcp_range,
    to_anywhere,
)
from components.shared.objects import PlannedObject
from components.shared.survey import Survey

COMPONENT = "network-policies"


class Flows(NamedTuple):
    """The ingress and egress rules of a policy."""

    ingress: list[Manifest]
    egress: list[Manifest]


def objects(cluster: Topology, survey: Survey) -> Iterator[PlannedObject]:
    """One policy per kind of pod, and in a namespace of our own one that denies everything else."""
    if cluster.settings.network.policies.enabled:
        yield from (PlannedObject(item, COMPONENT) for item in _policies(cluster, survey))


def _policies(cluster: Topology, survey: Survey) -> Iterator[Manifest]:
    names_of_hosts = dns(dns_ports(cluster, survey))
    for app, (ingress, egress) in _flows(cluster, survey).items():
        yield policy(app, cluster.namespace, ingress=ingress, egress=[names_of_hosts, *egress])
    if cluster.settings.namespace.create:
        yield default_deny(cluster.namespace)


def _flows(cluster: Topology, survey: Survey) -> dict[str, Flows]:
    """What may come in and go out, by `app` label."""
    flows = {
        names.CONTROLLER: Flows([], [to_anywhere(*api_server_ports(cluster, survey))]),
        names.JOB_MANAGER: _job_manager(cluster),
        names.WORKER: _workers(cluster),
    }
    if cluster.uses_parallel_server_proxy:
        flows[cluster.parallel_server_proxy_name] = _parallel_server_proxy(cluster)
    if cluster.uses_haproxy:
        flows[names.INGRESS_PROXY] = _haproxy(cluster)
    if cluster.uses_pool_proxies:
        flows[names.POOL_PROXY] = _pool_proxies(cluster)
    return flows


def api_server_ports(cluster: Topology, survey: Survey) -> tuple[int, ...]:
    """The ports on which the controller may reach the API server."""
    given = cluster.settings.network.policies.api_server_ports
    return open_ports(given, USUAL_API_SERVER_PORTS, survey.api_server_ports)


def dns_ports(cluster: Topology, survey: Survey) -> tuple[int, ...]:
    """The ports on which every pod may ask for names."""
    return open_ports(cluster.settings.network.policies.dns_ports, USUAL_DNS_PORTS, survey.dns_ports)


def _entrance(cluster: Topology, ports: list[Manifest]) -> Manifest:
    """Clients outside Kubernetes. Their own addresses arrive only where the Service keeps them."""
    network = cluster.settings.network
    if network.gateway.pod_namespace:
        return {"from": [pods_of(network.gateway.pod_namespace)], "ports": ports}
    ranges = network.load_balancer.source_ranges
    return {**({"from": [block(cidr) for cidr in ranges]} if ranges else {}), "ports": ports}


def _manager_ports(cluster: Topology) -> list[Manifest]:
    return tcp_range(cluster.base_port, cluster.job_manager_ports[-1].number)


def _pool_ports(cluster: Topology) -> list[Manifest]:
    ports = cluster.pool_proxy_ports
    return tcp_range(ports[0].number, ports[-1].number)


def _job_manager(cluster: Topology) -> Flows:
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
    # MJS chooses the ports on which workers listen.
    egress = [{"to": [pods(names.WORKER)]}]
    if settings.ldap.url:
        egress.append(to_anywhere(*cluster.ldap_ports))
    if settings.license.use_online_licensing:
        egress.append(to_anywhere(*settings.network.policies.online_licensing_ports))
    return Flows(ingress, egress)


def _workers(cluster: Topology) -> Flows:
    # Workers of one pool connect to each other (MPI), and the job manager to them, on ports that cannot be set.
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
    return Flows(ingress, egress)


def _parallel_server_proxy(cluster: Topology) -> Flows:
    ports = tcp(cluster.parallel_server_proxy_port.number)
    clients = (
        {"from": [pods(names.INGRESS_PROXY)], "ports": ports} if cluster.uses_haproxy else _entrance(cluster, ports)
    )
    return Flows(
        [clients],
        [{"to": [pods(names.JOB_MANAGER)], "ports": _manager_ports(cluster)}, {"to": [pods(names.WORKER)]}],
    )


def _haproxy(cluster: Topology) -> Flows:
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
    return Flows([_entrance(cluster, outside)], egress)


def _pool_proxies(cluster: Topology) -> Flows:
    # Each pool proxy listens for clients on its own port, and for workers on ports that it chooses.
    ingress = [{"from": [pods(names.WORKER)]}]
    if cluster.pool_proxy_ports:
        ingress.append({"from": [pods(names.INGRESS_PROXY)], "ports": _pool_ports(cluster)})
    return Flows(ingress, [{"to": [pods(names.WORKER)]}])
