"""Whole runs of small programs that need no cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.small_programs import ONLY_THE_CLI, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


PASSWORD = """
p = random.RandomPassword("p", length=20, keepers={"round": "ROUND"}, opts=O(protect=PROTECT))
pulumi.export("p", p.result)
"""


def test_a_password_stays_until_its_keepers_change_and_for_ever_when_protected(project: Project) -> None:
    free = PASSWORD.replace("PROTECT", "False")
    project.run("up", program=free)
    first = project.outputs()["p"]
    assert "no changes" in project.run("up")[0]
    assert project.outputs()["p"] == first
    preview = project.run("preview", program=free.replace("ROUND", "two"))[0]
    assert "± replace   RandomPassword p" in preview
    assert "keepers.round: ROUND → two" in preview
    project.run("up")
    second = project.outputs()["p"]
    assert second != first
    project.run("up", program=PASSWORD.replace("PROTECT", "True").replace("ROUND", "two"))
    assert project.outputs()["p"] == second
    refused = project.run("up", program=PASSWORD.replace("PROTECT", "True").replace("ROUND", "three"), code=1)[1]
    assert "protected" in refused
    assert "keepers.round" in refused
    assert project.outputs()["p"] == second
    refused = project.run("up", program="", code=1)[1]
    assert "the program no longer has RandomPassword p" in refused


REFUSED = ONLY_THE_CLI | {
    "provider of the package random with the settings": 'pulumi.ProviderResource("random", "r", {"x": "1"})',
    "provider of the package aws": 'pulumi.ProviderResource("aws", "r", {})',
    "asset": 'random.RandomPassword("p", length=8, keepers={"a": pulumi.StringAsset("x")})',
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_the_engine_does_not_do_it_refuses(project: Project, words: str) -> None:
    errors = project.run("preview", program=REFUSED[words] + "\n", code=1)[1]
    assert words in errors
    assert "the full Pulumi CLI is needed" in errors
    assert "Traceback" not in errors
    assert errors.count("error:") == 1


def test_a_message_of_the_program_is_shown_without_a_traceback(project: Project) -> None:
    errors = project.run("up", program='raise pulumi.RunError("clusters:matlab.x: no such key")\n', code=1)[1]
    assert errors == "error: clusters:matlab.x: no such key\n"
    errors = project.run("up", program='import sys\nsys.stderr.write("refused\\n")\nsys.exit(2)\n', code=1)[1]
    assert errors == "refused\nerror: the program ended with exit code 2\n"


def test_a_mistake_in_the_program_shows_the_users_frames_and_keeps_what_was_made(project: Project) -> None:
    broken = 'p = random.RandomPassword("p", length=8)\npulumi.export("p", p.result.apply(lambda x: 1 / 0))\n'
    errors = project.run("up", program=broken, code=1)[1]
    assert "ZeroDivisionError" in errors
    state = json.loads((project.root / ".state" / "dev.json").read_text())
    assert "p" in [entry["name"] for entry in state["resources"]]
    project.run("up", program=broken.replace("1 / 0", "x"))
    assert len(str(project.outputs()["p"])) == 8


def test_json_is_one_object_and_text_goes_to_stderr(project: Project) -> None:
    program = 'print("hello")\npulumi.log.warn("careful")\nrandom.RandomPassword("p", length=8)\n'
    output, errors = project.run("preview", "--json", "--expect-no-changes", program=program, code=1)
    document = json.loads(output)
    assert document["summary"] == {"create": 1}
    assert "hello" in errors
    assert "warning: careful" in errors
    output, _ = project.run("up", "--json")
    assert json.loads(output)["steps"][0]["operation"] == "create"


def test_commands_say_what_is_missing(project: Project, tmp_path: Path) -> None:
    assert "was not deployed from here" in project.run("outputs", code=1)[1]
    (tmp_path / "Pulumi.dev.yaml").unlink()
    assert "has no config file" in project.run("up", program="", code=1)[1]
