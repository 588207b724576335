"""What the small engine makes of each resource option and command: the rows of docs/engines.md."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.test_engine_programs import Project, project

__all__ = ["project"]


def state(project: Project) -> dict[str, dict[str, Any]]:
    """The state's resources by name."""
    document = json.loads((project.root / ".state" / "dev.json").read_text())
    return {entry["name"]: entry for entry in document["resources"]}


CHAIN = """
first = random.RandomPassword("first", length=8)
second = random.RandomPassword("second", length=8, opts=O(depends_on=[first]))
third = random.RandomPassword("third", length=8, keepers={"of": second.result}, opts=O(deleted_with=first))
"""


def test_depends_on_orders_creation_and_deletion(project: Project) -> None:
    """A controller that starts before its Secrets makes them itself: order is not a detail."""
    output, _ = project.run("up", "--json", program=CHAIN)
    assert [step["name"] for step in json.loads(output)["steps"]] == ["first", "second", "third"]
    made = state(project)
    assert made["second"]["dependencies"] == [made["first"]["urn"]]
    assert made["third"]["dependencies"] == [made["second"]["urn"]]
    output, _ = project.run("destroy", "--json")
    assert [step["name"] for step in json.loads(output)["steps"]] == ["third", "second", "first"]


def test_deleted_with_is_recorded(project: Project) -> None:
    project.run("up", program=CHAIN)
    made = state(project)
    assert made["third"]["deleted_with"] == made["first"]["urn"]


def test_protect_keeps_a_resource_and_what_it_stands_on(project: Project) -> None:
    """`pulumi destroy --exclude-protected` keeps the dependencies of what is protected, too."""
    project.run("up", program=CHAIN.replace("depends_on=[first]", "depends_on=[first], protect=True"))
    kept, _ = project.run("destroy")
    assert "RandomPassword second" in kept
    assert {"first", "second"} <= state(project).keys()
    assert "third" not in state(project)
    project.run("destroy", "--purge")
    assert state(project) == {}


@pytest.mark.parametrize(
    "option",
    [
        "delete_before_replace=True",
        'version="4.21.4"',
        "protect=False",
        "retain_on_delete=False",
        'custom_timeouts=pulumi.CustomTimeouts(create="1m", update="2m", delete="3m")',
    ],
)
def test_an_option_that_asks_for_nothing_else_is_accepted(project: Project, option: str) -> None:
    program = f'random.RandomPassword("p", length=8, opts=O({option}))\n'
    project.run("up", program=program)
    assert "no changes" in project.run("up")[0]


def test_a_custom_timeout_of_a_deletion_is_kept_for_it(project: Project) -> None:
    """A destroy has no program to ask."""
    options = 'custom_timeouts=pulumi.CustomTimeouts(delete="1h30m")'
    project.run("up", program=f'random.RandomPassword("p", length=8, opts=O({options}))\n')
    assert state(project)["p"]["delete_timeout"] == 5400


def test_a_custom_timeout_that_is_none_is_refused(project: Project) -> None:
    options = 'custom_timeouts=pulumi.CustomTimeouts(delete="soon")'
    _, errors = project.run("up", program=f'random.RandomPassword("p", length=8, opts=O({options}))\n', code=1)
    assert "'soon' is not a duration such as 10m or 1h30m" in errors


def test_additional_secret_outputs_are_encrypted(project: Project) -> None:
    options = 'additional_secret_outputs=["length"]'
    project.run("up", program=f'random.RandomPassword("p", length=8, opts=O({options}))\n')
    outputs = state(project)["p"]["outputs"]
    assert "ciphertext" in outputs["length"]
    assert "ciphertext" in outputs["result"]


def test_a_secret_value_is_a_secret_output_and_is_not_shown(project: Project) -> None:
    program = 'pulumi.export("s", pulumi.Output.secret("canary"))\n'
    assert "canary" not in "".join(project.run("up", program=program))
    assert "canary" not in project.run("outputs")[0]
    assert project.outputs() == {"s": "canary"}
    assert "canary" not in (project.root / ".state" / "dev.json").read_text()


@pytest.mark.parametrize("option", ["replace_with=[first]", 'replacement_trigger="x"'])
def test_options_about_replacements_are_refused(project: Project, option: str) -> None:
    """Nothing in a cluster is ever replaced, so a program that counts on it must not go on."""
    program = CHAIN + f'random.RandomPassword("p", length=8, opts=O({option}))\n'
    _, errors = project.run("up", program=program, code=1)
    assert "the full Pulumi CLI is needed" in errors


@pytest.mark.parametrize("command", ["refresh", "import", "cancel", "stack", "config", "state", "watch"])
def test_the_commands_of_the_cli_are_not_imitated(project: Project, command: str) -> None:
    assert "invalid choice" in project.run(command, program="", code=2)[1]


@pytest.mark.parametrize("flag", ["--target=urn", "--exclude=urn", "--refresh", "--replace=urn", "--policy-pack=x"])
def test_flags_that_narrow_a_run_are_not_ignored(project: Project, flag: str) -> None:
    assert "unrecognized arguments" in project.run("up", flag, program="", code=2)[1]
