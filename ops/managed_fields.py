"""What `metadata.managedFields` says of an object: which fields each writer owns.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from components.shared.kube import ApiError, Json, KubernetesApi

Path = tuple[str, ...]
"""Steps to a field: its name, or the keys of an entry in a list as JSON, such as `{"name":"http"}`."""
_JSON_PATCH: Final = "application/json-patch+json"
_CONFLICT: Final = 409
_ATTEMPTS: Final = 10


def absent(fields: Mapping[str, Any], value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths in `fieldsV1` that lead to nothing in the value; where the value ends, one path for all below.

    An entry itself, a value in a set, and what a plan hides as secret count as present.
    """
    for key, below in fields.items():
        sort, _, step = key.partition(":")
        if sort == "f" and isinstance(value, Mapping):
            known = value.get(step)
        elif sort == "k" and isinstance(value, Sequence) and not isinstance(value, str):
            known = _entry(value, json.loads(step))
        else:
            continue
        if known is None:
            yield (*path, step)
        else:
            yield from absent(below, known, (*path, step))


def _entry(entries: Sequence[Any], keys: Mapping[str, Any]) -> Any:
    """The entry of a list with these values; a port without a protocol has TCP."""
    return next((one for one in entries if {"protocol": "TCP", **one}.items() >= keys.items()), None)


def patch(live: Json, fields: Sequence[Json]) -> list[Json]:
    """The JSON patch that replaces `managedFields`. The API server rejects it if somebody has changed the object."""
    version = live["metadata"]["resourceVersion"]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": list(fields)},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def rewrite(api: KubernetesApi, path: str, live: Json, owners: Callable[[Json], list[Json] | None]) -> Json:
    """Give the fields of an object other owners, which changes nothing else; returns the object, `live` if it stays.

    `owners` says what `managedFields` becomes, None to leave it. What somebody changes meanwhile is read again.
    """
    for attempt in range(_ATTEMPTS):
        fields = owners(live)
        if fields is None:
            break
        try:
            return api.request("PATCH", path, patch(live, fields), content_type=_JSON_PATCH)
        except ApiError as error:
            if error.status != _CONFLICT or attempt == _ATTEMPTS - 1:
                raise
            live = api.request("GET", path)
    return live
