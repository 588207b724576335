"""Finds out what of a stack already exists in its Kubernetes cluster, and what the next update would change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from components.program import deploy
from components.registry import SYSTEMS
from components.shared.address import live_address
from components.shared.field_manager import manager, notes
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi
from components.shared.mistakes import ConfigError, Mistake
from components.shared.recovery import Recovered
from components.stack import StackConfig
from ops import managed_fields
from ops.adopt import credentials, ownership
from ops.adopt.belongings import identify
from ops.adopt.comparison import Change, applied, before_update, changes, known, plain, value
from ops.adopt.helm_release import Release
from ops.adopt.replay import KUBERNETES, Registration, replay
from ops.adopt.secret_values import secret_values
from ops.adopt.values import Secret, clear, is_known

INVALID: Final = 422


@dataclass(frozen=True)
class Takeover:
    """What exists of a stack."""

    registered: list[Registration]
    """Every resource of the program; the ones that exist have an id."""
    changes: Mapping[str, list[Change]]
    """What the next update changes in each object that exists, by URN."""
    release: Release | None
    """The Helm release that owns the objects."""
    transferred: list[str] = field(default_factory=list)
    """Objects whose fields the stack owns from now on."""

    @property
    def created(self) -> list[Registration]:
        """What the next update creates: nothing in the cluster holds it."""
        return [item for item in self.registered if item.custom and not item.id]


def examine(api: KubernetesApi, stack: StackConfig, present: Callable[[str], bool], *, transfer: bool) -> Takeover:
    """Look at everything; with `transfer`, take the fields of each object over, unless its URN is `present` already.

    Raises ConfigError where objects are in other hands or would have to be replaced, before anything is changed, and
    CommandError if nothing of the stack exists.
    """
    belongings = identify(api, stack)
    found, accepted, release = belongings
    recovered = _recovered(api, stack)

    def answer(item: Registration) -> None:
        if item.type.startswith(KUBERNETES):
            metadata = item.inputs["metadata"]
            if (metadata.get("namespace", ""), item.inputs["kind"], item.name) in accepted:
                _exists(item, api.get(_path(item)))
        elif made := credentials.known(item.type, item.name, clear(item.inputs), recovered):
            item.id, item.outputs = made.id, dict(made.outputs)

    def program() -> Mapping[str, Any]:
        return deploy(stack, live_address(api), found)

    registered = replay(program, stack.name, answer)
    mine = [item for item in registered if item.live is not None and not present(item.urn)]
    # All updates are checked before the first transfer: one that is impossible ends the takeover.
    compared = _compared(api, mine)
    transferred: list[str] = []
    if transfer:
        transferred = [item.title for item in mine if _transfer(api, item)]
        compared = _compared(api, mine)
        for item in mine:
            _record(item, compared[item.urn].inputs)
    return Takeover(registered, {urn: found.changes for urn, found in compared.items()}, release, transferred)


def _recovered(api: KubernetesApi, stack: StackConfig) -> Recovered:
    read = partial(secret_values, api)
    parts = [SYSTEMS[key].recovered(settings, read) for key, settings in stack.systems.items()]
    return Recovered(
        {name: text for part in parts for name, text in part.passwords.items()},
        {name: text for part in parts for name, text in part.keys.items()},
        {name: text for part in parts for name, text in part.certificates.items()},
    )


def _path(item: Registration) -> str:
    metadata = item.inputs["metadata"]
    return f"{RESOURCES[item.inputs['kind']].path(metadata.get('namespace'))}/{metadata['name']}"


def _exists(item: Registration, live: Json | None) -> None:
    if live is None:
        return
    metadata = live["metadata"]
    item.live = live
    item.id = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    item.outputs = dict(live)


class Compared(NamedTuple):
    """What an update changes in an object, and the inputs that a state holds before it."""

    changes: list[Change]
    inputs: Json


def _compared(api: KubernetesApi, items: list[Registration]) -> dict[str, Compared]:
    found: dict[str, Compared] = {}
    mistakes: list[Mistake] = []
    for item in items:
        live = item.live or {}
        wanted = {**item.manifest, **{key: live[key] for key in item.ignored if key in live}}
        complete = known(wanted, live)
        try:
            after = applied(api, _path(item), complete, manager(live))
        except ApiError as error:
            if error.status != INVALID:
                raise
            mistakes.append(
                Mistake(
                    item.title,
                    f"would have to be replaced, and a takeover replaces nothing: {error}",
                    "Change the stack file to what exists, or change the object with the tool that made it.",
                )
            )
            continue
        old, new = plain(live), plain(after)
        dropped = list(_dropped(api, item, complete))
        renewed = [] if is_known(wanted) else [Change(("data",), None, None)]
        found[item.urn] = Compared(
            [*changes(old, new), *(Change(path, "", None) for path in dropped), *renewed],
            before_update(wanted, old, new),
        )
    if mistakes:
        raise ConfigError(mistakes)
    return found


def _dropped(api: KubernetesApi, item: Registration, manifest: Json) -> Iterator[tuple[str, ...]]:
    """Paths that the first update removes and that the dry run keeps, because Helm owns them until the transfer."""
    live = item.live or {}
    if ownership.transferred(live) is None or not (paths := list(ownership.dropped(live, manifest))):
        return
    # A value that a new object would have too is a default of Kubernetes, which returns as soon as it is removed.
    name = f"{item.name}-new"
    metadata = {**manifest["metadata"], "name": name}
    collection, _, _ = _path(item).rpartition("/")
    fresh = applied(api, f"{collection}/{name}", {**manifest, "metadata": metadata}, manager(live))
    yield from (path for path in paths if value(fresh, path) != value(live, path))


def _record(item: Registration, inputs: Json) -> None:
    """Make the resource what a state would hold of it."""
    live = dict(item.live or {})
    if item.inputs["kind"] == "Secret":
        live, inputs = _secret(live), _secret(inputs)
    item.inputs = inputs
    item.outputs = {**live, **notes(live, inputs["apiVersion"]), "__inputs": inputs}


def _secret(item: Json) -> Json:
    return {**item, "data": Secret(item["data"])} if "data" in item else item


def _transfer(api: KubernetesApi, item: Registration) -> bool:
    """Take the fields of one object over. A second attempt finds nothing to do."""
    live = item.live or {}
    item.live = managed_fields.rewrite(api, _path(item), live, ownership.transferred)
    return item.live is not live
