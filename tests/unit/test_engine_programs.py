"""Whole runs of small programs that need no cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
HEAD = "import pulumi, pulumi_random as random, pulumi_tls as tls\nfrom pulumi import ResourceOptions as O\n"


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
        (root / "Pulumi.dev.yaml").write_text("config: {}\n")

    def run(self, *arguments: str, program: str | None = None, code: int = 0) -> tuple[str, str]:
        """Run a command; its stdout and stderr."""
        if program is not None:
            (self.root / "__main__.py").write_text(HEAD + program)
        environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": "x", "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-m", "local.engine", *arguments, "--stack", "dev"],
            cwd=self.root, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def outputs(self) -> dict[str, object]:
        return dict(json.loads(self.run("outputs", "--show-secrets")[0]))


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


REFUSED = {
    "ignore_changes": 'random.RandomPassword("p", length=8, opts=O(ignore_changes=["length"]))',
    "replaceOnChanges": 'random.RandomPassword("p", length=8, opts=O(replace_on_changes=["length"]))',
    "retainOnDelete": 'random.RandomPassword("p", length=8, opts=O(retain_on_delete=True))',
    "importId": 'random.RandomPassword("p", length=8, opts=O(import_="x"))',
    "aliases": 'random.RandomPassword("p", length=8, opts=O(aliases=[pulumi.Alias(name="q")]))',
    "transforms": 'random.RandomPassword("p", length=8, opts=O(transforms=[lambda args: None]))',
    "hideDiffs": 'random.RandomPassword("p", length=8, opts=O(hide_diffs=["length"]))',
    "resource hook": (
        "hooks = pulumi.ResourceHookBinding(after_create=[lambda args: None])\n"
        'random.RandomPassword("p", length=8, opts=O(hooks=hooks))'
    ),
    "a transform": "pulumi.runtime.register_resource_transform(lambda args: None)",
    "resource type random:index/randomPet:RandomPet": 'random.RandomPet("p")',
    "provider of the package random with the settings": 'pulumi.ProviderResource("random", "r", {"x": "1"})',
    "provider of the package aws": 'pulumi.ProviderResource("aws", "r", {})',
    "asset": 'random.RandomPassword("p", length=8, keepers={"a": pulumi.StringAsset("x")})',
    "reads (or looks up) a resource": 'pulumi.StackReference("org/other/dev")',
    "provider function tls:index/getCertificate:getCertificate": 'tls.get_certificate(url="https://example.invalid")',
    "without an explicit Kubernetes provider": (
        'import pulumi_kubernetes as k\nk.core.v1.ConfigMap("c", metadata={"name": "c"}, data={})'
    ),
    "the provider settings renderYamlToDirectory": (
        'import pulumi_kubernetes as k\nk.Provider("c", render_yaml_to_directory="x")'
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_the_engine_does_not_do_it_refuses(project: Project, words: str) -> None:
    errors = project.run("preview", program=REFUSED[words] + "\n", code=1)[1]
    assert words.replace("ignore_changes", "ignoreChanges") in errors
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
