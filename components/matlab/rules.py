"""Rules about more than one setting. Several of them prevent bugs of upstream (docs/hazards.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from components.matlab import names, rules_access, rules_environment, rules_network, topology
from components.matlab.effects import without_effect
from components.matlab.settings import Settings
from components.shared import rules_pods
from components.shared.fields import covers
from components.shared.groups import ARCHITECTURE_LABEL
from components.shared.mistakes import Mistake, Rule, dotted, no_effect
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
        paths = Counter(path for mounts in kinds.values() for path in mounts.values())
        for path in (path for path, count in paths.items() if count > 1):
            kind = next(kind for kind, mounts in kinds.items() if path in mounts.values())
            yield Mistake(f"matlab.{group}.{kind}", f"{path} is the path of two volumes", "Give each its own path.")


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
        for what in ("cpu", "memory"):
            request, limit = getattr(amounts, f"{what}_request"), getattr(amounts, f"{what}_limit")
            if request and limit and quantity(request) > quantity(limit):
                yield Mistake(
                    f"matlab.{group}.resources.{what}Request",
                    f"{request} is more than the limit, {limit}",
                    f"Lower it, or raise {what}Limit.",
                )


def _architecture(settings: Settings) -> Iterator[Mistake]:
    """MATLAB for Linux needs a 64-bit Intel or AMD processor (https://www.mathworks.com/support/requirements)."""
    selectors = {"jobManager": settings.job_manager.node_selector, "workers": settings.workers.node_selector}
    for group, selector in selectors.items():
        wanted = selector.get(ARCHITECTURE_LABEL, "amd64")
        if wanted != "amd64":
            yield Mistake(
                dotted(("matlab", group, "nodeSelector", ARCHITECTURE_LABEL)),
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
