"""What an update would change in an object: the API server itself applies the manifest, in a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from components.shared.kube import APPLY_PATCH, Json, KubernetesApi
from ops.adopt.values import UNKNOWN

BY_THE_SERVER: Final = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink")
Path = tuple[str, ...]
ABSENT: Final = object()


class Change(NamedTuple):
    """One field that an update changes; `before` or `after` is None where the field is absent."""

    path: Path
    before: Any
    after: Any


def applied(api: KubernetesApi, path: str, manifest: Json, manager: str) -> Json:
    """The object after an update by this manager, which then owns its fields. Raises ApiError if it is not allowed."""
    query = {"dryRun": "All", "fieldManager": manager, "force": "true"}
    return api.request("PATCH", path, manifest, query=query, content_type=APPLY_PATCH)


def plain(item: Json) -> Json:
    """The object without its status and without what the API server counts."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in BY_THE_SERVER}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


def changes(before: Any, after: Any, path: Path = ()) -> Iterator[Change]:
    """The fields that differ. Items of a list are told apart by their name, where they have one."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from changes(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif (old := _named(before)) is not None and (new := _named(after)) is not None:
        for key in dict.fromkeys([*old, *new]):
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
        if list(old) != list(new) and old.keys() == new.keys():
            yield Change((*path, "order"), list(old), list(new))
    else:
        yield Change(path, None if before is ABSENT else before, None if after is ABSENT else after)


def value(item: Any, path: Path) -> Any:
    """The field at a path; ABSENT where there is none."""
    for step in path:
        below = item if isinstance(item, Mapping) else _named(item) or {}
        item = below.get(step, ABSENT)
    return item


def known(manifest: Any, live: Any) -> Any:
    """The manifest, with what exists in place of what is unknown yet."""
    if manifest == UNKNOWN:
        return live
    if isinstance(manifest, Mapping):
        below = live if isinstance(live, Mapping) else {}
        return {key: known(value, below.get(key)) for key, value in manifest.items()}
    return manifest


def before_update(wanted: Any, live: Any, after: Any) -> Any:
    """The inputs of the last update, as far as they can be told: they differ from `wanted` where `live` will change.

    Where the API server sees no difference, the program's own spelling stays (`0.5`, where the API answers `500m`), so
    a preview shows what changes and nothing else.
    """
    if wanted == UNKNOWN or live is ABSENT:
        return live
    if live == after:
        return wanted
    if isinstance(wanted, Mapping) and isinstance(live, Mapping) and isinstance(after, Mapping):
        found = {}
        for key in [*wanted, *(key for key in live if key not in wanted and key not in after)]:
            value = before_update(wanted.get(key, live.get(key)), live.get(key, ABSENT), after.get(key, ABSENT))
            # Neither contains what the API server drops as empty, such as `nodeSelector: {}`.
            if value is ABSENT and key not in after:
                value = wanted[key]
            if value is not ABSENT:
                found[key] = value
        return found
    ours, old, new = _named(wanted), _named(live), _named(after)
    if ours is None or old is None or new is None:
        return live
    return [before_update(ours.get(name, item), item, new.get(name, ABSENT)) for name, item in old.items()]


def _named(items: Any) -> dict[str, Any] | None:
    """The items of a list by name; None if they have none."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        return None
    found = {item["name"]: item for item in items if isinstance(item, Mapping) and "name" in item}
    return found if len(found) == len(items) else None
