"""The law of the program: any config is either refused with paths, or makes objects that the API server accepts.

PROPERTY_EXAMPLES=5000 in the environment tries more configs than the 300 of every run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.mistakes import ConfigError, load
from ops import reference
from ops.model import Setting, every_setting
from tests.schemas import NEWEST, problems
from tests.unit.clusters import EVERYTHING, MODES, SMALLEST, Values, merged, objects

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
FEW_WORKERS = 70
"""Each pool proxy is a Service to check; three of them say as much as three thousand."""
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SCHEMA = jsonschema.Draft7Validator(reference.schema())


def values(schema: dict[str, Any], samples: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Values for a setting: its samples, its limits, and what its schema describes; some are wrong in other ways."""
    known = st.sampled_from(samples) if samples else st.nothing()
    if "anyOf" in schema:
        return st.one_of(known, *(values(choice, ()) for choice in schema["anyOf"]))
    return st.one_of(known, _described(schema))


def _described(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    kind = schema.get("type")
    if "enum" in schema:
        found: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
    elif "pattern" in schema:
        found = st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
    elif kind == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", 2**31 - 1)
        found = st.one_of(st.integers(low, min(low + FEW_WORKERS, high)), st.integers(low, high))
    elif kind == "array" and "$ref" not in schema["items"]:
        found = st.lists(values(schema["items"], ()), max_size=3)
    elif kind == "object" and "propertyNames" in schema:
        found = st.dictionaries(
            values(schema["propertyNames"], ()), values(schema["additionalProperties"], ()), max_size=3
        )
    else:
        found = {"boolean": st.booleans(), "null": st.none(), "string": TEXT}.get(str(kind), st.nothing())
    return found


SETTINGS = [setting for setting in every_setting(Settings) if setting.path != "workers.max"]
ANY = {setting.path: values(setting.type.schema, setting.type.samples) for setting in SETTINGS}


def nested(setting: Setting, value: Any) -> Values:
    for step in reversed(setting.steps):
        value = {step: value}
    whole: Values = value
    return whole


@st.composite
def configs(draw: st.DrawFn) -> Values:
    """A cluster in any mode, with everything switched on or not, and a few settings changed."""
    mode = draw(st.sampled_from(sorted(MODES)))
    parts = [SMALLEST, MODES[mode], draw(st.sampled_from([{}, EVERYTHING]))]
    parts.append({"workers": {"max": draw(st.integers(0, FEW_WORKERS))}})
    changed = draw(st.lists(st.sampled_from(SETTINGS), max_size=5, unique_by=lambda setting: setting.path))
    parts += [nested(setting, draw(ANY[setting.path])) for setting in changed]
    return merged(*parts)


def accepted(config: Values) -> Topology | None:
    """The cluster, or None after a look at the refusal."""
    try:
        return Topology(load(Settings, config, "matlab", RULES))
    except ConfigError as error:
        mistakes = error.mistakes
    assert mistakes
    assert all(mistake.path.startswith("matlab.") and mistake.problem and mistake.remedy for mistake in mistakes)
    return None


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(configs())
def test_a_config_is_refused_with_paths_or_makes_objects_that_the_api_server_accepts(config: Values) -> None:
    here, again = accepted(config), accepted(config)
    event("accepted" if here else "refused")
    if here is None or again is None:
        return
    found = objects(here)
    note(f"mode {here.mode}")
    assert json.dumps(list(found.values())) == json.dumps(list(objects(again).values()))
    said = [problem for item in found.values() for problem in [*problems(item, NEWEST), *objections(item)]]
    assert said == []
    # What the program accepts, an editor must not underline; secrets stand encrypted in a stack file.
    if not any(word in str(config) for word in ("adminPassword", "'password'", "'key'")):
        assert list(SCHEMA.iter_errors({"config": {"clusters:matlab": config}})) == []


# What the API server checks and its schemas do not say (kubernetes pkg/apis/core/validation)

LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
VOLUME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
PORT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
MEGABYTE = 2**20


def objections(item: Manifest) -> Iterator[str]:
    name = f"{item['kind']}/{item['metadata']['name']}"
    if not NAME.fullmatch(item["metadata"]["name"]) or len(item["metadata"]["name"]) > 253:
        yield f"{name}: the name"
    if not all(LABEL.fullmatch(value) for value in item["metadata"].get("labels", {}).values()):
        yield f"{name}: a label"
    if sum(len(text.encode()) for text in item.get("data", {}).values()) > MEGABYTE:
        yield f"{name}: too large"
    if item["kind"] == "Service":
        yield from (f"{name}: {what}" for what in _of_ports(item["spec"].get("ports", [])))
    if item["kind"] == "Deployment":
        yield from (f"{name}: {what}" for what in _of_pod(item["spec"]["template"]))
    if name.endswith("-template"):
        yield from (f"{name}: {what}" for what in _of_pod(yaml.safe_load(item["data"]["pod-template.yaml"])))


def _of_ports(ports: list[dict[str, Any]]) -> Iterator[str]:
    numbers, names = [port["port"] for port in ports], [port["name"] for port in ports]
    if len(set(numbers)) < len(numbers) or not all(1 <= number <= 65535 for number in numbers):
        yield f"ports {numbers}"
    if len(set(names)) < len(names) or not all(PORT_NAME.fullmatch(name) for name in names):
        yield f"port names {names}"


def _of_pod(template: dict[str, Any]) -> Iterator[str]:
    spec = template["spec"]
    volumes = [volume["name"] for volume in spec.get("volumes", [])]
    if len(set(volumes)) < len(volumes) or not all(VOLUME.fullmatch(volume) for volume in volumes):
        yield f"volumes {volumes}"
    if not all(LABEL.fullmatch(value) for value in spec.get("nodeSelector", {}).values()):
        yield "node selector"
    for container in spec["containers"]:
        paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
        if len(set(paths)) < len(paths) or any(":" in path or not path.startswith("/") for path in paths):
            yield f"mounts {paths}"
        variables = [variable["name"] for variable in container.get("env", [])]
        if len(set(variables)) < len(variables):
            yield f"variables {variables}"
        for probe in ("startupProbe", "livenessProbe"):
            if any(isinstance(value, int) and value > 2**31 - 1 for value in container.get(probe, {}).values()):
                yield probe
        if not all(len(port["name"]) <= 15 for port in container.get("ports", [])):
            yield "port names"
