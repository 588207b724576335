"""Every object of a MATLAB cluster as pure functions make it, and the fields that upstream.py names in them."""

from __future__ import annotations

import copy
import functools
import json
import re
import shlex
from typing import Any

import yaml

from components.matlab import names
from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.loading import load
from components.shared.manifest import Manifest, manifest
from components.shared.passwords import fingerprints
from tests.unit.clusters import manifests

ABSENT = "<absent>"


def settings(config: dict[str, Any]) -> Settings:
    """The settings, rules included."""
    return load(Settings, config, "matlab", RULES)


def objects(config: dict[str, Any]) -> dict[str, Manifest]:
    """Every object by Kind/name."""
    return _objects(json.dumps(config, sort_keys=True))


@functools.cache
def _objects(text: str) -> dict[str, Manifest]:
    cluster = Topology(settings(json.loads(text)))
    made = manifests(cluster, fingerprints("test"))
    found = {f"{kind}/{name}": item for (kind, name), item in made.items()}
    return {**found, f"Secret/{names.WORKER_USER_SECRET}": _worker_user(cluster)}


def _worker_user(cluster: Topology) -> Manifest:
    # The real one holds outputs; test_upstream.py renders it too.
    password = cluster.settings.workers.password
    data = {"password": password.get_secret_value() if password else "generated"}
    return manifest("v1", "Secret", names.WORKER_USER_SECRET, cluster.namespace, stringData=data)


def field(found: dict[str, Manifest], place: str) -> Any:
    """What stands at a place of upstream.py; ABSENT where there is no such object or field."""
    target, *rest = place.split(" ")
    value: Any = found.get(target, ABSENT)
    if value is ABSENT or not rest:
        return value
    if value["kind"] == "ConfigMap" and re.fullmatch(r"[\w-]+\.(json|yaml|sh|cfg)", rest[0]):
        value = _document(value["data"][rest[0]], rest.pop(0))
    for step in _steps(rest[0]) if rest else ():
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        else:
            value = next((item for item in value if item["name"] == step), ABSENT)
        if value is ABSENT:
            return ABSENT
    return value


def _document(text: str, name: str) -> Any:
    if name.endswith(".json"):
        return json.loads(text)
    if name.endswith(".yaml"):
        return yaml.safe_load(text)
    if name.endswith(".sh"):
        return dict(word.partition("=")[::2] for word in shlex.split(text))
    return text


def _steps(path: str) -> list[str]:
    return [quoted or bracketed or plain for quoted, bracketed, plain in re.findall(
        r'\["([^"]+)"\]|\[([^\]]+)\]|([^.\[]+)', path)]  # fmt: skip


def with_value(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the config with one setting changed; `path` is below `matlab`."""
    changed = copy.deepcopy(config)
    *groups, name = path.split(".")
    place = changed
    for group in groups:
        place = place.setdefault(group, {})
    place[name] = value
    return changed
