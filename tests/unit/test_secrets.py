"""No secret of the config stands anywhere but in Secrets: a canary is looked for in all that the program says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from components.matlab.rules import RULES, warnings
from components.matlab.settings import Settings
from components.secret_settings import secrets
from components.shared.loading import load
from components.shared.mistakes import ConfigError
from components.shared.passwords import fingerprints
from components.stack import StackConfig, load_stack
from ops.render import render
from tests.pem import pair
from tests.unit.clusters import EVERYTHING, MODES, SMALLEST, in_mode, manifests, merged

CANARY = "canary-7f3a$\"'\\"
AUTHORITY = pair("authority")
KEY_LINE = AUTHORITY.key.splitlines()[3]
"""A part of the key that every form of it contains."""
SECRETS = {
    "security": {"adminPassword": f"{CANARY}admin", "authority": AUTHORITY._asdict()},
    "workers": {"password": f"{CANARY}worker"},
}
PATHS = {"matlab.security.adminPassword", "matlab.security.authority.key", "matlab.workers.password"}


def sightings(document: Any) -> list[str]:
    """Where the canary was seen, as itself or as JSON or YAML would write it."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, default=str)
    return [word for word in ("canary-7f3a", "Y2FuYXJ5LTdmM2", KEY_LINE) if word in text]


def test_every_secret_of_the_model_has_its_canary() -> None:
    """A new secret setting must be added here."""
    assert {path for path, _ in secrets(Settings, SECRETS, "matlab")} == PATHS
    schema = json.dumps(Settings.model_json_schema())
    assert schema.count('"writeOnly": true') == len(PATHS)


@pytest.mark.parametrize("mode", MODES)
def test_no_manifest_but_a_secret_holds_a_secret(mode: str) -> None:
    """B20: upstream writes the workers' password into two ConfigMaps."""
    here = in_mode(mode, EVERYTHING, SECRETS)
    made = manifests(here, fingerprints("canary"))
    assert sightings(list(made.values())) == []


def test_the_rendered_program_holds_a_secret_in_secrets_alone() -> None:
    values = {"kubernetes": {"context": "lab"}, "matlab": merged(SMALLEST, EVERYTHING, SECRETS)}
    files, outputs = render(load_stack("canary", values, {"matlab"}))
    seen = {name for name, text in files.items() if sightings(text)}
    assert seen == {f"secret-{name}.yaml" for name in ("mjs-admin-password", "mjs-shared-secret", "mjs-worker-user")}
    assert {name for name, value in outputs.items() if sightings(value)} == {"adminPassword"}


def test_a_fingerprint_changes_with_the_password_and_tells_nothing_of_it() -> None:
    prints = {word: fingerprints("prod")(SecretStr(word), "admin") for word in ("one", "two", "three")}
    assert len(set(prints.values())) == 3
    assert all(len(text) == 5 for text in prints.values())
    assert prints["one"] == fingerprints("prod")(SecretStr("one"), "admin")
    assert prints["one"] != fingerprints("dev")(SecretStr("one"), "admin")
    assert prints["one"] != fingerprints("prod")(SecretStr("one"), "worker")
    assert fingerprints("prod")(None, "admin") == "generated"


WRONG_BESIDE: list[dict[str, Any]] = [
    {"workers": {"min": 99}},
    {"workers": {"max": "many"}},
    {"security": {"adminPasword": f"{CANARY}typo"}},
    {"security": {"adminPassword": [f"{CANARY}list"]}},
    {"security": {"adminPassword": {"value": f"{CANARY}map"}}},
    {"security": {"adminPassword": f"{CANARY}\ntwo lines"}},
    {"workers": {"password": f"{CANARY}\0"}},
]


@pytest.mark.parametrize("wrong", WRONG_BESIDE, ids=range(len(WRONG_BESIDE)))
@pytest.mark.parametrize("secret_keys", [set(), {"matlab"}], ids=["in clear", "encrypted"])
def test_no_refusal_repeats_a_secret(wrong: dict[str, Any], secret_keys: set[str]) -> None:
    """Messages end up in terminals and in the logs of pipelines."""
    values = {"kubernetes": {"context": "lab"}, "matlab": merged(SMALLEST, SECRETS, wrong)}
    with pytest.raises(ConfigError) as refused:
        load_stack("canary", values, secret_keys)
    assert sightings(str(refused.value)) == []
    assert sightings(refused.value.json()) == []
    assert sightings(repr(refused.value)) == []


def test_neither_warnings_nor_the_settings_themselves_show_a_secret() -> None:
    settings = load(Settings, merged(SMALLEST, SECRETS), "matlab", RULES)
    stack = load_stack("canary", {"kubernetes": {"context": "lab"}, "matlab": merged(SMALLEST, SECRETS)}, {"matlab"})
    assert isinstance(stack, StackConfig)
    assert sightings(list(warnings(settings))) == []
    for shown in (repr(settings), str(settings), repr(stack), settings.model_dump_json(), str(settings.model_dump())):
        assert sightings(shown) == []
