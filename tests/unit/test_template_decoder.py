"""Templates of workers and pool proxies are decoded by what the controller decodes them with (k8s.io/api v0.29.2).

A template that it rejects stops all scaling, and only the controller's log says so.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from components.matlab import names, workers
from components.matlab.topology import Topology
from components.shared.config_paths import dotted
from components.shared.kubernetes_types import REFERENCE, definitions, mistakes
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


@pytest.mark.parametrize(
    ("newer", "unknown"),
    [
        ({"resources": {"limits": {"cpu": "1"}}}, "resources"),
        ({"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}, "appArmorProfile"),
        ({"volumes": [{"name": "image", "image": {"reference": "example"}}]}, "image"),
    ],
    ids=["resources of the pod", "AppArmor profile", "image volume"],
)
def test_the_decoder_is_as_old_as_the_controller(newer: dict[str, Any], unknown: str) -> None:
    """The guard itself is on guard: each of these fields came after 1.29, and today's API server knows them all."""
    template = workers.pod_template(cluster(), "")
    changed = copy.deepcopy(template)
    changed["spec"].update(newer)
    old, new = rejections([yaml_text(template), yaml_text(changed)])
    assert old == ""
    assert f'unknown field "{unknown}"' in new or f'.{unknown}"' in new


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
