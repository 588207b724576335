"""Fields of the stack's objects that somebody else added: `up` neither knows nor removes them.

The API server notes for each field who wrote it, and `up` applies, and so removes, only what is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from components.shared.field_manager import PROVIDER
from components.shared.kube import Json
from components.shared.manifest import Manifest
from ops.managed_fields import absent

PARTS: Final = frozenset(("binaryData", "data", "roleRef", "rules", "spec", "subjects"))
"""What decides how an object works. Metadata and status are everybody's."""
_POD_METADATA: Final = ("spec", "template", "metadata")
"""Where `kubectl rollout restart` leaves the time."""
_KUBERNETES: Final = ("kube-", "cloud-controller-manager", "openshift-")
"""How the managers begin that belong to the cluster itself: they bind claims and fill in tokens."""


class ForeignField(NamedTuple):
    """One field, and who added it."""

    kind: str
    namespace: str
    name: str
    path: str
    manager: str
    """As the API server knows the writer: `kubectl-edit`, `kubectl-patch`, the name of an operator."""


def foreign_fields(manifest: Manifest, live: Json) -> Iterator[ForeignField]:
    """The fields of a living object that its manifest does not have and another manager wrote."""
    metadata = live.get("metadata") or {}
    for entry in metadata.get("managedFields") or ():
        manager = entry.get("manager", "")
        if entry.get("subresource") or manager.startswith((PROVIDER, *_KUBERNETES)):
            continue
        fields = {key: inner for key, inner in (entry.get("fieldsV1") or {}).items() if key[2:] in PARTS}
        for path in absent(fields, manifest):
            if path[:3] == _POD_METADATA and path != _POD_METADATA:
                continue
            where = "".join(f"[{step}]" if step.startswith("{") else f".{step}" for step in path)[1:]
            yield ForeignField(live.get("kind", ""), metadata.get("namespace", ""), metadata["name"], where, manager)
