"""MATLAB Parallel Server, as the program sees it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from components.matlab import (
    credentials,
    gateway,
    job_queue,
    names,
    objects,
    preflight,
    recovery,
    rotation,
    snapshots,
    workers,
)
from components.matlab.rules import RULES, warnings
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared import kept
from components.shared.demand import PodGroup
from components.shared.mistakes import Mistake
from components.shared.objects import Fingerprint, PlannedObject
from components.shared.recovery import Recovered, SecretReader
from components.shared.rights import Right
from components.shared.survey import NOTHING, Survey
from components.system import PLACEHOLDER_ADDRESS, Site, System

if TYPE_CHECKING:
    import pulumi


def _namespaces(settings: Settings) -> Mapping[str, str]:
    return {settings.namespace.name: "matlab.namespace"}


def _objects(settings: Settings, fingerprint: Fingerprint, survey: Survey) -> list[PlannedObject]:
    return objects.objects(gateway.topology(settings, survey), fingerprint, survey)


def _workers(settings: Settings) -> Iterator[PodGroup]:
    return workers.at_most(Topology(settings))


def _secret_sources(settings: Settings) -> Mapping[str, Any]:
    cluster = gateway.topology(settings, NOTHING)
    return credentials.sources(cluster, cluster.client_host or PLACEHOLDER_ADDRESS)


def _objections(settings: Settings, survey: Survey) -> Iterator[Mistake]:
    cluster = Topology(settings)
    yield from rotation.objections(settings.security, survey.certificates)
    yield from preflight.objections(cluster, survey.inventories[cluster.namespace])
    yield from gateway.objections(cluster, survey)
    yield from kept.left_behind(settings.namespace, "matlab.namespace", names.SYSTEM, survey.kept)


def _concerns(settings: Settings, survey: Survey) -> Iterator[str]:
    cluster = Topology(settings)
    yield from preflight.concerns(cluster, survey)
    yield from gateway.concerns(cluster, survey)


def _rights(settings: Settings) -> Iterable[Right]:
    commands = job_queue.rights(settings.namespace.name) if settings.updates.wait_for_jobs else ()
    return [*commands, *snapshots.rights(settings)]


def _recovered(settings: Settings, secret: SecretReader) -> Recovered:
    return recovery.recovered(Topology(settings), secret)


def _deploy(settings: Settings, site: Site) -> Mapping[str, pulumi.Output[Any]]:
    # Imported here: the Pulumi SDKs take a second to import, and commands that only check or list do not need them.
    from components.matlab.cluster import MatlabCluster

    return MatlabCluster(
        "matlab", settings, site.opts, address=site.address, survey=site.survey, labels=site.labels, api=site.api
    ).outputs


SYSTEM: Final = System(
    key=names.SYSTEM,
    settings=Settings,
    rules=RULES,
    warnings=warnings,
    namespaces=_namespaces,
    objects=_objects,
    workers=_workers,
    secret_sources=_secret_sources,
    objections=_objections,
    concerns=_concerns,
    recovered=_recovered,
    deploy=_deploy,
    rights=_rights,
    optional_rights=lambda settings: [*snapshots.rights_to_check(settings), *gateway.rights(settings)],
    named=lambda settings: [wanted] if (wanted := gateway.named(settings)) else [],
)
