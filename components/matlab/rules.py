"""Rules about more than one setting. Several of them prevent bugs of upstream (docs/hazards.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.matlab import (
    rules_access,
    rules_annotations,
    rules_environment,
    rules_network,
    rules_pods,
    rules_storage,
    topology,
)
from components.matlab.effects import without_effect
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.groups import PullPolicy, has_own_repository
from components.shared.image_names import is_impossible_on_docker_hub
from components.shared.mistakes import Mistake, Rule, no_effect
from components.shared.rules_images import image_warnings

RESTRICTED = "restricted"
NO_WORKER_STARTS = "is restricted, but MATLAB's workers start as root, so none of them would run"
"""Only the controller sees that the pods are rejected; the deployment itself looks healthy."""


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


def _default_namespace(settings: Settings) -> Iterator[Mistake]:
    if settings.namespace.name == "default" and settings.namespace.create:
        yield Mistake(
            "matlab.namespace.create",
            "is true, but every Kubernetes cluster already has the namespace default",
            "Write another name, or create: false.",
        )


def _images(settings: Settings) -> Iterator[Mistake]:
    """Workers are of the release of the cluster; a job manager serves workers of its own release and older ones.

    With MATLAB from a claim, the images contain no release, only what it depends on.
    """
    worker, manager = settings.images.worker.tag or "", settings.images.job_manager.tag or ""
    from_claim = settings.installation.claim is not None
    if not from_claim and (found := RELEASE_TAG.match(worker)) and found[0].lower() != settings.release:
        yield Mistake(
            "matlab.images.worker.tag",
            f"{worker} is a different release from matlab.release, {settings.release}",
            f"Write {settings.release}, or remove it.",
        )
    dependencies_only = from_claim and settings.installation.job_manager_uses_claim
    if not dependencies_only and (found := RELEASE_TAG.match(manager)) and found[0].lower() < settings.release:
        yield Mistake(
            "matlab.images.jobManager.tag",
            f"{manager} is older than the workers, which run {settings.release}",
            f"Write {settings.release} or newer, or remove it.",
        )
    match = re.match(r"v?(\d+)\.(\d+)\.\d+", settings.images.controller.tag or "")
    if match and (int(match[1]), int(match[2])) < FIRST_CONTROLLER:
        yield Mistake(
            "matlab.images.controller.tag",
            f"{settings.images.controller.tag} is older than 2.1.0, and such a controller cannot read this config.json",
            "Remove it, or write 2.1.0 or newer.",
        )


RELEASE_TAG = re.compile(r"[rR]20\d\d[ab](?![0-9A-Za-z])", re.ASCII)
"""A tag of MathWorks, or of an image that was built on it, such as r2026a-tools."""
FIRST_CONTROLLER = (2, 1)


def _versioned_images(settings: Settings) -> Iterator[Mistake]:
    """Images that have a version of their own; MathWorks and HAProxy publish none under the name of a release."""
    images = settings.images
    versioned = {
        "controller": images.controller,
        "parallelServerProxy": images.parallel_server_proxy,
        "haproxy": images.haproxy,
    }
    for name, image in versioned.items():
        if RELEASE_TAG.match(image.tag or "") and not has_own_repository(image):
            default = type(image).model_fields["tag"].default
            yield Mistake(
                f"matlab.images.{name}.tag",
                f"{image.tag} is a release of MATLAB, but this image has its own versions, such as {default}",
                "Remove it.",
            )


def _pre_pull(settings: Settings) -> Iterator[Mistake]:
    if settings.workers.pre_pull and Topology(settings).worker_pull_policy == PullPolicy.NEVER:
        yield no_effect(
            "matlab.workers.prePull",
            "the pull policy of the workers' image is Never, so no node pulls it",
            "Remove it, or set the pull policy to IfNotPresent.",
        )


def _start(settings: Settings) -> Iterator[Mistake]:
    timeout, delay = settings.job_manager.start_timeout, settings.probes.startup_initial_delay
    if timeout < delay:
        yield Mistake(
            "matlab.jobManager.startTimeout",
            f"`up` would give up after {timeout} seconds, but the first check whether the job manager has started "
            f"comes after {delay}",
            "Write a larger number than matlab.probes.startupInitialDelay.",
        )


RULES: tuple[Rule[Settings], ...] = (
    *rules_pods.RULES,
    _workers,
    _pod_security,
    _releases,
    _default_namespace,
    _images,
    _versioned_images,
    _pre_pull,
    _start,
    *rules_storage.RULES,
    *rules_network.RULES,
    *rules_annotations.RULES,
    *rules_access.RULES,
    *rules_environment.RULES,
    without_effect,
)


LONG_PERIOD = 3600
UPSTREAM_IDLE = 300
"""Seconds, already too few for an idle pool (B31)."""
UPSTREAM_GRACE = 30
"""Kubernetes' default, which upstream leaves to the job manager: too few for a clean shutdown (B27)."""


def _time_warnings(settings: Settings) -> Iterator[str]:
    period, grace = settings.workers.auto_scaling_period, settings.job_manager.termination_grace_period
    if period > LONG_PERIOD:
        yield (
            f"matlab.workers.autoScalingPeriod: jobs wait up to {period} seconds before workers start for them. "
            "Lower it, for example to 15."
        )
    idle = settings.haproxy.idle_timeout
    if idle < UPSTREAM_IDLE:
        yield (
            f"matlab.haproxy.idleTimeout: a parallel pool that computes for {idle} seconds without traffic loses its "
            f"connection. Write {UPSTREAM_IDLE} or more."
        )
    if grace < UPSTREAM_GRACE:
        yield (
            f"matlab.jobManager.terminationGracePeriod: after {grace} seconds the job manager is killed, probably with "
            "its database open. Raise it, for example to 120."
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
    yield from rules_pods.pod_warnings(settings)
    yield from rules_annotations.annotation_warnings(settings)
    yield from rules_network.network_warnings(settings)
    yield from _time_warnings(settings)
    yield from image_warnings(settings, "matlab")
    controller, images = settings.images.controller, settings.images
    if is_impossible_on_docker_hub(images.reference(controller, "")) and not has_own_repository(controller):
        yield (
            f"matlab.images.registry: {images.registry} is on Docker Hub, where names have two parts, but MathWorks' "
            "images have three. Write another registry, or the repository of each image."
        )
    yield from rules_access.open_warnings(settings)
    yield from rules_storage.storage_warnings(settings)
