"""Kubernetes objects: what changes, and the change itself, as pulumi-kubernetes does with server-side apply."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable

from components.shared.kube import ApiError
from local.engine import waiting
from local.engine.errors import EngineError, NeedsCli, Stopped
from local.engine.kubernetes_api import CONFLICT, GONE, INVALID, Api, is_ours, title
from local.engine.registration import Outcome, Registration
from local.engine.state import CREATED, CREATING, READY, Resource
from local.engine.values import (
    UNKNOWN,
    Json,
    changes,
    is_known,
    marked_like,
    plain,
    secret,
    shaped_like,
    without_nulls,
)

POLL_FIRST, POLL_LAST = 0.15, 2.0
"""Seconds between two looks at an object that is waited for."""
SAY_EVERY = 10.0
_OF_THE_SERVER = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp")
_IMMUTABLE = ("immutable", "may not change", "cannot change", "may not be changed", "updates to", "forbidden")

Say = Callable[[str], None]
SERVER_ERROR = 500
"""From here on an answer does not say what has become of the request."""
Record = Callable[[Outcome | None], None]
"""Writes what is known of the object into the state; None forgets it."""


def manifest_of(api: Api, inputs: Json) -> Json:
    """The manifest that the API server gets. Raises NeedsCli for one that only the CLI's provider can complete."""
    manifest = _normal(inputs)
    metadata = manifest.get("metadata") or {}
    if not manifest.get("apiVersion") or not manifest.get("kind") or manifest["kind"].endswith("List"):
        raise NeedsCli("a resource that is no single Kubernetes object")
    if not metadata.get("name"):
        raise NeedsCli(f"{manifest['kind']} without metadata.name (a generated name)")
    waiting.check_annotations(manifest)
    return api.located(manifest) if api.knows(manifest) else manifest


def _normal(inputs: Json) -> Json:
    manifest: Json = without_nulls(plain(inputs))
    manifest.pop("status", None)
    if manifest.get("kind") == "Secret" and isinstance(manifest.get("stringData"), dict):
        # The API server stores it as data and never shows it again: neither drift nor a removed key would be seen.
        texts = manifest.pop("stringData")
        coded = {
            key: text if text == UNKNOWN else base64.b64encode(text.encode()).decode() for key, text in texts.items()
        }
        manifest["data"] = {**(manifest.get("data") or {}), **coded}
    return manifest


def preview(api: Api, registration: Registration) -> Outcome:
    """What `up` would do, tried on the API server with dryRun."""
    inputs, old = registration.inputs, registration.old
    manifest = manifest_of(api, inputs)
    if not api.knows(manifest):
        return Outcome("create", "", inputs)
    live = None
    if old is not None and old.status != CREATING:
        before = _unmoved(api, old, manifest)
        live = api.get(api.path(manifest)) if manifest["metadata"]["name"] != UNKNOWN else None
        if live is not None:
            if not is_known(manifest):
                found = list(changes(old.inputs, inputs))
                return Outcome("update", old.id, _outputs(registration, manifest), found)
            return _preview_change(api, registration, old, manifest, before=before, live=live)
    if not is_known(manifest):
        return Outcome("create", "", _outputs(registration, manifest))
    if manifest["kind"] == "PersistentVolumeClaim" and waiting.readiness(manifest):
        waiting.waits_for_consumer(api, manifest)
    try:
        made = api.create(manifest, dry_run=True)
    except ApiError as error:
        adoptable = error.reason == "AlreadyExists" and _adoptable(registration, manifest, api)
        # A namespace that this very run makes is not there yet; and who may only look may preview all the same.
        may_only_look = "cannot create resource" in error.message
        if not adoptable and error.status != GONE and not may_only_look:
            raise _sentence(manifest, error) from error
        made = manifest
    return Outcome("create", "", _outputs(registration, _without_server_fields(made)))


def _preview_change(  # noqa: PLR0913 - three versions of an object, and whose it is
    api: Api, registration: Registration, old: Resource, manifest: Json, *, before: Json, live: Json
) -> Outcome:
    if before == manifest and _stands_as_recorded(manifest, old, live):
        operation = "same" if old.status == READY else "wait"
        return Outcome(operation, old.id, _outputs(registration, live), status=old.status)
    try:
        after = api.apply(manifest, before, live, dry_run=True)
    except ApiError as error:
        raise _sentence(manifest, error) from error
    then, now = (_marked(registration, shaped_like(manifest, side)) for side in (live, after))
    found = list(changes(then, now))
    # A dry run cannot show what vanishes as long as the create's own entry holds the fields (Api.apply).
    asked = list(changes(old.inputs, registration.inputs))
    seen = {path for path, _, _ in found}
    found += [change for change in asked if (change[2] == "(absent)" or not seen) and change[0] not in seen]
    return Outcome("update", old.id, _outputs(registration, {**after, "status": live.get("status")}), found)


class Upper:
    """Brings one object to where the program wants it."""

    def __init__(
        self, api: Api, registration: Registration, record: Record, say: Say, stopping: threading.Event
    ) -> None:
        self._api, self._registration, self._record = api, registration, record
        self._say, self._stopping = say, stopping
        self._manifest = manifest_of(api, registration.inputs)
        if not is_known(self._manifest):
            raise EngineError(f"{title(self._manifest)} has a value that nothing set")

    def run(self) -> Outcome:
        """Create, update, repair or only look, then wait until the object is ready."""
        old, api, manifest = self._registration.old, self._api, self._manifest
        if not api.knows(manifest):
            api.located(manifest)  # raises the sentence
        live = None
        before: Json = {}
        try:
            if old is not None and old.status != CREATING:
                before = _unmoved(api, old, manifest)
                live = api.get(api.path(manifest))
            if old is None or live is None:
                return self._wait("create", self._create())
            if before == manifest and _stands_as_recorded(manifest, old, live):
                if old.status == READY:
                    return Outcome("same", old.id, _outputs(self._registration, live))
                return self._wait("wait", live)
            return self._wait("update", api.apply(manifest, before, live))
        except ApiError as error:
            raise _sentence(manifest, error) from error

    def _create(self) -> Json:
        api, manifest = self._api, self._manifest
        wait = manifest["kind"] == "PersistentVolumeClaim" and waiting.readiness(manifest)
        if wait:
            waiting.waits_for_consumer(api, manifest)  # raises for a StorageClass that does not exist
        # Known before it exists: a kill between the call and its record must not make an orphan.
        self._record(Outcome("create", self._id(), {}, status=CREATING))
        try:
            return api.create(manifest)
        except ApiError as error:
            if error.reason != "AlreadyExists" or not _adoptable(self._registration, manifest, api):
                if error.status < SERVER_ERROR:
                    # Refused, so nothing was made: a record would let the next run take over what is not ours.
                    self._record(None)
                raise
        self._say(f"{title(manifest)} was made by an earlier run that was killed; taken over")
        live = api.request("GET", api.path(manifest))
        return api.apply(manifest, manifest, live)

    def _id(self) -> str:
        metadata = self._manifest["metadata"]
        return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)

    def _outcome(self, operation: str, live: Json, status: str) -> Outcome:
        return Outcome(operation, self._id(), _outputs(self._registration, live), status=status)

    def _wait(self, operation: str, live: Json) -> Outcome:
        manifest = self._manifest
        check = waiting.readiness(manifest)
        if check is None or self._never_bound():
            return self._outcome(operation, live, READY)
        self._record(self._outcome(operation, live, CREATED))
        limit = waiting.timeout(manifest, self._registration.timeout("update" if operation == "update" else "create"))
        begin = said = time.monotonic()
        pause = POLL_FIRST
        while lack := check(live):
            now = time.monotonic()
            if now - begin > limit:
                raise EngineError(waiting.timed_out(live, lack, waiting.why(self._api, live), limit))
            if now - said > SAY_EVERY:
                said, reason = now, waiting.why(self._api, live)
                self._say(f"{title(manifest)} ({now - begin:.0f} s): {lack}{'; ' + reason if reason else ''}")
            if self._stopping.wait(pause):
                raise Stopped
            pause = min(pause * 1.3, POLL_LAST)
            live = self._api.request("GET", self._api.path(manifest))
        return self._outcome(operation, live, READY)

    def _never_bound(self) -> bool:
        claim = self._manifest["kind"] == "PersistentVolumeClaim" and not waiting.annotation(self._manifest, "waitFor")
        return claim and waiting.waits_for_consumer(self._api, self._manifest)


def delete(api: Api, resource: Resource, say: Say, stopping: threading.Event) -> bool:
    """Remove an object and wait until it is gone. False when there was none."""
    manifest = _normal(resource.inputs)
    if not api.knows(manifest):
        return False
    manifest = api.located(manifest)
    path = api.path(manifest)
    live = api.get(path)
    # Of a create that was cut short only what carries our labels is ours to delete.
    if live is None or (resource.status == CREATING and not is_ours(manifest, live)):
        return False
    try:
        api.delete(path)
    except ApiError as error:
        raise _sentence(manifest, error) from error
    limit = resource.delete_timeout or waiting.DEFAULT_TIMEOUT
    said = time.monotonic()
    last = live

    def tick(seen: Json) -> None:
        nonlocal said, last
        last = seen
        if stopping.is_set():
            raise Stopped
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            say(f"{title(manifest)} is still there{_held_by(seen)}")

    if not api.wait_gone(path, live["metadata"]["uid"], limit, tick):
        raise EngineError(f"{title(manifest)} was not gone within {limit:.0f} seconds{_held_by(last)}")
    return True


def _held_by(live: Json) -> str:
    holders = list(live["metadata"].get("finalizers", ())) + live.get("spec", {}).get("finalizers", [])
    return f": held by {', '.join(holders)}" if holders else ""


def _unmoved(api: Api, old: Resource, manifest: Json) -> Json:
    """The manifest recorded last. Raises NeedsCli when the new one is another object, which means a replacement."""
    before = api.located(_normal(old.inputs))
    places = [
        (
            side["kind"],
            side["apiVersion"].rpartition("/")[0],
            side["metadata"].get("namespace"),
            side["metadata"]["name"],
        )
        for side in (before, manifest)
    ]
    if places[0] != places[1] and UNKNOWN not in places[1]:
        raise NeedsCli(f"{title(before)} would become {title(manifest)}, which replaces it")
    return before


def _stands_as_recorded(manifest: Json, old: Resource, live: Json) -> bool:
    # Compared with the answer to our own last write, not with the manifest: the API server writes many values in its
    # own form (quantities, stringData, defaults).
    return bool(shaped_like(manifest, plain(old.outputs)) == shaped_like(manifest, live))


def _adoptable(registration: Registration, manifest: Json, api: Api) -> bool:
    old = registration.old
    if old is None or old.status != CREATING:
        return False
    live = api.get(api.path(manifest))
    return live is not None and is_ours(manifest, live)


def _marked(registration: Registration, live: Json) -> Json:
    marked: Json = marked_like(without_nulls(registration.inputs), live)
    if live.get("kind") == "Secret":
        # Leaf by leaf in a diff: its keys are no secrets.
        for key in ("data", "stringData"):
            if isinstance(live.get(key), dict):
                marked[key] = {name: secret(value) for name, value in live[key].items()}
    return marked


def _outputs(registration: Registration, live: Json) -> Json:
    shown = {key: value for key, value in live.items() if value is not None}
    shown["metadata"] = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    marked = marked_like(without_nulls(registration.inputs), shown)
    also = frozenset({"data", "stringData"}) if live.get("kind") == "Secret" else frozenset()
    return registration.with_secrets(marked, also)


def _without_server_fields(live: Json) -> Json:
    # What a dry run makes up would look known to the program (pulumi-kubernetes, provider.go, Create).
    metadata = {key: value for key, value in live["metadata"].items() if key not in _OF_THE_SERVER}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def _sentence(manifest: Json, error: ApiError) -> EngineError:
    name = title(manifest)
    if error.status == CONFLICT and error.reason == "AlreadyExists":
        return EngineError(
            f"{name} exists already and is not in the state of this stack: delete it, or take it over with `pulumi "
            "import` (the full Pulumi CLI)"
        )
    if error.status == INVALID and any(word in error.message.lower() for word in _IMMUTABLE):
        return EngineError(
            f"{name} cannot be changed in place: {error.message}. The small engine never replaces an object: take the "
            "change back, delete the object yourself, or use the full Pulumi CLI"
        )
    return EngineError(f"{name}: the API server refuses it ({error.reason or error.status}): {error.message}")
