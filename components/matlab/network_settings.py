"""Settings of the ways in: ports, names, load balancer, proxies, policies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.matlab.defaults import PoolProxyResources, ProxyResources
from components.matlab.fields import Domain
from components.shared.fields import (
    Annotations,
    Bool,
    LabelKey,
    Model,
    Port,
    Positive,
    UserPort,
)
from components.shared.hosts import Cidr, Host


class LoadBalancer(Model):
    """The Service through which clients outside Kubernetes reach the cluster."""

    create: Bool = True
    """true: the stack makes it; false: Service mjs-ingress-proxy exists with the ports of docs/network.md."""
    type: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """Type of the Service. Other than LoadBalancer needs network.clusterHost."""
    load_balancer_class: LabelKey | None = Field(None, alias="class")
    """loadBalancerClass of the Service, such as service.k8s.aws/nlb; null: the cluster's default."""
    annotations: Annotations = {}
    """Annotations for the load-balancer implementation."""
    source_ranges: tuple[Cidr, ...] = ()
    """Networks that may connect; empty: every network."""
    address_timeout: Positive = 300
    """Seconds that `up` waits for the external address."""


class NetworkPolicies(Model):
    """NetworkPolicy objects. They take effect where the cluster's network plug-in enforces them."""

    enabled: Bool = True
    """true: each pod reaches, and is reached by, only what it needs."""
    worker_egress: tuple[Cidr, ...] = ("0.0.0.0/0", "::/0")
    """Networks that workers may reach for data, licences and user code; cloud metadata addresses never."""
    api_server_ports: tuple[Port, ...] | None = None
    """Ports of the Kubernetes API server, which the controller needs; null: 443, 6443, and what the cluster says."""
    dns_ports: tuple[Port, ...] | None = None
    """Ports of the pods of cluster DNS, which every pod needs; null: 53, 5353, and what the cluster says."""
    online_licensing_ports: tuple[Port, ...] = (443,)
    """Ports on which the job manager reaches MathWorks' licensing service, or the web proxy in front of it."""


class Network(Model):
    """Ports, names and the way in from outside."""

    base_port: UserPort = 27350
    """First of the job manager's ten ports."""
    cluster_host: Host | None = None
    """Host that clients connect to; null: the load balancer's own address."""
    cluster_domain: Domain = "cluster.local"
    """DNS domain of the Kubernetes cluster."""
    internal_clients_only: Bool = False
    """true: only clients inside Kubernetes; no way in from outside is made."""
    load_balancer: LoadBalancer = LoadBalancer()
    policies: NetworkPolicies = NetworkPolicies()


class ParallelServerProxy(Model):
    """The proxy that carries clients of R2026a and later through one port (SOCKS5)."""

    port: UserPort = 1080
    """Port of the proxy."""
    use_mutual_tls: Bool = Field(default=True, alias="useMutualTLS")
    """true: only holders of the cluster profile's certificate connect."""
    resources: ProxyResources = ProxyResources()


class PoolProxy(Model):
    """The proxies that carry interactive pools of clients before R2026a."""

    base_port: UserPort = 30000
    """Port of the first pool proxy; the next ones follow."""
    workers_per_pool_proxy: Positive = 32
    """Workers that share one pool proxy."""
    resources: PoolProxyResources = PoolProxyResources()


class Haproxy(Model):
    """HAProxy, the way in where more than one port has to be carried."""

    idle_timeout: Annotated[int, Field(strict=True, ge=1, le=2_147_483)] = 86400
    """Seconds without traffic after which a connection is closed. Upstream closes an idle pool after 300."""
    bind_ipv6: Bool = Field(default=True, alias="bindIPv6")
    """true: HAProxy listens on IPv4 and IPv6; false: on IPv4 alone, for nodes whose kernel has no IPv6."""
    resources: ProxyResources = ProxyResources()
