"""examples/environments: both ways to share settings lead to the same clusters, which differ in what they should."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.matlab.settings import Settings
from components.stack import StackConfig, load_file, load_stack
from ops.render import render
from tests.conftest import PROJECT
from tests.tools.esc import opened

FOLDER = PROJECT / "examples" / "environments"
NAMES = ("dev", "staging", "prod")
DIFFERS = {"workers.max", "workers.min", "jobManager.surviveDrains", "network.clusterHost"}
"""All that may differ between two environments, apart from the cluster that they are on."""


def stack_file(name: str) -> Path:
    return FOLDER / "stacks" / f"Pulumi.{name}.yaml"


def from_esc(name: str) -> StackConfig:
    """The config of a stack whose file names an environment and nothing else."""
    texts = {f"clusters/{file.stem}": file.read_text(encoding="utf-8") for file in (FOLDER / "esc").glob("*.yaml")}
    config = opened(f"clusters/{name}", texts)["pulumiConfig"]
    return load_stack(name, {key.removeprefix("clusters:"): value for key, value in config.items()}, set())


@pytest.mark.parametrize("name", NAMES)
def test_both_ways_lead_to_the_same_cluster(name: str) -> None:
    esc, file = from_esc(name), load_file(stack_file(name))
    assert esc == file
    assert render(esc) == render(file)


def settings_of(group: Any, *at: str) -> Iterator[tuple[str, Any]]:
    for key, value in group.items():
        if isinstance(value, dict):
            yield from settings_of(value, *at, key)
        else:
            yield ".".join((*at, key)), value


def flat(name: str) -> dict[str, Any]:
    settings = load_file(stack_file(name)).systems["matlab"]
    assert isinstance(settings, Settings)
    return dict(settings_of(settings.model_dump(by_alias=True)))


@pytest.mark.parametrize("other", ["dev", "staging"])
def test_an_environment_differs_from_prod_only_in_what_is_written_down(other: str) -> None:
    """A setting that somebody changes in one file alone is no longer tried out before it reaches prod."""
    one, prod = flat(other), flat("prod")
    assert {path for path in one if one[path] != prod[path]} == DIFFERS
    assert load_file(stack_file(other)).target != load_file(stack_file("prod")).target


def test_no_two_environments_are_on_one_cluster() -> None:
    assert len({load_file(stack_file(name)).target.context for name in NAMES}) == len(NAMES)


def test_every_environment_imports_the_common_part() -> None:
    for name in NAMES:
        document = yaml.safe_load((FOLDER / "esc" / f"{name}.yaml").read_text(encoding="utf-8"))
        assert document["imports"] == ["clusters/base"]
