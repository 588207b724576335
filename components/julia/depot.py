"""PersistentVolumeClaim of a session's depot."""

from __future__ import annotations

from collections.abc import Iterator

from components.julia import names
from components.julia.topology import JuliaSession
from components.shared.manifest import claim
from components.shared.objects import PlannedObject, protected


def objects(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """The claim, where the settings do not name one."""
    if session.own_claim:
        item = PlannedObject(claim(session.own_claim, session.namespace, session.settings.depot), component)
        yield protected(item, names.SYSTEM) if session.keeps_data else item
