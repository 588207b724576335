"""The workers: what the controller needs to make their pods."""

from __future__ import annotations

import pulumi

from components.matlab.manifests import proxies, workers
from components.matlab.passwords import worker_password_mark
from components.matlab.topology import Topology
from components.shared.component import SKIP_AWAIT, Context, Part


class Workers(Part):
    """Configuration and pod templates of workers and pool proxies, and the Services that find them."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource) -> None:
        """Register everything but the pods, which belong to the controller."""
        super().__init__("clusters:matlab:Workers", "workers", context, parent)
        self.objects = [
            self.add(workers.configuration(cluster)),
            self.add(workers.template(cluster, worker_password_mark(cluster, context.stack))),
            self.add(workers.service(cluster), annotations=SKIP_AWAIT),
        ]
        if cluster.uses_pool_proxies:
            self.objects.append(self.add(proxies.pool_proxy_template(cluster)))
        for number in range(1, len(cluster.pool_proxy_ports) + 1):
            self.objects.append(self.add(proxies.pool_proxy_service(cluster, number), annotations=SKIP_AWAIT))
