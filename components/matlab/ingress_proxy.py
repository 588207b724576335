"""The programs through which clients outside Kubernetes come in: parallel server proxy and HAProxy."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.matlab.controller import START_TIMEOUT
from components.matlab.manifests import proxies
from components.matlab.topology import Topology
from components.shared.component import SKIP_AWAIT, Context, Part


class IngressProxy(Part):
    """The parallel server proxy alone, or behind HAProxy where more than one port is carried."""

    def __init__(
        self, cluster: Topology, context: Context, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
    ) -> None:
        """Register what the mode needs; the proxy's pod mounts what is in `after`."""
        super().__init__("clusters:matlab:IngressProxy", "ingress-proxy", context, parent)
        if cluster.uses_parallel_server_proxy:
            self.add(proxies.parallel_server_proxy(cluster), after=after, timeout=START_TIMEOUT)
        if cluster.uses_parallel_server_proxy and cluster.uses_haproxy:
            self.add(proxies.parallel_server_proxy_service(cluster), annotations=SKIP_AWAIT)
        if cluster.uses_haproxy:
            configuration = self.add(proxies.haproxy_config(cluster))
            self.add(proxies.haproxy(cluster), after=[configuration], timeout=START_TIMEOUT)
