"""Every Kubernetes object of every session, in the order in which it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from components.julia import depot, names, namespace, network_policies, pool, rights, startup
from components.julia import session as session_
from components.julia.settings import Settings
from components.julia.topology import JuliaSession, sessions
from components.shared.objects import PlannedObject, by_key
from components.shared.survey import NOTHING, Survey

SESSION_TYPE: Final = "clusters:julia:Session"
"""Pulumi type of the component that holds the objects of one session. It is part of every URN, so it never changes."""


def components(settings: Settings) -> Mapping[str, str]:
    """Name and Pulumi type of each component: one for each session."""
    return {names.session(session.name): SESSION_TYPE for session in sessions(settings)}


def objects(settings: Settings, survey: Survey = NOTHING) -> list[PlannedObject]:
    """All objects; `survey` is what the Kubernetes cluster tells about itself."""
    found = (item for session in sessions(settings) for item in _in_order(session, survey))
    return list(by_key(found).values())


def _in_order(session: JuliaSession, survey: Survey) -> Iterator[PlannedObject]:
    component = names.session(session.name)
    before = [
        *namespace.objects(session, component),
        *network_policies.objects(session, survey, component),
        *rights.objects(session, component),
        *startup.objects(session, component),
        *depot.objects(session, component),
    ]
    if not session.starts_workers:
        before += pool.way_in(session, component)
    yield from before
    yield from session_.objects(session, component, [item.key for item in before])
    if not session.starts_workers:
        yield from pool.workers(session, component)
