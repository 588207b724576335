"""Templates of workers and pool proxies are decoded by what the controller decodes them with (k8s.io/api v0.29.2).

A template that it rejects stops all scaling, and only the controller's log says so.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.matlab import names, workers
from components.matlab.topology import Topology
from components.shared.config_paths import dotted
from components.shared.kubernetes_types import DECODED_BY, REFERENCE, definitions, mistakes
from components.shared.manifest import yaml_text
from tests.configs import EXAMPLES, accepted, configs, law
from tests.tools.templates import rejections
from tests.unit.clusters import EVERYTHING, LABELS, MODES, PODS, cluster, in_mode, manifests

TEMPLATES = (names.WORKER_TEMPLATE, names.POOL_PROXY_TEMPLATE)
PLACED = {"workers": {**PODS, **LABELS}}
PROXIES = {"poolProxy": PODS}


def texts(here: Topology) -> list[str]:
    """The templates of a cluster, as the controller reads them."""
    found = manifests(here)
    return [found["ConfigMap", name]["data"][names.TEMPLATE_FILE] for name in TEMPLATES if ("ConfigMap", name) in found]


@pytest.mark.parametrize("values", [{}, EVERYTHING, PLACED], ids=["smallest", "everything", "placed"])
@pytest.mark.parametrize("mode", MODES)
def test_the_controller_decodes_every_template(mode: str, values: dict[str, Any]) -> None:
    here = in_mode(mode, values)
    if values is PLACED and here.uses_pool_proxies:
        here = in_mode(mode, values, PROXIES)
    found = texts(here)
    assert len(found) == 1 + here.uses_pool_proxies
    assert rejections(found) == [""] * len(found)


@settings(law, max_examples=max(EXAMPLES // 10, 1))
@given(st.lists(configs(), min_size=10, max_size=10))
def test_the_controller_decodes_the_templates_of_any_accepted_config(several: list[dict[str, Any]]) -> None:
    found = [text for config in several if (here := accepted(config)) for text in texts(here)]
    assert rejections(found) == [""] * len(found)


SCALARS = r"[-+]?(\.?[0-9_]{1,3}(\.[0-9_]{0,2})?([eE][-+]?[0-9]{1,2})?|0[bBoOxX][0-9a-f_]{1,3})"
WORDS = ["y", "Y", "n", "N", "yes", "off", "null", "~", ".inf", "2024-1-5", "2024-1-5 10:00:00", "08", "1e3", "0o17"]


@settings(law, max_examples=1, phases=(Phase.generate,))
@given(st.lists(st.from_regex(SCALARS, fullmatch=True), min_size=EXAMPLES, max_size=EXAMPLES))
def test_a_text_stays_a_text(several: list[str]) -> None:
    """The name of a claim, as Go reads it: a number or a boolean there would stop all scaling."""
    template = workers.pod_template(cluster(), "")
    documents = []
    for text in (*WORDS, *several):
        changed = copy.deepcopy(template)
        changed["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": text}}]
        documents.append(yaml_text(changed))
    assert rejections(documents) == [""] * len(documents)


CORE = "io.k8s.api.core.v1."
NEWEST = "1.37"
"""The release of the embedded control plane."""


@cache
def fields_of(version: str) -> dict[str, dict[str, Any]]:
    """The fields of every type of Kubernetes' core API: type → field → its schema."""
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    types = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    return {name: schema.get("properties", {}) for name, schema in types.items() if name.startswith(CORE)}


def holders(root: str, version: str) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every type that a value of the root type can hold, with one place of it."""
    seen, waiting = {CORE + root}, [(CORE + root, ())]
    while waiting:
        name, at = waiting.pop(0)
        yield name, at
        for key, schema in fields_of(version)[name].items():
            inner, more = (schema["items"], (0,)) if "items" in schema else (schema, ())
            other = inner.get("$ref", "").removeprefix("#/$defs/")
            if other in fields_of(version) and other not in seen:
                seen.add(other)
                waiting.append((other, (*at, key, *more)))


def newer_fields(root: str) -> list[tuple[str | int, ...]]:
    """Places of the fields that today's Kubernetes has, and that of the controller does not."""
    old, new = fields_of(DECODED_BY), fields_of(NEWEST)
    return [(*at, key) for name, at in holders(root, NEWEST) for key in new[name].keys() - old.get(name, {}).keys()]


def at_place(steps: tuple[str | int, ...]) -> Any:
    """A value with something at a place, and nothing else."""
    value: Any = {}
    for step in reversed(steps):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def test_the_controller_rejects_every_field_that_is_newer_and_no_setting_holds_one() -> None:
    newer = newer_fields("PodSpec")
    assert {("resources",), ("volumes", 0, "image"), ("containers", 0, "lifecycle", "stopSignal")} <= {*newer}
    answers = rejections([yaml_text({"spec": at_place(place)}) for place in newer])
    accepted_fields = [place for place, answer in zip(newer, answers, strict=True) if "unknown field" not in answer]
    assert accepted_fields == []
    # So Kubernetes' types of 1.29 take nothing from the pods that the controller does not create (ADR 14).
    assert {root: newer_fields(root) for root in ("Affinity", "Toleration", "TopologySpreadConstraint")} == {
        "Affinity": [],
        "Toleration": [],
        "TopologySpreadConstraint": [],
    }


def places(name: str, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Every field of a type at any depth."""
    for key, schema in definitions()[name]["properties"].items():
        yield (*at, key)
        inner, more = (schema["items"], (0,)) if schema.get("type") == "array" else (schema, ())
        if "$ref" in inner:
            yield from places(inner["$ref"].removeprefix(REFERENCE), (*at, key, *more))


def exists(value: Any, steps: tuple[str | int, ...]) -> bool:
    for step in steps:
        if not (isinstance(value, list) and value) and not (isinstance(value, dict) and step in value):
            return False
        value = value[step]
    return True


SELECTOR = {"matchLabels": {"app": "x"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}
TERM = {
    "topologyKey": "zone",
    "namespaces": ["lab"],
    "labelSelector": SELECTOR,
    "namespaceSelector": SELECTOR,
    "matchLabelKeys": ["tenant"],
    "mismatchLabelKeys": ["team"],
}
NODES = {
    "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}],
    "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node"]}],
}
POD_TERMS = {
    "requiredDuringSchedulingIgnoredDuringExecution": [TERM],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": TERM}],
}
EVERY_FIELD: dict[str, dict[str, Any]] = {
    "Affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [NODES]},
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": NODES}],
        },
        "podAffinity": POD_TERMS,
        "podAntiAffinity": POD_TERMS,
    },
    "TopologySpreadConstraint": {**PODS["topologySpreadConstraints"][0], "labelSelector": SELECTOR},
}
"""A value of each type with every field that the program accepts."""
FIELDS = {"Affinity": "affinity", "TopologySpreadConstraint": "topologySpreadConstraints"}


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_the_controller_knows_every_field_that_a_setting_accepts(name: str) -> None:
    value = EVERY_FIELD[name]
    assert [place for place in places(name, ()) if not exists(value, place)] == []
    assert list(mistakes(name, value, name)) == []
    spec = {FIELDS[name]: value if name == "Affinity" else [value]}
    template = workers.pod_template(cluster(), "")
    (answer,) = rejections([yaml_text({**template, "spec": {**template["spec"], **spec}})])
    assert answer == ""


def with_unknown(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The value with one field too many, once for each map of the type in it."""
    if isinstance(value, dict):
        if "matchLabels" not in at[-1:]:
            yield (*at, "newer"), {**value, "newer": "x"}
        for key, item in value.items():
            for place, other in with_unknown(item, (*at, key)):
                yield place, {**value, key: other}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for place, other in with_unknown(item, (*at, index)):
                yield place, [*value[:index], other, *value[index + 1 :]]


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_what_the_controller_would_reject_is_refused_with_its_place(name: str) -> None:
    template = workers.pod_template(cluster(), "")
    others = list(with_unknown(EVERY_FIELD[name]))
    assert len(others) > (20 if name == "Affinity" else 2)
    specs = [{FIELDS[name]: value if name == "Affinity" else [value]} for _, value in others]
    answers = rejections([yaml_text({**template, "spec": {**template["spec"], **spec}}) for spec in specs])
    assert all("unknown field" in answer for answer in answers)
    for place, value in others:
        (found,) = mistakes(name, value, "matlab")
        assert found.path == dotted(("matlab", *place))
