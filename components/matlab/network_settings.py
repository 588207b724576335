"""Network settings: ports, host names, load balancer, proxies, policies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.matlab.defaults import PoolProxyResources, ProxyResources
from components.matlab.fields import Domain, NoProxy, ProxyUrl
from components.shared.fields import (
    Annotations,
    Bool,
    Distinct,
    DnsLabel,
    DnsName,
    LabelKey,
    Model,
    Ports,
    Positive,
    UserPort,
)
from components.shared.hosts import Cidr, Host
from components.shared.pod_settings import LabelledPods, Pods

IPFamily = Literal["IPv4", "IPv6"]


class LoadBalancer(Model):
    """The Service through which clients outside Kubernetes reach the cluster."""

    create: Bool = True
    """true: the stack creates it; false: you create Service mjs-ingress-proxy with the ports of docs/network.md."""
    type: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """Type of the Service. NodePort and ClusterIP require network.clusterHost."""
    load_balancer_class: LabelKey | None = Field(None, alias="class")
    """loadBalancerClass of the Service, such as service.k8s.aws/nlb; null: the cluster's default."""
    annotations: Annotations = {}
    """Annotations of the Service, for the load-balancer implementation."""
    source_ranges: Distinct[Cidr] = ()
    """Networks that may connect; empty: all. Only a Service of type LoadBalancer applies them."""
    address_timeout: Positive = 300
    """Seconds that `up` waits for the external address, if clusterHost is null."""


class Gateway(Model):
    """An existing Gateway of the Gateway API, in place of a load balancer; off without name (docs/network.md)."""

    name: DnsName | None = None
    """Name of the Gateway. It needs a TCP listener for each port of docs/network.md; null: no Gateway."""
    namespace: DnsLabel | None = None
    """Namespace of the Gateway. Required with name."""
    pod_namespace: DnsLabel | None = None
    """Namespace of the pods that carry its connections: NetworkPolicies then admit no others. null: any address."""
    accept_timeout: Positive = 120
    """Seconds that `up` waits until the Gateway has accepted the routes to the cluster."""


class NetworkPolicies(Model):
    """NetworkPolicy objects. They have an effect only if the cluster's network plug-in enforces them."""

    enabled: Bool = True
    """true: pods accept and open only the connections in docs/flows.md. By default, workers may connect to any
    address."""
    worker_egress: Distinct[Cidr] = ("0.0.0.0/0", "::/0")
    """Networks that workers may connect to, for data, licenses and user code. Cloud metadata addresses are always
    excluded."""
    api_server_ports: Ports | None = None
    """Ports of the Kubernetes API server, for the controller; null: 443, 6443 and the ones that the cluster reports."""
    dns_ports: Ports | None = None
    """Ports of the cluster's DNS pods, for every pod; null: 53, 5353 and the ones that the cluster reports."""
    online_licensing_ports: Ports = (443,)
    """Ports of MathWorks' licensing service, or of the web proxy in front of it, for the job manager."""


class WebProxy(Model):
    """The web proxy of the site, for programs in workers and in the job manager that read the usual variables."""

    http: ProxyUrl | None = None
    """Proxy for http:// addresses (HTTP_PROXY)."""
    https: ProxyUrl | None = None
    """Proxy for https:// addresses (HTTPS_PROXY)."""
    no_proxy: Distinct[NoProxy] = ()
    """Hosts, domains and networks that need no proxy (NO_PROXY), in addition to the pod itself and Services."""


class Network(Model):
    """Ports, host names and access from outside."""

    base_port: UserPort = 27350
    """First of the job manager's ten ports."""
    cluster_host: Host | None = None
    """Host that clients connect to; null: the address of the load balancer or of the Gateway."""
    cluster_domain: Domain = "cluster.local"
    """DNS domain of the Kubernetes cluster."""
    internal_clients_only: Bool = False
    """true: only clients inside Kubernetes can connect; no load balancer is created."""
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """IP families of every Service (ipFamilyPolicy); null: Kubernetes' default, SingleStack."""
    ip_families: Distinct[IPFamily] = ()
    """IP families of every Service, the main one first; empty: those of the cluster. The first one cannot be changed
    later."""
    web_proxy: WebProxy = WebProxy()
    load_balancer: LoadBalancer = LoadBalancer()
    gateway: Gateway = Gateway()
    policies: NetworkPolicies = NetworkPolicies()


class ParallelServerProxy(LabelledPods):
    """The proxy through which clients of R2026a and later connect, on one port (SOCKS5)."""

    port: UserPort = 1080
    """Port of the proxy."""
    use_mutual_tls: Bool = Field(default=True, alias="useMutualTLS")
    """true: only clients with the cluster profile's certificate can connect."""
    resources: ProxyResources = ProxyResources()


class PoolProxy(Pods):
    """The proxies for interactive pools of clients before R2026a.

    They have no labels of their own: the controller selects them by all of their labels, and a selector never changes.
    """

    base_port: UserPort = 30000
    """Port of the first pool proxy. The others use the ports that follow."""
    workers_per_pool_proxy: Positive = 32
    """Number of workers that share one pool proxy. With fewer, the load balancer needs more ports."""
    resources: PoolProxyResources = PoolProxyResources()


class Haproxy(LabelledPods):
    """HAProxy, through which clients connect if the cluster has more than one port."""

    idle_timeout: Annotated[int, Field(strict=True, ge=1, le=2_147_483)] = 86400
    """Seconds without traffic after which a connection is closed. Upstream closes an idle pool after 300 seconds."""
    bind_ipv6: Bool = Field(default=True, alias="bindIPv6")
    """true: HAProxy listens on IPv4 and IPv6; false: on IPv4 only, for nodes whose kernel has no IPv6."""
    resources: ProxyResources = ProxyResources()
