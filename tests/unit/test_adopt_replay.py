"""The replay of `ops adopt`: the program, answered by credentials alone, registers what an engine would record."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pulumi
import pytest

from components.matlab import names, recovery
from components.matlab.topology import Topology
from components.program import deploy
from components.shared.survey import NOTHING
from components.stack import StackConfig, load_file
from components.system import PLACEHOLDER_ADDRESS
from ops.adopt.credentials import known
from ops.adopt.replay import Registration, replay
from ops.adopt.values import clear, is_known
from ops.render import render
from tests.conftest import PROJECT
from tests.mjs_credentials import made_secrets

EXAMPLES = ("everything-on", "arkouda-multi-locale", "julia-pool")


def stack_of(example: str) -> StackConfig:
    return load_file(PROJECT / "examples" / f"{example}.yaml", "prod")


def registered(stack: StackConfig, answer: Any) -> list[Registration]:
    def program() -> Any:
        return deploy(stack, lambda *_: pulumi.Output.from_input(PLACEHOLDER_ADDRESS), NOTHING)

    return replay(program, stack.name, answer)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_resource_comes_after_the_ones_that_it_names(example: str) -> None:
    """Pulumi rejects a state in another order."""
    seen: set[str] = set()
    for item in registered(stack_of(example), lambda _: None):
        needed = {item.parent, item.provider.rpartition("::")[0], *item.dependencies}
        needed |= {urn for urns in item.property_dependencies.values() for urn in urns}
        assert needed - {""} <= seen, item.urn
        seen.add(item.urn)


def test_the_objects_are_those_of_a_rendering() -> None:
    stack = stack_of("everything-on")
    found = {
        f"{item.inputs['kind'].lower()}-{item.name}.yaml"
        for item in registered(stack, lambda _: None)
        if item.type.startswith("kubernetes:")
    }
    files, _ = render(stack)
    assert found == set(files)


def test_recovered_credentials_give_the_secrets_that_hold_them() -> None:
    """Byte for byte, so that no Secret is updated and no pod restarts."""
    stack = stack_of("minimal")
    settings: Any = stack.systems["matlab"]
    secrets = made_secrets()
    found = recovery.recovered(Topology(settings), lambda _, name: secrets.get(name, {}))

    def answer(item: Registration) -> None:
        if made := known(item.type, item.name, clear(item.inputs), found):
            item.id, item.outputs = made.id, dict(made.outputs)

    wanted = {item.name: item.manifest for item in registered(stack, answer) if item.inputs.get("kind") == "Secret"}
    shared = clear_text(wanted[names.SHARED_SECRET]["data"])
    assert shared == secrets[names.SHARED_SECRET]
    assert clear_text(wanted[names.ADMIN_SECRET]["data"]) == secrets[names.ADMIN_SECRET]
    assert not is_known(wanted[names.WORKER_USER_SECRET]["data"]), "its Secret is missing, so it is made anew"
    profile = json.loads(clear_text(wanted[names.PROFILE_SECRET]["data"])["profile"])["SchedulerComponent"]
    assert (
        profile["ClientCertificate"]
        == json.loads(secrets[names.PROFILE_SECRET]["profile"])["SchedulerComponent"]["ClientCertificate"]
    )


def test_a_leaf_of_another_authority_is_made_anew() -> None:
    """B7: the controller accepts a proxy's Secret unchecked."""
    stack = stack_of("minimal")
    settings: Any = stack.systems["matlab"]
    secrets = made_secrets()
    stale = {**secrets, names.PARALLEL_SERVER_PROXY_SECRET: made_secrets()[names.PARALLEL_SERVER_PROXY_SECRET]}
    found = recovery.recovered(Topology(settings), lambda _, name: stale.get(name, {}))
    assert set(found.certificates) == {"mjs-1", "mjs-1-job-manager", "mjs-1-client"}


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"serverCert": ""}'])
def test_a_damaged_shared_secret_recovers_no_certificate(damaged: str) -> None:
    settings: Any = stack_of("minimal").systems["matlab"]
    found = recovery.recovered(Topology(settings), lambda *_: {names.SHARED_SECRET_FILE: damaged})
    assert not found.certificates
    assert not found.keys


def clear_text(data: dict[str, str]) -> dict[str, str]:
    return {key: b64decode(text).decode() for key, text in data.items()}
