"""Rules about ports, the entrance, metrics and policies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence

from components.matlab import names
from components.matlab.fields import proxy_host, proxy_port
from components.matlab.settings import Settings
from components.matlab.topology import JOB_MANAGER_PORTS, Mode, Topology
from components.shared.fields import HIGHEST_PORT
from components.shared.hosts import LONGEST_NAME, reaches, share
from components.shared.mistakes import Mistake, Rule, no_effect
from components.shared.network_policy import metadata_networks

FIRST_METRICS_RELEASE = "r2024b"
OPEN_SHARE = {4: 2**-6, 6: 2**-12}
"""Share of all addresses from which source ranges no longer keep anybody out: four /8, or the /12 of a whole continent
(https://www.iana.org/assignments/ipv6-unicast-address-assignments)."""


def _load_balancer_collisions(cluster: Topology) -> Iterator[Mistake]:
    owners = {
        cluster.parallel_server_proxy_port.name: "matlab.parallelServerProxy.port",
        cluster.metrics_port.name: "matlab.metrics.port",
    }
    seen: dict[int, str] = {}
    for port in cluster.load_balancer_ports:
        if port.number in seen:
            yield Mistake(
                owners.get(port.name, "matlab.poolProxy.basePort"),
                f"the load balancer needs port {port.number} for both {seen[port.number]} and {port.name}",
                "Give each load-balancer port a unique number (docs/network.md).",
            )
            return
        seen[port.number] = port.name


def _ports(settings: Settings) -> Iterator[Mistake]:
    cluster = Topology(settings)
    last = cluster.base_port + JOB_MANAGER_PORTS - 1
    if last > HIGHEST_PORT:
        yield Mistake(
            "matlab.network.basePort",
            f"the job manager needs ten ports, and {cluster.base_port} leaves no room below {HIGHEST_PORT}",
            f"Write {HIGHEST_PORT - JOB_MANAGER_PORTS + 1} or less.",
        )
    if settings.metrics.export and cluster.base_port <= settings.metrics.port <= last:
        yield Mistake(
            "matlab.metrics.port",
            f"{settings.metrics.port} is one of the job manager's ports, {cluster.base_port} to {last}",
            "Write a port outside that range.",
        )
    if cluster.pool_proxy_ports and cluster.pool_proxy_ports[-1].number > HIGHEST_PORT:
        count = len(cluster.pool_proxy_ports)
        yield Mistake(
            "matlab.poolProxy.basePort",
            f"{settings.workers.max} workers need {count} pool proxies, and their ports go beyond {HIGHEST_PORT}",
            f"Write {HIGHEST_PORT - count + 1} or less, or raise matlab.poolProxy.workersPerPoolProxy.",
        )
    yield from _load_balancer_collisions(cluster)


def _metrics(settings: Settings) -> Iterator[Mistake]:
    metrics, path = settings.metrics, "matlab.metrics"
    release = settings.images.job_manager.tag or settings.release
    if metrics.export and re.fullmatch(r"r20\d\d[ab]", release) and release < FIRST_METRICS_RELEASE:
        yield Mistake(
            f"{path}.export",
            f"needs a job manager of r2024b or later, but this one is {release}",
            "Set matlab.images.jobManager.tag to r2024b or later, or export to false.",
        )
    if metrics.open_port_outside_kubernetes and not metrics.export:
        yield Mistake(
            f"{path}.openPortOutsideKubernetes",
            "is true, but no metrics are exported",
            f"Set {path}.export to true, or remove this.",
        )
    if metrics.open_port_outside_kubernetes and settings.network.internal_clients_only:
        yield Mistake(
            f"{path}.openPortOutsideKubernetes",
            "is true, but matlab.network.internalClientsOnly allows no access from outside",
            "Set one of the two to false.",
        )
    if metrics.bring_own_certificates and not (metrics.export and metrics.use_secure):
        yield no_effect(
            f"{path}.bringOwnCertificates",
            "no metrics are exported over HTTPS",
            f"Set {path}.export and {path}.useSecure to true, or remove this.",
        )


def _way_in(settings: Settings) -> Iterator[Mistake]:
    cluster, network = Topology(settings), settings.network
    balancer = network.load_balancer
    if cluster.uses_parallel_server_proxy and not cluster.mutual_tls:
        yield from _open_relay(cluster)
    if cluster.mode is Mode.NO_PROXY:
        return
    if cluster.uses_gateway:
        if network.gateway.namespace is None:
            yield Mistake(
                "matlab.network.gateway.namespace", "is required with name", "Write the namespace of the Gateway."
            )
        return
    if balancer.create and balancer.type != "LoadBalancer" and not network.cluster_host:
        yield Mistake(
            "matlab.network.clusterHost",
            f"is required with a Service of type {balancer.type}, which gets no address that clients could use",
            "Write the host name or IP address that clients connect to.",
        )
    if balancer.type == "NodePort" and balancer.create:
        for port in cluster.load_balancer_ports:
            if not 30000 <= port.number <= 32767:  # noqa: PLR2004 - Kubernetes' default range for node ports
                yield Mistake(
                    "matlab.network.loadBalancer.type",
                    f"NodePort cannot carry port {port.number}: clients use the same number inside and outside, and "
                    "node ports are between 30000 and 32767",
                    "Write ports in that range, or type: LoadBalancer.",
                )


def _open_relay(cluster: Topology) -> Iterator[Mistake]:
    """Without mutual TLS, the proxy connects everyone who reaches it to any address inside the cluster (B37).

    Source ranges protect it only if something applies them: a load balancer that the stack creates.
    """
    path, remedy = "matlab.parallelServerProxy.useMutualTLS", "Set it to true."
    balancer = cluster.settings.network.load_balancer
    problem = "is false, so anyone who reaches the proxy can connect to any address inside the cluster"
    if cluster.uses_gateway:
        yield Mistake(path, f"{problem}, and this program cannot limit who reaches a Gateway", remedy)
    elif not balancer.create:
        yield Mistake(path, f"{problem}, and this program cannot limit who reaches a Service that you create", remedy)
    elif balancer.type != "LoadBalancer":
        where = "on every node" if balancer.type == "NodePort" else "from every pod"
        yield Mistake(path, f"{problem}, and a Service of type {balancer.type} is reachable {where}", remedy)
    elif not balancer.source_ranges:
        yield Mistake(
            path,
            problem,
            "Set it to true, or list the networks of your users in matlab.network.loadBalancer.sourceRanges.",
        )
    elif wide := _nearly_everything(balancer.source_ranges):
        yield Mistake(
            "matlab.network.loadBalancer.sourceRanges",
            f"cover {wide}, so they do not protect a proxy without mutual TLS",
            "List the networks of your users only, or set matlab.parallelServerProxy.useMutualTLS to true.",
        )


def _nearly_everything(ranges: Sequence[str]) -> str | None:
    """Which family of addresses the ranges open to nearly everybody, together."""
    for version, limit in OPEN_SHARE.items():
        if (covered := share(ranges, version)) >= limit:
            part = f"{covered:.0%} of all" if covered >= OPEN_SHARE[4] else "a continent's share of all"
            return f"{part} IPv{version} addresses"
    return None


def _host(settings: Settings) -> Iterator[Mistake]:
    host, domain = (settings.network.cluster_host or "").lower(), settings.network.cluster_domain
    if host.endswith((".svc", f".svc.{domain}")):
        yield Mistake(
            "matlab.network.clusterHost",
            f"{host} is the name of a Service, which clients outside Kubernetes cannot resolve",
            "Write the name or address that they connect to, or set matlab.network.internalClientsOnly to true.",
        )
    if "svc" in domain.split("."):
        yield Mistake(
            "matlab.network.clusterDomain",
            f"{domain} contains svc, which precedes the cluster's domain and is not part of it",
            "Write the domain of the Kubernetes cluster, such as cluster.local.",
        )


def _policies(settings: Settings) -> Iterator[Mistake]:
    yield from metadata_networks("matlab.network.policies.workerEgress", settings.network.policies.worker_egress)


def _names(settings: Settings) -> Iterator[Mistake]:
    longest = f"{names.WORKER}-{settings.workers.max}-00000.{Topology(settings).service_host(names.WORKERS)}"
    if len(longest) > LONGEST_NAME:
        yield Mistake(
            "matlab.network.clusterDomain",
            f"is too long: host names of workers would have {len(longest)} characters, but DNS allows {LONGEST_NAME}",
            "Write the domain of the Kubernetes cluster, such as cluster.local.",
        )


def _families(settings: Settings) -> Iterator[Mistake]:
    network = settings.network
    if len(network.ip_families) > 1 and network.ip_family_policy not in {"PreferDualStack", "RequireDualStack"}:
        yield Mistake(
            "matlab.network.ipFamilies",
            "lists two families, but Services get one",
            "Set matlab.network.ipFamilyPolicy to PreferDualStack or RequireDualStack, or list one.",
        )

    wants_ipv6 = "IPv6" in network.ip_families or network.ip_family_policy == "RequireDualStack"
    if wants_ipv6 and Topology(settings).uses_haproxy and not settings.haproxy.bind_ipv6:
        yield Mistake(
            "matlab.haproxy.bindIPv6",
            "is false, but the Services have IPv6 addresses, on which HAProxy would not listen",
            "Set it to true, or remove IPv6 from matlab.network.ipFamilies and ipFamilyPolicy.",
        )


def _web_proxy(settings: Settings) -> Iterator[Mistake]:
    """Workers reach the proxy only inside their networks, and the job manager only on the ports of its policy."""
    https, policies = settings.network.web_proxy.https, settings.network.policies
    given = {"http": settings.network.web_proxy.http, "https": https}
    for name, url in given.items():
        if url and policies.enabled and reaches(policies.worker_egress, proxy_host(url)) is False:
            yield Mistake(
                f"matlab.network.webProxy.{name}",
                f"{proxy_host(url)} is outside matlab.network.policies.workerEgress, so no worker could reach it",
                f"Add {ipaddress.ip_network(proxy_host(url))} to workerEgress.",
            )
    if not (https and policies.enabled and settings.license.use_online_licensing):
        return
    port = proxy_port(https)
    if port not in policies.online_licensing_ports:
        yield Mistake(
            "matlab.network.webProxy.https",
            f"is on port {port}, which matlab.network.policies.onlineLicensingPorts does not allow",
            f"Add {port} there.",
        )


RULES: tuple[Rule[Settings], ...] = (
    _host,
    _names,
    _ports,
    _metrics,
    _way_in,
    _families,
    _web_proxy,
    _policies,
)


MANY_PORTS = 50
"""Listeners of a Network Load Balancer of AWS, unless its quota was raised."""


def network_warnings(settings: Settings) -> Iterator[str]:
    """What some load balancers or clients cannot do."""
    cluster, network = Topology(settings), settings.network
    count = len(cluster.load_balancer_ports)
    if count > MANY_PORTS and not cluster.uses_gateway:
        yield (
            f"matlab.poolProxy.workersPerPoolProxy: the load balancer needs {count} ports, but some clouds allow "
            f"only {MANY_PORTS}. Raise this setting to need fewer ports."
        )
    ranges = network.load_balancer.source_ranges
    versions = {ipaddress.ip_network(cidr).version for cidr in ranges}
    if len(network.ip_families) == 1 and network.ip_family_policy in (None, "SingleStack") and ranges:
        (family,) = network.ip_families
        if int(family[-1]) not in versions:
            yield (
                f"matlab.network.loadBalancer.sourceRanges: contains no {family} network, but the Service has only "
                f"{family} addresses."
            )
