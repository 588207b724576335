"""Who owns the fields of an object, and their transfer to the stack before its first update.

Server-side apply reports a conflict for a field that another manager owns, and leaves a dropped one in place. So the
entries of `helm`, of a lost state, and of MJS's controller become the entry that the provider will apply with. That
changes `metadata.managedFields` alone: no pod restarts. Helm 3 can still upgrade the release; Helm 4 needs
`--force-conflicts`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from components.shared.field_manager import PROVIDER, manager
from components.shared.inventory import HELM_RELEASE
from components.shared.kube import Json
from components.shared.objects import TOKEN_SECRET
from ops.managed_fields import Path, absent


def transferred(live: Json) -> list[Json] | None:
    """`metadata.managedFields` after the transfer; None if nothing is to be transferred."""
    own = manager(live)
    taken = [entry for entry in _entries(live) if _is_taken(entry, live)]
    if all(entry["manager"] == own and entry["operation"] == "Apply" for entry in taken):
        return None
    fields: Json = {}
    for entry in taken:
        fields = _merged(fields, entry.get("fieldsV1") or {})
    rest = [entry for entry in live["metadata"]["managedFields"] if entry not in taken]
    return [{**taken[0], "manager": own, "operation": "Apply", "fieldsV1": fields}, *rest]


def dropped(live: Json, wanted: Json) -> Iterator[Path]:
    """Paths that the first update removes: transferred to the stack, and not in its manifest."""
    for entry in _entries(live):
        if _is_taken(entry, live):
            yield from (tuple(map(_name, path)) for path in absent(entry.get("fieldsV1") or {}, wanted))


def _entries(live: Json) -> Iterator[Json]:
    # The subresources status and scale have other writers.
    return (entry for entry in live["metadata"].get("managedFields") or () if not entry.get("subresource"))


def _is_taken(entry: Json, live: Json) -> bool:
    if entry["manager"].startswith(PROVIDER):
        return True
    fields = entry.get("fieldsV1") or {}
    # Helm, Flux and Terraform have names of their own; who wrote the release's name is one of them.
    if f"f:{HELM_RELEASE}" in fields.get("f:metadata", {}).get("f:annotations", {}):
        return True
    # MJS's controller and administrators fill Secrets; the one of a token belongs to Kubernetes, which fills it.
    return live["kind"] == "Secret" and live.get("type") != TOKEN_SECRET and "f:data" in fields


def _merged(one: Json, other: Json) -> Json:
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _merged(merged[key], value) if key in merged else value
    return merged


def _name(step: str) -> str:
    """A step as reports write it: of an entry in a list, its name."""
    if not step.startswith("{"):
        return step
    keys = json.loads(step)
    return str(keys.get("name") or ",".join(map(str, keys.values())))
