"""PersistentVolumeClaim of a session's depot."""

from __future__ import annotations

from collections.abc import Iterator

from components.julia.topology import JuliaSession
from components.shared.manifest import KEPT, claim
from components.shared.objects import PlannedObject


def objects(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """The claim, where the settings do not name one."""
    if session.own_claim:
        labels = {KEPT: "true"} if session.keeps_data else None
        item = claim(session.own_claim, session.namespace, session.settings.depot, labels)
        yield PlannedObject(item, component, protect=session.keeps_data)
