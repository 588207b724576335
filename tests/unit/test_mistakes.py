"""What messages say, and what they must never say: a value that is in, or in place of, a group with a secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.registry import SYSTEMS
from components.secret_settings import secret_steps
from components.shared.config_paths import config_set, dotted
from components.shared.loading import load
from components.shared.mistakes import ConfigError
from generators.settings import every_setting
from tests.unit.clusters import SMALLEST, merged

CANARY = "hunter2canary"
NUMBER = 918273645


def nested(steps: tuple[str, ...], value: Any) -> dict[str, Any]:
    for step in reversed(steps):
        value = {step: value}
    whole: dict[str, Any] = value
    return whole


def places() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every secret, every group above one, and every setting next to one."""
    for key, system in SYSTEMS.items():
        secrets = list(secret_steps(system.settings))
        parents = {steps[:-1] for steps in secrets}
        seen: set[tuple[str, ...]] = set()
        for steps in secrets:
            seen |= {steps[:depth] for depth in range(1, len(steps) + 1)}
        seen |= {setting.steps for setting in every_setting(system.settings) if setting.steps[:-1] in parents}
        for steps in sorted(seen):
            yield key, steps


PLACES = list(places())
VALUES = (CANARY, f" {CANARY}", f"{CANARY}\n", f"/{CANARY}:", f"{CANARY} {CANARY}", NUMBER, float(NUMBER), -NUMBER)
canaries = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, min_size=1),
    max_leaves=3,
)


def message(key: str, values: Any) -> str:
    system = SYSTEMS[key]
    try:
        load(system.settings, values, key, system.rules)
    except ConfigError as error:
        return f"{error}\n{error.json()}"
    return ""


def test_there_are_secrets_to_protect() -> None:
    assert ("matlab", ("security", "adminPassword")) in PLACES
    assert ("matlab", ("security",)) in PLACES


@given(st.sampled_from(PLACES), canaries)
def test_a_value_at_or_near_a_secret_is_never_repeated(place: tuple[str, tuple[str, ...]], value: Any) -> None:
    key, steps = place
    text = message(key, merged(SMALLEST, nested(steps, value)))
    assert CANARY not in text
    assert str(NUMBER) not in text


@pytest.mark.parametrize("value", [CANARY, [CANARY], NUMBER, f"{CANARY}: x"])
def test_a_secret_in_place_of_a_whole_system_is_not_repeated(value: Any) -> None:
    for key in SYSTEMS:
        assert CANARY not in message(key, value)
        assert str(NUMBER) not in message(key, value)


def problem(values: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ConfigError) as refused:
        load(SYSTEMS["matlab"].settings, merged(SMALLEST, values), "matlab")
    (mistake,) = refused.value.mistakes
    return mistake.code, str(mistake)


SPLIT = (
    "If the key is a.b/c, run: pulumi config rm --path matlab.jobManager.nodeSelector.a && "
    "pulumi config set --path 'matlab.jobManager.nodeSelector[\"a.b/c\"]' VALUE"
)


@pytest.mark.parametrize(
    ("values", "code", "sentence"),
    [
        ({"jobManager": {"env": {"N": 4}}}, "not-text", "set --path --type string matlab.jobManager.env.N VALUE"),
        ({"jobManager": {"env": {"N": True}}}, "not-text", "Put it in quotes in the stack file, or run"),
        ({"jobManager": {"nodeSelector": {"a": {"b/c": "x"}}}}, "not-text", SPLIT),
        ({"installation": {"additionalClaims": "a"}}, "not-a-list", "'matlab.installation.additionalClaims[0]' VALUE"),
        ({"logLevel": "3"}, "not-a-whole-number", "'3' is not a whole number. Write digits without quotes, such as 4."),
        ({"logLevel": 9}, "too-large", "9 is too large. Write 6 or less."),
        ({"storage": {"checkpoint": {"storageClass": ""}}}, "refused", "name it in `claim`"),
        ({"workerz": 1}, "unknown", "Did you mean matlab.workers?"),
    ],
)
def test_a_message_says_what_to_do_on_the_command_line(values: dict[str, Any], code: str, sentence: str) -> None:
    assert problem(values)[0] == code
    assert sentence in problem(values)[1]


def test_a_missing_group_names_its_first_required_setting() -> None:
    with pytest.raises(ConfigError) as refused:
        load(SYSTEMS["matlab"].settings, {"release": "r2026a"}, "matlab")
    assert "Run: pulumi config set --path matlab.workers.max VALUE" in str(refused.value)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (("a", "b"), "a.b"),
        (("a", 0, "b"), "a[0].b"),
        (("a", "b.c/d"), 'a["b.c/d"]'),
        (("a", 'b"c'), 'a["b\\"c"]'),
        (("a", ""), 'a[""]'),
    ],
)
def test_a_path_is_what_the_cli_reads(steps: tuple[str | int, ...], path: str) -> None:
    assert dotted(steps) == path


def test_a_command_can_be_pasted_into_a_shell() -> None:
    assert config_set('a["b.c"]') == "pulumi config set --path 'a[\"b.c\"]' VALUE"
    assert config_set("a.b", "--secret", value=None) == "pulumi config set --path --secret a.b"
