"""The Service for clients outside Kubernetes, and the host that they connect to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.matlab import names
from components.matlab.manifests import proxies
from components.matlab.topology import Topology
from components.shared.component import SKIP_AWAIT, Context, Part, wait_for


class LoadBalancer(Part):
    """The external address of the cluster."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource, found_address: str | None) -> None:
        """Register the Service, unless it is the user's own; then `found_address` is the one that it has."""
        super().__init__("clusters:matlab:LoadBalancer", "load-balancer", context, parent)
        network = cluster.settings.network
        self.objects: list[pulumi.Resource] = []
        self.host: pulumi.Output[str] = pulumi.Output.from_input(
            network.cluster_host or found_address or cluster.service_host(names.JOB_MANAGER)
        )
        if not (cluster.open_to_outside and network.load_balancer.create):
            return
        awaited = cluster.needs_load_balancer_address
        service = self.add(
            proxies.load_balancer(cluster),
            annotations=wait_for(".status.loadBalancer.ingress[0]") if awaited else SKIP_AWAIT,
            timeout=network.load_balancer.address_timeout if awaited else None,
        )
        self.objects.append(service)
        if awaited:
            self.host = service.status.apply(_address)


def _address(status: Any) -> str:
    """IP rather than host name, and the last entry of several, as the controller chooses (facts §5.3)."""
    address = external_address(status.load_balancer.ingress if status and status.load_balancer else [])
    if address is None:
        raise pulumi.RunError(f"Service {names.INGRESS_PROXY} has no external address any more; set clusterHost.")
    return address


def external_address(ingress: Sequence[Mapping[str, str]] | None) -> str | None:
    """The address in a Service's status.loadBalancer.ingress."""
    last = ingress[-1] if ingress else {}
    return last.get("ip") or last.get("hostname")
