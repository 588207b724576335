"""Every Kubernetes object of a MATLAB cluster, in the order in which it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from components.matlab import (
    controller,
    credentials,
    gateway,
    haproxy,
    job_manager,
    load_balancer,
    metrics,
    names,
    network_policies,
    parallel_server_proxy,
    passwords,
    pool_proxies,
    pre_pull,
    storage,
    workers,
)
from components.matlab.topology import Topology
from components.shared import namespace
from components.shared.objects import Fingerprint, PlannedObject, by_key
from components.shared.survey import NOTHING, Survey

COMPONENTS: Final[Mapping[str, str]] = {
    namespace.COMPONENT: "clusters:matlab:Namespace",
    network_policies.COMPONENT: "clusters:matlab:NetworkPolicies",
    storage.COMPONENT: "clusters:matlab:Storage",
    passwords.COMPONENT: "clusters:matlab:Passwords",
    credentials.COMPONENT: "clusters:matlab:Credentials",
    load_balancer.COMPONENT: "clusters:matlab:LoadBalancer",
    workers.COMPONENT: "clusters:matlab:Workers",
    job_manager.COMPONENT: "clusters:matlab:JobManager",
    haproxy.COMPONENT: "clusters:matlab:IngressProxy",
    controller.COMPONENT: "clusters:matlab:Controller",
}
"""Name and Pulumi type of each component. They are part of every URN, so they never change."""


def objects(cluster: Topology, fingerprint: Fingerprint, survey: Survey = NOTHING) -> list[PlannedObject]:
    """All objects; `survey` is what the Kubernetes cluster tells about itself."""
    return list(by_key(_with_families(cluster, _in_order(cluster, fingerprint, survey))).values())


def _with_families(cluster: Topology, planned: Iterator[PlannedObject]) -> Iterator[PlannedObject]:
    """Give every Service the IP families of the settings (https://kubernetes.io/docs/concepts/services-networking/dual-stack/)."""
    network = cluster.settings.network
    families = {"ipFamilyPolicy": network.ip_family_policy, "ipFamilies": list(network.ip_families)}
    given = {name: value for name, value in families.items() if value}
    for item in planned:
        if item.manifest["kind"] == "Service":
            item.manifest["spec"].update(given)
        yield item


def _in_order(cluster: Topology, fingerprint: Fingerprint, survey: Survey) -> Iterator[PlannedObject]:
    yield from namespace.objects(cluster.settings.namespace, names.SYSTEM)
    yield from network_policies.objects(cluster, survey)
    yield from storage.objects(cluster)
    yield from passwords.objects(cluster)
    entrance = [*load_balancer.objects(cluster), *gateway.objects(cluster)]
    yield from entrance
    secrets = list(credentials.objects(cluster))
    yield from secrets
    yield from job_manager.objects(cluster, fingerprint)
    yield from metrics.objects(cluster, survey)
    made_by_controller = [*workers.objects(cluster, fingerprint), *pool_proxies.objects(cluster)]
    yield from made_by_controller
    yield from pre_pull.objects(cluster)
    yield from parallel_server_proxy.objects(cluster)
    yield from haproxy.objects(cluster)
    # The controller comes last: it creates credentials and the profile itself if it does not find them.
    needed = [*entrance, *secrets, *made_by_controller]
    yield from controller.objects(cluster, [item.key for item in needed], pool_proxies.existing(cluster, survey))
