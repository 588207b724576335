"""The Service through which clients outside Kubernetes connect."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names
from components.matlab.topology import Topology
from components.shared import workload
from components.shared.manifest import Manifest, manifest
from components.shared.objects import PlannedObject

COMPONENT = "load-balancer"


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The Service, unless the user has made one. `up` asks for its address itself (docs/adr/0004-address.md)."""
    if cluster.uses_gateway:
        ports = cluster.load_balancer_ports
        own = workload.cluster_ip(names.INGRESS_PROXY, cluster.namespace, workload.app(names.INGRESS_PROXY), ports)
        yield PlannedObject(own, COMPONENT, skip_await=True)
    elif cluster.open_to_outside and cluster.settings.network.load_balancer.create:
        yield PlannedObject(service(cluster), COMPONENT, skip_await=True)


def service(cluster: Topology) -> Manifest:
    """The Service for clients outside Kubernetes, with exactly the ports of the mode."""
    balancer = cluster.settings.network.load_balancer
    external = balancer.type == "LoadBalancer"
    spec: Manifest = {
        "type": balancer.type,
        "selector": workload.app(names.INGRESS_PROXY),
        "ports": workload.service_ports(cluster.load_balancer_ports, node_ports=balancer.type == "NodePort"),
    }
    if external and balancer.source_ranges:
        spec["loadBalancerSourceRanges"] = list(balancer.source_ranges)
        # The NetworkPolicy enforces the ranges too, for those who go through a node port: it must see the clients'
        # own addresses, which nodes otherwise replace with theirs.
        spec["externalTrafficPolicy"] = "Local"
    if external and balancer.load_balancer_class:
        spec["loadBalancerClass"] = balancer.load_balancer_class
    return manifest(
        "v1",
        "Service",
        names.INGRESS_PROXY,
        cluster.namespace,
        labels=workload.app(names.INGRESS_PROXY),
        annotations=balancer.annotations,
        spec=spec,
    )
