"""Rules about more than one setting. Several of them prevent bugs of upstream (docs/hazards.md)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from components.matlab import names, rules_access, rules_environment, rules_network, topology
from components.matlab.effects import without_effect
from components.matlab.settings import Settings
from components.shared import rules_pods
from components.shared.fields import covers
from components.shared.floors import LEAST_QUOTA, SMALL_PROGRAM, Floor, too_low
from components.shared.groups import AccessMode
from components.shared.mistakes import Mistake, Rule, dotted, no_effect
from components.shared.node_labels import ARCHITECTURE_LABELS
from components.shared.quantities import quantity

RESTRICTED = "restricted"
NO_WORKER_STARTS = "is restricted, and MATLAB's workers start as root, so none of them would run"
"""Only the controller sees that the pods are rejected; the deployment itself looks healthy."""
OWNED = rules_pods.Owned(frozenset({names.KUEUE_QUEUE}), prefixes=("mjs/",))
"""What the controller reads in a template and adds to pods (docs/upstream.md#templates), and what has a setting."""
RESERVED_MOUNTS = ("/mjs", "/opt/matlab", "/opt/additionalmatlab", "/usr/local/share/matlab/mjs/java", "/cert", "/tmp")  # noqa: S108


def _workers(settings: Settings) -> Iterator[Mistake]:
    workers = settings.workers
    if workers.min > workers.max:
        # The controller would create min workers, beyond the maximum and the pool proxies (B12).
        yield Mistake(
            "matlab.workers.min",
            f"{workers.min} is more than matlab.workers.max, {workers.max}",
            "Lower min or raise max.",
        )


def _pod_security(settings: Settings) -> Iterator[Mistake]:
    if settings.namespace.pod_security == RESTRICTED:
        yield Mistake("matlab.namespace.podSecurity", NO_WORKER_STARTS, "Write baseline.")


def _releases(settings: Settings) -> Iterator[Mistake]:
    path = "matlab.additionalSupportedReleases"
    for index, release in enumerate(settings.additional_supported_releases):
        if release == settings.release:
            yield Mistake(f"{path}[{index}]", f"{release} is the cluster's own release", "Remove it.")
        elif release > settings.release:
            yield Mistake(
                f"{path}[{index}]",
                f"{release} is newer than matlab.release, {settings.release}",
                "Set matlab.release to the newest release and list the older ones.",
            )


def _claims(settings: Settings) -> Iterator[Mistake]:
    if settings.installation.job_manager_uses_claim and not settings.installation.claim:
        yield no_effect(
            "matlab.installation.jobManagerUsesClaim",
            "matlab.installation.claim is not set",
            "Set matlab.installation.claim, or remove this.",
        )


def _mounts(settings: Settings) -> Iterator[Mistake]:
    workers, manager = settings.workers, settings.job_manager
    groups: dict[str, dict[str, dict[str, str]]] = {
        "workers": {"claims": workers.claims, "configMaps": workers.config_maps, "secrets": workers.secrets},
        "jobManager": {"configMaps": manager.config_maps, "secrets": manager.secrets},
    }
    for group, kinds in groups.items():
        for kind, mounts in kinds.items():
            for name, path in mounts.items():
                if any(covers(path, used) for used in RESERVED_MOUNTS):
                    yield Mistake(
                        dotted(["matlab", group, kind, name]),
                        f"{path} belongs to MATLAB Parallel Server",
                        "Mount it elsewhere, such as /data.",
                    )
        yield from _hidden(group, kinds)
        paths = Counter(path for mounts in kinds.values() for path in mounts.values())
        for path in (path for path, count in paths.items() if count > 1):
            kind = next(kind for kind, mounts in kinds.items() if path in mounts.values())
            yield Mistake(f"matlab.{group}.{kind}", f"{path} is the path of two volumes", "Give each its own path.")


def _hidden(group: str, kinds: dict[str, dict[str, str]]) -> Iterator[Mistake]:
    """Mounts inside read-only ones: the container runtime cannot make their folder, and the container never starts."""
    read_only = [path for kind in ("configMaps", "secrets") for path in kinds[kind].values()]
    for kind, mounts in kinds.items():
        for name, path in mounts.items():
            if outer := next((folder for folder in read_only if path.startswith(f"{folder}/")), None):
                yield Mistake(
                    dotted(["matlab", group, kind, name]),
                    f"{path} is inside {outer}, where a ConfigMap or Secret is mounted read-only",
                    "Mount it elsewhere, such as /data.",
                )


OWN_SECRETS = frozenset(
    {
        *(names.SHARED_SECRET, names.PARALLEL_SERVER_PROXY_SECRET, names.METRICS_SECRET, names.METRICS_CLIENT_SECRET),
        *(names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET, names.ADMIN_SECRET, names.LDAP_SECRET),
        names.WORKER_USER_SECRET,
    }
)
"""Secrets with the credentials of the cluster."""


def _own_objects(settings: Settings) -> Iterator[Mistake]:
    """Data of the cluster itself, which jobs of users could read or overwrite."""
    storage, workers, manager = settings.storage, settings.workers, settings.job_manager
    claims = {
        storage.checkpoint.claim or names.CHECKPOINT_CLAIM: "the job database",
        storage.log.claim or names.LOG_CLAIM: "the logs of the job manager",
        storage.worker_log.claim or names.WORKER_LOG_CLAIM: "the logs of the workers",
    }
    for claim in workers.claims:
        if claim in claims:
            yield Mistake(
                dotted(["matlab", "workers", "claims", claim]),
                f"contains {claims[claim]}, which every job could then overwrite",
                "Use a claim of its own.",
            )
    for group, secrets in (("workers", workers.secrets), ("jobManager", manager.secrets)):
        for secret in secrets:
            if secret in OWN_SECRETS or secret.startswith(f"{names.POOL_PROXY}-"):
                yield Mistake(
                    dotted(["matlab", group, "secrets", secret]),
                    "contains credentials of the cluster itself, which MJS gets without this",
                    "Remove it.",
                )


FLOORS = {
    # MathWorks asks for 4 GB per worker (docs/upstream.md); a JVM and MATLAB without a display do not start in less.
    "workers": Floor("MATLAB", "100m", "512Mi"),
    "jobManager": Floor("the job manager, a JVM,", "100m", "256Mi"),
    "controller": Floor("the controller", LEAST_QUOTA, SMALL_PROGRAM),
    "parallelServerProxy": Floor("the proxy", LEAST_QUOTA, SMALL_PROGRAM),
    "poolProxy": Floor("the proxy", LEAST_QUOTA, SMALL_PROGRAM),
    "haproxy": Floor("HAProxy", LEAST_QUOTA, SMALL_PROGRAM),
}


def _resources(settings: Settings) -> Iterator[Mistake]:
    resources = {
        "workers": settings.workers.resources,
        "jobManager": settings.job_manager.resources,
        "controller": settings.controller.resources,
        "parallelServerProxy": settings.parallel_server_proxy.resources,
        "poolProxy": settings.pool_proxy.resources,
        "haproxy": settings.haproxy.resources,
    }
    for group, amounts in resources.items():
        path = f"matlab.{group}.resources"
        cpu, memory = (f"{path}.cpuLimit", amounts.cpu_limit), (f"{path}.memoryLimit", amounts.memory_limit)
        yield from too_low(FLOORS[group], cpu, memory)
        for what in ("cpu", "memory"):
            request, limit = getattr(amounts, f"{what}_request"), getattr(amounts, f"{what}_limit")
            if request and limit and quantity(request) > quantity(limit):
                yield Mistake(
                    f"matlab.{group}.resources.{what}Request",
                    f"{request} is more than the limit, {limit}",
                    f"Lower it, or raise {what}Limit.",
                )


def _default_namespace(settings: Settings) -> Iterator[Mistake]:
    if settings.namespace.name == "default" and settings.namespace.create:
        yield Mistake(
            "matlab.namespace.create",
            "is true, and every Kubernetes cluster has a namespace default already",
            "Write another name, or create: false.",
        )


def _images(settings: Settings) -> Iterator[Mistake]:
    """Workers are of the release of the cluster; a job manager serves workers of its own release and older ones.

    With MATLAB from a claim, the images contain no release, only what it depends on.
    """
    worker, manager = settings.images.worker.tag or "", settings.images.job_manager.tag or ""
    from_claim = settings.installation.claim is not None
    if not from_claim and RELEASE_TAG.fullmatch(worker) and worker.lower() != settings.release:
        yield Mistake(
            "matlab.images.worker.tag",
            f"{worker} is another release than matlab.release, {settings.release}",
            f"Write {settings.release}, or remove it.",
        )
    dependencies_only = from_claim and settings.installation.job_manager_uses_claim
    if not dependencies_only and RELEASE_TAG.fullmatch(manager) and manager.lower() < settings.release:
        yield Mistake(
            "matlab.images.jobManager.tag",
            f"{manager} is older than the workers, which are of {settings.release}",
            f"Write {settings.release} or newer, or remove it.",
        )
    match = re.match(r"v?(\d+)\.(\d+)\.\d+", settings.images.controller.tag or "")
    if match and (int(match[1]), int(match[2])) < FIRST_CONTROLLER:
        yield Mistake(
            "matlab.images.controller.tag",
            f"{settings.images.controller.tag} is older than 2.1.0, and such a controller rejects this config.json",
            "Remove it, or write 2.1.0 or newer.",
        )


RELEASE_TAG = re.compile(r"[rR]20\d\d[ab]", re.ASCII)
FIRST_CONTROLLER = (2, 1)


def _one_mount(settings: Settings) -> Iterator[Mistake]:
    if settings.storage.worker_log.access_modes == (AccessMode.READ_WRITE_ONCE_POD,) and settings.workers.max > 1:
        yield Mistake(
            "matlab.storage.workerLog.accessModes",
            "lets one pod mount the claim, and every worker needs it",
            "Write [ReadWriteMany], with a StorageClass that offers it, or set persistent to false.",
        )
    if settings.installation.claim in settings.installation.additional_claims:
        yield Mistake(
            "matlab.installation.additionalClaims",
            f"lists {settings.installation.claim}, which is matlab.installation.claim",
            "List only claims with older releases.",
        )


def _architecture(settings: Settings) -> Iterator[Mistake]:
    """MATLAB for Linux needs a 64-bit Intel or AMD processor (https://www.mathworks.com/support/requirements)."""
    selectors = {"jobManager": settings.job_manager.node_selector, "workers": settings.workers.node_selector}
    for group, selector in selectors.items():
        for label in ARCHITECTURE_LABELS:
            if (wanted := selector.get(label, "amd64")) != "amd64":
                yield Mistake(
                    dotted(("matlab", group, "nodeSelector", label)),
                    f"demands {wanted}, and MATLAB Parallel Server runs on amd64 only",
                    "Write amd64, or remove it.",
                )


def _pods(settings: Settings) -> Iterator[Mistake]:
    yield from rules_pods.mistakes(settings, "matlab", OWNED)


RULES: tuple[Rule[Settings], ...] = (
    _pods,
    _workers,
    _pod_security,
    _releases,
    _claims,
    _mounts,
    _own_objects,
    _default_namespace,
    _images,
    _one_mount,
    _resources,
    _architecture,
    *rules_network.RULES,
    *rules_access.RULES,
    *rules_environment.RULES,
    without_effect,
)


def warnings(settings: Settings) -> Iterator[str]:
    """What is accepted, but probably not what was meant."""
    if settings.release > topology.NEWEST_PUBLISHED_RELEASE:
        yield (
            f"matlab.release: upstream has not published {settings.release} for Kubernetes yet; "
            "its ports follow the rule for r2026b and later."
        )
    yield from rules_access.license_warnings(settings)
    yield from rules_access.ldap_warnings(settings)
    yield from rules_access.expiry_warnings(settings)
    yield from rules_environment.unknown_references(settings)
