"""The law of settings: a setting that is accepted has an effect, for every kind of server.

A setting is changed in stacks of every kind. Either the config is refused, or something differs that a person would
notice: an object, the content of a Secret, a file that is handed out, or how long `up` waits.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.arkouda import handout, outputs
from components.arkouda.objects import objects
from components.arkouda.settings import Settings
from components.arkouda.system import SYSTEM
from components.arkouda.topology import Topology
from components.shared.mistakes import ConfigError
from generators.arkouda_changes import every
from generators.changes import changed
from generators.settings import Setting
from tests.unit.arkouda_stacks import KINDS, Values, stack, values

VARIANTS: dict[str, Values] = {
    "": {},
    "own namespace": {"namespace": {"create": False}},
    "no policies": {"network": {"policies": False}},
}
STACKS = [
    pytest.param(values(kind, everything=everything) | variant, id=f"{kind}, everything {everything} {name}")
    for kind in KINDS
    for everything in (False, True)
    for name, variant in VARIANTS.items()
]


def noticed(here: Topology) -> str:
    """What a person can notice of a stack."""
    known = {
        server.name: handout.Credentials(f"token {server.token_generation}" if server.authenticate else "")
        for server in here.servers
    }
    return json.dumps(
        [
            [(item.manifest, item.timeout, item.protect) for item in objects(here)],
            sorted(map(str, SYSTEM.secret_sources(here.settings).items())),
            [handout.files(here, server, known[server.name]) for server in here.servers],
            [outputs.about(here, server) for server in here.servers],
        ],
        default=str,
    )


def with_value(base: Values, steps: tuple[str, ...], value: Any) -> Values:
    """The config with another value of a setting, in the first server if it is one of a server."""
    first, *rest = steps
    if not first.endswith("[]"):
        return changed(base, steps, value)
    kind = first.removesuffix("[]")
    servers = base.get(kind) or []
    return {**base, kind: [changed(servers[0], rest, value), *servers[1:]]} if servers else base


def candidates(setting: Setting, here: Settings) -> list[Any]:
    """Other values of a setting: samples of its type, and a number that no default is."""
    samples = [sample for sample in setting.type.samples if sample is not None or setting.steps[-1] != "tag"]
    return [*samples, 7777, 7, 2]


@pytest.mark.parametrize("base", STACKS)
def test_a_setting_is_refused_or_has_an_effect(base: Values) -> None:
    before = stack_or_none(base)
    if before is None:
        # The variant has no effect on this kind of server, and says so.
        return
    seen, silent = noticed(before), []
    for setting in every():
        for value in candidates(setting, before.settings):
            after = stack_or_none(with_value(base, setting.steps[1:], value))
            if after is not None and after.settings != before.settings and noticed(after) == seen:
                silent.append(f"{setting.path}: {value!r:.60}")
    assert silent == []


def stack_or_none(given: Values) -> Topology | None:
    try:
        return stack(given)
    except ConfigError as error:
        mistakes = error.mistakes
    assert all(mistake.path.startswith("arkouda") and mistake.remedy for mistake in mistakes)
    return None
