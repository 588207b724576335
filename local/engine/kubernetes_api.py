"""The calls to one cluster: where an object lives, how it is made, changed and removed."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.shared.kube import (
    APPLY_PATCH,
    ApiError,
    Cluster,
    Unreachable,
    object_path,
)
from local.engine.errors import EngineError
from local.engine.values import Json

MANAGER = "pulumi-kubernetes"
"""The field manager (KEP-555); the provider's own begins with the same word."""
PATCH_FORCE = "pulumi.com/patchForce"
AT_ONCE = 8
TRIES = 3
CONFLICT, GONE, INVALID = 409, 404, 422
BUSY = {429, 502, 503, 504}
OWNER_LABELS = {"app.kubernetes.io/managed-by": "pulumi", "clusters.pulumi/stack": None}
"""Labels that prove an object to be of this stack; None: the value that the manifest has."""

_FINDINGS = re.compile(r'conflicts? with "([^"]*)"')
_FIELDS = re.compile(r"(?:^- |: )(\.\S.*?)$", re.MULTILINE)


class Api:
    """One cluster as one provider resource of the program sees it."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._default_namespace = cluster, namespace
        self._turn = threading.Semaphore(AT_ONCE)
        self._kinds: dict[str, dict[str, Json]] = {}
        self.calls: Counter[str] = Counter()

    @classmethod
    def connect(cls, kubeconfig: str | None, context: str | None, namespace: str | None) -> Api:
        """Connect as the provider does: `kubeconfig` is a path or the contents of the file."""
        if kubeconfig is None or not ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
            path = Path(kubeconfig).expanduser() if kubeconfig else None
            return cls(Cluster.connect(path, context), namespace or "default")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(kubeconfig)
            file.flush()
            return cls(Cluster.connect(Path(file.name), context), namespace or "default")

    @property
    def server(self) -> str:
        """The API server's URL."""
        return self._cluster.server

    def identity(self) -> str:
        """The UID of namespace kube-system, which is as old as the cluster, or, where that is hidden, of its URL."""
        try:
            found = self.request("GET", "/api/v1/namespaces/kube-system")
            return str(found["metadata"]["uid"])
        except ApiError:
            return "url-" + hashlib.sha256(self.server.encode()).hexdigest()

    def request(self, method: str, path: str, body: Json | None = None, **options: Any) -> Json:
        """One request, with at most AT_ONCE under way. What may safely be sent again is, when the server is busy."""
        dry = "dryRun" in (options.get("query") or {})
        for attempt in range(1, TRIES + 1):
            try:
                with self._turn:
                    self.calls[f"{method} dry run" if dry else method] += 1
                    return self._cluster.request(method, path, body, **options)
            except (ApiError, Unreachable) as error:
                refused = isinstance(error, ApiError) and error.status in BUSY
                # A POST without an answer may have made its object.
                lost = isinstance(error, Unreachable) and method != "POST"
                if attempt == TRIES or not (refused or lost):
                    raise
            time.sleep(attempt)
        raise AssertionError("unreachable")

    def get(self, path: str) -> Json | None:
        """An object, or None when it does not exist."""
        try:
            return self.request("GET", path)
        except ApiError as error:
            if error.status == GONE:
                return None
            raise

    def located(self, manifest: Json) -> Json:
        """The manifest with the namespace in which the API server will put it."""
        namespaced = self._kind(manifest)["namespaced"]
        metadata = dict(manifest["metadata"])
        if namespaced:
            metadata.setdefault("namespace", self._default_namespace)
        return {**manifest, "metadata": metadata}

    def path(self, manifest: Json) -> str:
        """The API path of the object."""
        return f"{object_path(manifest, self._kind(manifest)['name'])}/{manifest['metadata']['name']}"

    def knows(self, manifest: Json) -> bool:
        """False for a kind whose CustomResourceDefinition is not there (yet)."""
        try:
            self._kind(manifest)
        except EngineError:
            return False
        return True

    def _kind(self, manifest: Mapping[str, Any]) -> Json:
        version, kind = manifest["apiVersion"], manifest["kind"]
        if kind not in self._kinds.get(version, {}):
            found = self.get(f"/api/{version}" if "/" not in version else f"/apis/{version}") or {}
            self._kinds[version] = {
                entry["kind"]: entry for entry in found.get("resources", ()) if "/" not in entry["name"]
            }
        if kind not in self._kinds[version]:
            raise EngineError(f"the cluster {self.server} does not know the kind {kind} of {version}")
        return self._kinds[version][kind]

    def create(self, manifest: Json, *, dry_run: bool = False) -> Json:
        """Make an object that must not exist yet."""
        collection = self.path(manifest).rpartition("/")[0]
        return self.request("POST", collection, manifest, query=_query(dry_run=dry_run))

    def apply(self, manifest: Json, before: Json, live: Json, *, dry_run: bool = False) -> Json:
        """Server-side apply of the whole manifest, so that fields which it no longer has vanish.

        `before` is the manifest that we applied last: where somebody else took one of its fields over, we take it
        back. A field that was never ours stays theirs, and EngineError names it and them, unless the annotation
        patchForce claims it.
        """
        path = self.path(manifest)
        if not dry_run:
            self._own_by_apply(path, live)
        query = _query(dry_run=dry_run)
        forced = {**query, "force": "true"}
        annotations = manifest["metadata"].get("annotations") or {}
        by_force = annotations.get(PATCH_FORCE) == "true"
        try:
            return self.request("PATCH", path, manifest, query=forced if by_force else query, content_type=APPLY_PATCH)
        except ApiError as error:
            fields = _FIELDS.findall(error.message)
            if error.status != CONFLICT or not fields:
                raise
            if foreign := [field for field in fields if not has_field(before, field)]:
                owners = ", ".join(sorted(set(_FINDINGS.findall(error.message))))
                raise EngineError(
                    f"{title(manifest)}: {', '.join(foreign)} is managed by {owners}; take it out of the config here, "
                    "or have them give it up"
                ) from error
        return self.request("PATCH", path, manifest, query=forced, content_type=APPLY_PATCH)

    def _own_by_apply(self, path: str, live: Json) -> None:
        # A create is recorded as an Update of our manager. Unless that entry becomes an Apply, it goes on owning every
        # field of the first manifest, and a field that is taken out of the manifest never vanishes
        # (kubernetes/kubernetes staging/src/k8s.io/client-go/util/csaupgrade).
        entries = live["metadata"].get("managedFields", [])
        ours = [
            (index, entry) for index, entry in enumerate(entries)
            if entry.get("manager") == MANAGER and not entry.get("subresource")
        ]  # fmt: skip
        index = next((index for index, entry in ours if entry["operation"] == "Update"), None)
        if index is None:
            return
        entry = f"/metadata/managedFields/{index}"
        change: Json = {"op": "replace", "path": f"{entry}/operation", "value": "Apply"}
        if any(entry["operation"] == "Apply" for _, entry in ours):
            change = {"op": "remove", "path": entry}
        version = {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]}
        try:
            # A JSON Patch is a list; the client's type says object, its JSON does not care.
            patch: Any = [version, change]
            self.request("PATCH", path, patch, query=_query(), content_type="application/json-patch+json")
        except ApiError as error:
            if error.status not in (CONFLICT, INVALID):
                raise
            # It changed meanwhile (a controller writes status): read it again.
            self._own_by_apply(path, self.request("GET", path))

    def delete(self, path: str) -> bool:
        """Begin a foreground deletion. False when the object does not exist."""
        try:
            self.request("DELETE", path, {"propagationPolicy": "Foreground"})
        except ApiError as error:
            if error.status == GONE:
                return False
            raise
        return True

    def wait_gone(self, path: str, uid: str, timeout: float, tick: Callable[[Json], None]) -> bool:
        """Wait until the object with that UID is gone. False when it still stands after `timeout` seconds."""
        end, pause = time.monotonic() + timeout, 0.1
        while live := self.get(path):
            if live["metadata"]["uid"] != uid:
                break
            if time.monotonic() > end:
                return False
            tick(live)
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)
        return True


def _query(*, dry_run: bool = False) -> dict[str, str]:
    query = {"fieldManager": MANAGER}
    return {**query, "dryRun": "All"} if dry_run else query


def title(manifest: Mapping[str, Any]) -> str:
    """`Deployment mjs/mjs-controller`: how an object is named in every sentence."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    return f"{manifest['kind']} {namespace + '/' if namespace else ''}{metadata['name']}"


def is_ours(manifest: Json, live: Json) -> bool:
    """True when the live object has the owner labels of the manifest, and the manifest has them."""
    wanted = manifest["metadata"].get("labels") or {}
    found = live["metadata"].get("labels") or {}
    return all(
        wanted.get(key) is not None and found.get(key) == wanted[key] and value in (None, wanted[key])
        for key, value in OWNER_LABELS.items()
    )


def has_field(value: Any, path: str) -> bool:
    """Whether a manifest has a field, given as the API server writes it in a conflict: `.spec.x[name="a"].image`."""
    if not path:
        return True
    if isinstance(value, Mapping):
        # Keys have dots in them: try each key that fits, not each word between dots.
        return any(
            path.startswith(f".{key}") and path[len(key) + 1 : len(key) + 2] in ("", ".", "[")
            and has_field(item, path[len(key) + 1 :])
            for key, item in value.items()
        )  # fmt: skip
    found = re.match(r"\[((?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*)\]", path)
    if not isinstance(value, list) or found is None:
        return False
    rest = path[found.end() :]
    if found[1].startswith("="):
        return json.loads(found[1][1:]) in value
    keys = {key: json.loads(text) for key, text in re.findall(r"(\w+)=(\"(?:[^\"\\]|\\.)*\"|[^,]+)", found[1])}
    # A key with the API's default (protocol TCP) is often not in the manifest.
    return any(
        isinstance(item, Mapping)
        and all(item.get(key, text) == text for key, text in keys.items())
        and has_field(item, rest)
        for item in value
    )
