"""Fields of the stack's objects that somebody else added: `up` neither knows nor removes them.

The API server notes for each field who wrote it
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management), and `up` applies, and so removes,
only what is its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from components.shared.field_manager import PROVIDER
from components.shared.kube import Json
from components.shared.manifest import Manifest

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
        for path in _added(fields, manifest, ()):
            yield ForeignField(
                live.get("kind", ""), metadata.get("namespace", ""), metadata["name"], "".join(path)[1:], manager
            )


def _added(fields: Mapping[str, Any], value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of `fieldsV1` that lead to nothing in the value; where the value ends, one path for all below."""
    if tuple(step[1:] for step in path) == _POD_METADATA:
        return
    for key, inner in fields.items():
        sort, _, name = key.partition(":")
        if sort == "f" and isinstance(value, Mapping):
            known, step = value.get(name), f".{name}"
        elif sort == "k" and isinstance(value, list):
            known, step = _entry(value, json.loads(name)), f"[{name}]"
        else:
            # The entry itself, a value in a set, or a secret whose content the plan hides.
            continue
        if known is None:
            yield (*path, step)
        else:
            yield from _added(inner, known, (*path, step))


def _entry(entries: list[Any], key: Mapping[str, Any]) -> Any:
    """The entry of a list that has these values; a port without a protocol has TCP."""
    return next((one for one in entries if {"protocol": "TCP", **one}.items() >= key.items()), None)
