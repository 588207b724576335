"""Laws for any config of Julia sessions: refused with paths, or valid objects; and no setting without effect."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import assume, event, given, note
from hypothesis import strategies as st

from components.julia.objects import components, objects
from components.julia.outputs import output
from components.julia.rules import RULES, warnings
from components.julia.settings import Settings
from components.julia.system import SYSTEM
from components.julia.topology import sessions, whole_cores
from components.shared.loading import load
from components.shared.mistakes import ConfigError
from components.stack import load_stack
from generators import schema
from generators.changes import Effects, accepted, candidates, changed
from generators.julia_changes import BASES, PODS, SessionsState, examine, row, steps
from generators.settings import Setting, every_setting
from ops.render import render
from tests.configs import law, values
from tests.schemas import VERSIONS, problems
from tests.unit.test_rendering import without_the_stacks_own

SETTINGS = list(every_setting(Settings))
WAITING = ("manager.startTimeout", "depot.keep")
"""How long `up` waits, and what a destroy keeps, are not in every object."""
SCHEMA = jsonschema.Draft7Validator(schema.schema())


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """One of the configs of the generators, with a few settings changed."""
    config: dict[str, Any] = BASES[draw(st.sampled_from(sorted(BASES)))]
    for setting in draw(st.lists(st.sampled_from(SETTINGS), max_size=5, unique_by=lambda setting: setting.path)):
        if not setting.path.endswith("workers.max"):
            config = changed(config, steps(setting), draw(values(setting.type.schema, setting.type.samples)))
    return config


@law
@given(configs())
def test_a_config_is_refused_with_paths_or_makes_valid_objects(config: dict[str, Any]) -> None:
    settings, mistakes = None, ()
    try:
        settings = load(Settings, config, "julia", RULES)
    except ConfigError as error:
        mistakes = error.mistakes
    event("accepted" if settings else "refused")
    note(f"{config}")
    if settings is None:
        assert mistakes
        assert all(item.path.startswith("julia.") and item.problem and item.remedy for item in mistakes)
        return
    planned = objects(settings)
    assert json.dumps([item.manifest for item in planned]) == json.dumps([item.manifest for item in objects(settings)])
    found = [problem for item in planned for version in VERSIONS for problem in problems(item.manifest, version)]
    assert found == []
    assert {item.component for item in planned} <= components(settings).keys()
    assert all(text.startswith("julia.") for text in warnings(settings))
    assert all(output(session)["addprocs"] for session in sessions(settings))
    assert list(SCHEMA.iter_errors({"config": {"clusters:julia": config}})) == []


@pytest.mark.parametrize("base", BASES)
def test_a_setting_is_refused_or_has_an_effect(base: str) -> None:
    before = accepted(SYSTEM, BASES[base])
    assert before is not None
    seen, silent = noticed(before), []
    for setting in SETTINGS:
        for value in candidates(setting, before, steps(setting)):
            after = accepted(SYSTEM, changed(BASES[base], steps(setting), value))
            if after is None or resolved(after) == resolved(before) or setting.path.endswith(WAITING):
                continue
            if noticed(after) == seen:
                silent.append(f"{setting.path}: {value!r:.60}")
    assert silent == []


def noticed(settings: Settings) -> str:
    """What a person can notice of the sessions: objects and outputs."""
    state = SessionsState(settings)
    outputs = [output(session) for session in sessions(settings)]
    return json.dumps([[list(key), item] for key, item in state.objects.items()] + outputs, sort_keys=True, default=str)


def resolved(settings: Settings) -> Any:
    """The settings in force: what is written once more, or as it would be anyway, changes nothing."""
    every = {}
    for session in sessions(settings):
        own = session.settings.model_dump()
        own["workers"]["image"] = session.worker_image, session.worker_pull_policy
        for name, group in (("manager", session.settings.manager), ("workers", session.settings.workers)):
            own[name]["threads"] = group.threads or whole_cores(group.cpu)
        every[session.name] = own
    return every, settings.network, settings.pod_security


@cache
def table() -> dict[str, Effects]:
    """What docs/restarts.md says."""
    return examine()


@st.composite
def changes(draw: st.DrawFn) -> tuple[Setting, Settings, Settings]:
    """A setting, and an accepted config before and after a change of it."""
    config = draw(configs())
    setting = draw(st.sampled_from(SETTINGS))
    before = accepted(SYSTEM, config)
    after = accepted(SYSTEM, changed(config, steps(setting), draw(values(setting.type.schema, setting.type.samples))))
    assume(before is not None and after is not None and before != after)
    assert before is not None
    assert after is not None
    return setting, before, after


@law
@given(changes())
def test_a_setting_changes_only_what_its_row_names(change: tuple[Setting, Settings, Settings]) -> None:
    """docs/restarts.md is found with a few configs; here it is held against any."""
    setting, before, after = change
    expected, seen = table()[row(setting)], Effects(PODS)
    SessionsState(before).compare(SessionsState(after), seen)
    note(f"{setting.path}: {seen}")
    assert seen.objects <= expected.objects
    assert {*seen.always()} <= {*expected.always(), *expected.sometimes()}
    assert seen.notes <= expected.notes


@pytest.mark.parametrize("base", BASES)
def test_the_program_registers_the_pure_manifests(base: str) -> None:
    stack = load_stack("lab", {"kubernetes": {"context": "lab"}, "julia": BASES[base]}, set())
    files, outputs = render(stack)
    found = [without_the_stacks_own(yaml.safe_load(text)) for text in files.values()]
    settings = accepted(SYSTEM, BASES[base])
    assert settings is not None
    expected = [without_the_stacks_own(item.manifest) for item in objects(settings) if item.key[0] != "Secret"]
    key = lambda item: (item["kind"], item["metadata"]["name"])  # noqa: E731 - a short name for both sides
    assert sorted((item for item in found if item["kind"] != "Secret"), key=key) == sorted(expected, key=key)
    assert set(outputs["juliaSessions"]) == set(settings.sessions)
