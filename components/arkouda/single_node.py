"""A server in one pod."""

from __future__ import annotations

from collections.abc import Iterator

from components.arkouda import access, pods
from components.arkouda.defaults import NEWEST_TAG
from components.arkouda.server_settings import SingleNode
from components.arkouda.topology import Topology, ports
from components.shared import workload
from components.shared.manifest import CHECKSUM, Manifest, checksum
from components.shared.objects import PlannedObject


def objects(cluster: Topology, server: SingleNode, component: str) -> Iterator[PlannedObject]:
    """The server's objects; the pod comes last."""
    yield from pods.claim_objects(cluster, server, component)
    yield from access.objects(cluster, server, component)
    configuration = pods.configuration(cluster, server)
    yield PlannedObject(configuration, component)
    service = workload.cluster_ip(server.name, cluster.namespace, workload.app(server.name), ports(server))
    yield PlannedObject(service, component, skip_await=True)
    if server.survive_drains:
        yield PlannedObject(workload.budget(server.name, cluster.namespace), component)
    yield PlannedObject(deployment(cluster, server, configuration), component, timeout=server.start_timeout)


def deployment(cluster: Topology, server: SingleNode, configuration: Manifest) -> Manifest:
    """The pod. A second one would have none of the arrays of the first one."""
    container = pods.container(server, server.image.reference(NEWEST_TAG), pods.SERVER_SCRIPTS[0], ports=ports(server))
    return workload.deployment(
        server.name,
        cluster.namespace,
        containers=[container],
        volumes=pods.volumes(server),
        annotations={CHECKSUM: checksum(configuration["data"]), **access.pod_annotations(server)},
        strategy="Recreate",
        node_selector=server.node_selector,
        tolerated=server.tolerations,
        group=server,
        **pods.pod(cluster, server),
    )
