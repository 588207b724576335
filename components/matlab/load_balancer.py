"""The Service for clients outside Kubernetes, and the host that they connect to."""

from __future__ import annotations

import pulumi

from components.matlab import names
from components.matlab.manifests import proxies
from components.matlab.topology import Topology
from components.shared.address import ExternalAddress, Wanted
from components.shared.component import SKIP_AWAIT, Context, Part

REMEDY = "Install one, or set matlab.network.clusterHost to the host that clients connect to."


class LoadBalancer(Part):
    """The external address of the cluster."""

    host: pulumi.Output[str]
    """Where clients connect to; the job manager's own name where they are inside Kubernetes."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource, address: ExternalAddress) -> None:
        """Register the Service, unless it is the user's own."""
        super().__init__("clusters:matlab:LoadBalancer", "load-balancer", context, parent)
        network = cluster.settings.network
        self.objects: list[pulumi.CustomResource] = []
        host = network.cluster_host or cluster.service_host(names.JOB_MANAGER)
        self.host = pulumi.Output.from_input(host)
        if cluster.open_to_outside and network.load_balancer.create:
            # Nobody needs the provider to wait: the address is asked for below, and endpoints come with the pods.
            self.objects.append(self.add(proxies.load_balancer(cluster), annotations=SKIP_AWAIT))
        if cluster.needs_load_balancer_address:
            wanted = Wanted(cluster.namespace, names.INGRESS_PROXY, network.load_balancer.address_timeout, REMEDY)
            self.host = address(wanted, self.objects[0] if self.objects else None)
