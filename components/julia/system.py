"""Julia sessions, as the program sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from components.julia import names, objects, preflight, worker_pod
from components.julia.pool import COOKIE_LENGTH
from components.julia.rules import RULES, warnings
from components.julia.settings import Settings
from components.julia.topology import sessions
from components.shared.demand import PodGroup
from components.shared.objects import Fingerprint, PlannedObject
from components.shared.recovery import Recovered, SecretReader
from components.shared.survey import Survey
from components.system import Site, System

if TYPE_CHECKING:
    import pulumi


def _namespaces(settings: Settings) -> Mapping[str, str]:
    return {session.namespace: f"{session.path}.namespace" for session in sessions(settings)}


def _objects(settings: Settings, _fingerprint: Fingerprint, survey: Survey) -> list[PlannedObject]:
    return objects.objects(settings, survey)


def _workers(settings: Settings) -> Iterator[PodGroup]:
    for session in sessions(settings):
        if session.starts_workers:
            yield worker_pod.at_most(session)


def _secret_sources(settings: Settings) -> Mapping[str, Any]:
    pools = (session for session in sessions(settings) if not session.starts_workers)
    return {names.cookie(session.name): {names.COOKIE_KEY: COOKIE_LENGTH} for session in pools}


def _recovered(settings: Settings, secret: SecretReader) -> Recovered:
    # The only Secrets are the cookies of pools.
    found = {
        own: secret(session.namespace, own).get(names.COOKIE_KEY)
        for session in sessions(settings)
        for own in (names.cookie(session.name),)
    }
    return Recovered({name: cookie for name, cookie in found.items() if cookie})


def _deploy(settings: Settings, site: Site) -> Mapping[str, pulumi.Output[Any]]:
    # Imported here: the Pulumi SDKs take a second to import, and commands that only check or list do not need them.
    from components.julia.cluster import JuliaSessions

    return JuliaSessions("julia", settings, site.opts, survey=site.survey, labels=site.labels).outputs


SYSTEM: Final = System(
    key=names.SYSTEM,
    settings=Settings,
    rules=RULES,
    warnings=warnings,
    namespaces=_namespaces,
    objects=_objects,
    workers=_workers,
    secret_sources=_secret_sources,
    objections=preflight.objections,
    concerns=preflight.concerns,
    recovered=_recovered,
    deploy=_deploy,
)
