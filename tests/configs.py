"""Stack configs that nobody has thought of, for laws that hold for all of them (Hypothesis).

PROPERTY_EXAMPLES=5000 in the environment tries more configs than the 300 of every run.
"""

from __future__ import annotations

import os
import re
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.loading import load
from components.shared.mistakes import ConfigError
from generators.settings import Setting, every_setting
from tests.unit.clusters import EVERYTHING, LABELS, MODES, PODS, Values, merged, mode_values

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "300"))
FEW_WORKERS = 70
"""Each pool proxy is a Service to check; three of them say as much as three thousand."""
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
law = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


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


SETTINGS = list(every_setting(Settings))
ANY = {setting.path: values(setting.type.schema, setting.type.samples) for setting in SETTINGS}
ANY["workers.max"] = st.integers(0, FEW_WORKERS)


def nested(setting: Setting, value: Any) -> Values:
    for step in reversed(setting.steps):
        value = {step: value}
    whole: Values = value
    return whole


@st.composite
def configs(draw: st.DrawFn) -> Values:
    """A cluster in any mode, with everything switched on or not, and a few settings changed."""
    mode = draw(st.sampled_from(sorted(MODES)))
    parts = [mode_values(mode, draw(st.sampled_from([{}, EVERYTHING])))]
    parts.append({"workers": {"max": draw(st.integers(0, FEW_WORKERS))}})
    parts.append(draw(st.sampled_from([{}, {"workers": {**PODS, **LABELS}, "jobManager": {**PODS, **LABELS}}])))
    others = [setting for setting in SETTINGS if setting.path != "workers.max"]
    changed = draw(st.lists(st.sampled_from(others), max_size=5, unique_by=lambda setting: setting.path))
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
