"""Objects of one config on the API server, and the ones of another config that follow them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.shared.kube import APPLY_PATCH, RESOURCES, ApiError, KubernetesApi
from components.shared.manifest import Manifest
from tests.schemas import OF_OPERATORS

Objects = Mapping[tuple[str, str], Manifest]

NAMESPACE, EMPTY = "transitions", "transitions-empty"
GIVEN_BY_THE_CLUSTER: Final = {
    "clusterIP",
    "clusterIPs",
    "healthCheckNodePort",
    "nodePort",
    "deployment.kubernetes.io/revision",
}


class Transitions:
    """Two namespaces: objects are created in one and then updated; in the other, nothing has ever been."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api
        for name in (NAMESPACE, EMPTY):
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            api.request("POST", RESOURCES["Namespace"].path(), namespace)
        # Deployments are only looked at: without ReplicaSets there are no pods.
        quota = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "nothing-runs"},
            "spec": {"hard": {"count/replicasets.apps": "0"}},
        }
        api.request("POST", f"/api/v1/namespaces/{NAMESPACE}/resourcequotas", quota)

    def problems(self, before: Objects, after: Objects, also_owned_by: str | None = None) -> list[str]:
        """What the API server says against the update, and what it leaves of the objects before.

        `also_owned_by` is another field manager of everything that was there before.
        """
        before, after = _served(before), _served(after)
        self._clear({kind for kind, _ in before})
        for item in before.values():
            self._apply(item, NAMESPACE)
            if also_owned_by:
                self._apply(item, NAMESPACE, fieldManager=also_owned_by)
        return list(self._differences(after))

    def _differences(self, after: Objects) -> Iterator[str]:
        for (kind, name), item in after.items():
            try:
                updated = self._apply(item, NAMESPACE, dryRun="All")
            except ApiError as error:
                yield f"{kind} {name}: {error}"
                continue
            created = self._apply(item, EMPTY, dryRun="All")
            if content(updated) != content(created):
                yield f"{kind} {name}: {json.dumps(content(updated))} instead of {json.dumps(content(created))}"

    def _apply(self, item: Manifest, namespace: str, **options: str) -> Manifest:
        metadata = item["metadata"]
        body = {**item, "metadata": {**metadata, "namespace": namespace}}
        path = f"{RESOURCES[item['kind']].path(namespace)}/{metadata['name']}"
        # As the provider writes: one field manager, and never by force.
        query = {"fieldManager": "transitions", **options}
        applied: Manifest = self._api.request("PATCH", path, body, query=query, content_type=APPLY_PATCH)
        return applied

    def _clear(self, kinds: set[str]) -> None:
        for kind in kinds:
            path = RESOURCES[kind].path(NAMESPACE)
            for item in self._api.request("GET", path)["items"]:
                self._api.request("DELETE", f"{path}/{item['metadata']['name']}")


def _served(objects: Objects) -> Objects:
    return {key: item for key, item in objects.items() if key[0] not in OF_OPERATORS}


def content(item: Manifest) -> Any:
    """What a config decides about an object."""
    metadata = {key: item["metadata"].get(key) for key in ("labels", "annotations")}
    return _without({**item, "metadata": metadata, "status": None}, GIVEN_BY_THE_CLUSTER)


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: found for key, part in value.items() if key not in keys and (found := _without(part, keys))}
    return [_without(part, keys) for part in value] if isinstance(value, list) else value
