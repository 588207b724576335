"""A DaemonSet that keeps the workers' image on the nodes, so that a worker need not wait for 25 GB."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names, pods
from components.matlab.topology import Topology
from components.matlab.workers import COMPONENT
from components.shared import security, workload
from components.shared.groups import Resources
from components.shared.manifest import Manifest, manifest, resources
from components.shared.objects import PlannedObject
from components.shared.pod_annotations import about_sidecars
from components.shared.pod_settings import LabelledPods

AMOUNTS = Resources(cpuRequest="1m", cpuLimit="10m", memoryRequest="8Mi", memoryLimit="32Mi")
"""Of a process that sleeps."""


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The DaemonSet, if the settings want it. Nothing waits for its pods: a node may be too full for the image."""
    if cluster.settings.workers.pre_pull:
        yield PlannedObject(daemon_set(cluster), COMPONENT, skip_await=True)


def daemon_set(cluster: Topology) -> Manifest:
    """One pod that does nothing on each node that workers may run on."""
    workers = cluster.settings.workers
    # Without the workers' priority class: these pods must not preempt others.
    nodes = {"nodeAffinity": workers.affinity["nodeAffinity"]} if "nodeAffinity" in workers.affinity else {}
    container: Manifest = {
        "name": names.PRE_PULL,
        "image": cluster.worker_image,
        "imagePullPolicy": cluster.worker_pull_policy,
        "command": ["/bin/sleep", "infinity"],
        "resources": resources(AMOUNTS),
        "securityContext": security.container(),
    }
    template = workload.pod_template(
        workload.app(names.PRE_PULL),
        containers=[container],
        node_selector=workers.node_selector,
        tolerated=workers.tolerations,
        # No other labels: workers may be told to stay away from pods that have them.
        group=LabelledPods(affinity=nodes, **about_sidecars(workers)),
        securityContext=security.pod(security.UNPRIVILEGED_USER),
        # The first process of a container ignores SIGTERM unless it handles the signal.
        terminationGracePeriodSeconds=0,
        **pods.pods(cluster),
    )
    return manifest(
        "apps/v1",
        "DaemonSet",
        names.PRE_PULL,
        cluster.namespace,
        labels=workload.app(names.PRE_PULL),
        spec={"selector": {"matchLabels": workload.app(names.PRE_PULL)}, "template": template},
    )
