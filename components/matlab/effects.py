"""Settings of a MATLAB cluster that have no effect in the mode that follows from the others, each with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from components.matlab.settings import Settings
from components.matlab.topology import FIRST_SOCKS_RELEASE, Topology
from components.matlab.workers import FIRST_HEALTH_CHECK_RELEASE
from components.shared import effects
from components.shared.groups import has_own_repository
from components.shared.mistakes import Mistake

Reason = effects.Reason[Topology]


def _unless(condition: Callable[[Topology], bool], reason: str) -> Reason:
    return lambda cluster: None if condition(cluster) else reason


def _balancer(cluster: Topology) -> str | None:
    if reason := _service(cluster):
        return reason
    if not cluster.settings.network.load_balancer.create:
        return "matlab.network.loadBalancer.create is false, so you create the Service"
    return None


def _service(cluster: Topology) -> str | None:
    """Who creates the Service is a question only without a Gateway."""
    if cluster.uses_gateway:
        return "matlab.network.gateway.name is set, so clients come through that Gateway"
    return _OPEN(cluster)


def _gateway(cluster: Topology) -> str | None:
    unnamed = cluster.settings.network.gateway.name is None
    return _OPEN(cluster) or ("matlab.network.gateway.name is not set" if unnamed else None)


def _load_balancer_only(cluster: Topology) -> str | None:
    if reason := _balancer(cluster):
        return reason
    kind = cluster.settings.network.load_balancer.type
    return None if kind == "LoadBalancer" else f"a Service of type {kind} does not apply it"


def _policies(cluster: Topology) -> str | None:
    return None if cluster.settings.network.policies.enabled else "matlab.network.policies.enabled is false"


def _online_licensing(cluster: Topology) -> str | None:
    online = cluster.settings.license.use_online_licensing
    return _policies(cluster) or (None if online else "matlab.license.useOnlineLicensing is false")


def _own_tag(image: str, *, from_claim: Callable[[Topology], bool]) -> Reason:
    """Images from a claim keep the tag and the pull policy of the image that they replace, unless they have their own.

    `image` is the setting in `images.matlabDeps` that replaces them.
    """

    def reason(cluster: Topology) -> str | None:
        dependencies = cluster.settings.images.matlab_deps
        given = dependencies.tag if image == "tag" else "pull_policy" in dependencies.model_fields_set
        return f"matlab.images.matlabDeps.{image} replaces it" if from_claim(cluster) and given else None

    return reason


def _releases(cluster: Topology) -> str | None:
    settings = cluster.settings
    if settings.release >= FIRST_SOCKS_RELEASE or max(settings.additional_supported_releases) >= settings.release:
        return None
    return f"only a job manager of {FIRST_SOCKS_RELEASE} or later is told which older releases to serve"


def _authority(cluster: Topology) -> str | None:
    if cluster.uses_shared_secret or cluster.mutual_tls:
        return None
    return "no connection is encrypted or verified, so no pod reads it"


def _address_timeout(cluster: Topology) -> str | None:
    if cluster.needs_load_balancer_address:
        return None
    given = cluster.settings.network.cluster_host and "matlab.network.clusterHost is set"
    why = "a Gateway has one already" if cluster.uses_gateway else given
    return "nothing waits for an address" + (f", since {why}" if why else "")


def _worker_from_claim(cluster: Topology) -> bool:
    return cluster.settings.installation.claim is not None


def _manager_from_claim(cluster: Topology) -> bool:
    return cluster.job_manager_uses_claim


def _registry(cluster: Topology) -> str | None:
    own = all(has_own_repository(image) for image in cluster.images_in_use)
    return "every image has its own repository" if own else None


def _monitor(cluster: Topology) -> str | None:
    return None if cluster.settings.metrics.service_monitor else "matlab.metrics.serviceMonitor is false"


def _no_proxy(cluster: Topology) -> str | None:
    proxy = cluster.settings.network.web_proxy
    return None if proxy.http or proxy.https else "matlab.network.webProxy names no proxy"


_POOL_PROXIES: Final = _unless(
    lambda cluster: cluster.uses_pool_proxies, "no pool proxies run in this mode: they serve clients before r2026a"
)
_SOCKS: Final = _unless(
    lambda cluster: cluster.uses_parallel_server_proxy, "the parallel server proxy does not run in this mode"
)
_HAPROXY: Final = _unless(lambda cluster: cluster.uses_haproxy, "HAProxy does not run in this mode")
_OPEN: Final = _unless(
    lambda cluster: cluster.open_to_outside, "matlab.network.internalClientsOnly allows no access from outside"
)
_LDAP: Final = _unless(lambda cluster: cluster.settings.ldap.url is not None, "matlab.ldap.url is not set")
_METRICS: Final = _unless(lambda cluster: cluster.settings.metrics.export, "matlab.metrics.export is false")
_FROM_CLAIM: Final = _unless(
    _worker_from_claim,
    "matlab.installation.claim is not set, so no pod runs this image",
)
_WORKER_IMAGE: Final = _unless(
    lambda cluster: not _worker_from_claim(cluster),
    "matlab.installation.claim is set, so workers run matlab.images.matlabDeps",
)
_MANAGER_IMAGE: Final = _unless(
    lambda cluster: not cluster.job_manager_uses_claim,
    "matlab.installation.jobManagerUsesClaim is true, so the job manager runs matlab.images.matlabDeps",
)
_OWN_NAMESPACE: Final = _unless(
    lambda cluster: cluster.settings.namespace.create,
    "matlab.namespace.create is false, so the namespace keeps its own level",
)
_PASSWORDS: Final = _unless(
    lambda cluster: cluster.uses_admin_password, "MJS requires passwords only at matlab.security.level 2"
)
_SNAPSHOTS: Final = _unless(
    lambda cluster: cluster.settings.updates.snapshot.snapshot_class is not None,
    "matlab.updates.snapshot.class is not set",
)
_WORKER_CHECKS: Final = _unless(
    lambda cluster: cluster.settings.release >= FIRST_HEALTH_CHECK_RELEASE, "workers before r2024b have no health check"
)

EFFECTS: Final[dict[str, Reason]] = {
    "additionalSupportedReleases": _releases,
    "poolProxy": _POOL_PROXIES,
    "images.registry": _registry,
    "images.poolProxy": _POOL_PROXIES,
    "parallelServerProxy": _SOCKS,
    "images.parallelServerProxy": _SOCKS,
    "haproxy": _HAPROXY,
    "images.haproxy": _HAPROXY,
    "images.matlabDeps": _FROM_CLAIM,
    "images.worker.repository": _WORKER_IMAGE,
    "images.worker.digest": _WORKER_IMAGE,
    "images.worker.tag": _own_tag("tag", from_claim=_worker_from_claim),
    "images.worker.pullPolicy": _own_tag("pullPolicy", from_claim=_worker_from_claim),
    "images.jobManager.repository": _MANAGER_IMAGE,
    "images.jobManager.digest": _MANAGER_IMAGE,
    "images.jobManager.tag": _own_tag("tag", from_claim=_manager_from_claim),
    "images.jobManager.pullPolicy": _own_tag("pullPolicy", from_claim=_manager_from_claim),
    "network.clusterHost": _OPEN,
    "network.webProxy.noProxy": _no_proxy,
    "network.gateway.name": _OPEN,
    "network.gateway.namespace": _gateway,
    "network.gateway.acceptTimeout": _gateway,
    "network.gateway.podNamespace": lambda cluster: _gateway(cluster) or _policies(cluster),
    "network.loadBalancer.create": _service,
    "network.loadBalancer.type": _balancer,
    "network.loadBalancer.class": _load_balancer_only,
    "network.loadBalancer.annotations": _balancer,
    "network.loadBalancer.sourceRanges": _load_balancer_only,
    "network.loadBalancer.addressTimeout": _address_timeout,
    "network.policies.workerEgress": _policies,
    "network.policies.apiServerPorts": _policies,
    "network.policies.dnsPorts": _policies,
    "network.policies.onlineLicensingPorts": _online_licensing,
    "namespace.podSecurity": _OWN_NAMESPACE,
    "ldap.securityPrincipalFormat": _LDAP,
    "ldap.synchronizationIntervalSecs": _LDAP,
    "metrics.port": _METRICS,
    "metrics.useSecure": _METRICS,
    "metrics.serviceMonitor": _METRICS,
    "metrics.serviceMonitorLabels": _monitor,
    "security.adminPassword": _PASSWORDS,
    "security.authority": _authority,
    "probes.livenessInitialDelay": _WORKER_CHECKS,
    "updates.whenJobsRemain": _unless(
        lambda cluster: cluster.settings.updates.wait_for_jobs > 0, "matlab.updates.waitForJobs is 0"
    ),
    "updates.snapshot.class": _unless(
        lambda cluster: cluster.settings.storage.checkpoint.persistent, "matlab.storage.checkpoint.persistent is false"
    ),
    "updates.snapshot.timeout": _SNAPSHOTS,
    "updates.snapshot.keep": _SNAPSHOTS,
}
"""Config path below `matlab` (a setting, or a group with all of its settings) → why it has no effect, if so."""


def without_effect(settings: Settings) -> Iterator[Mistake]:
    """Every setting that was written and has no effect."""
    yield from effects.without_effect(settings, Topology(settings), EFFECTS, "matlab")
