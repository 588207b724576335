"""What only the Pulumi CLI does: the programs that the small engine refuses, carried out together in one stack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import KubernetesApi
from local.cluster import ControlPlane
from local.cluster.layout import CONTEXT
from tests.e2e.conftest import ENGINES
from tests.small_programs import ONLY_THE_CLI, Project, Step

pytestmark = pytest.mark.skipif(len(ENGINES) == 1, reason="there is no Pulumi CLI, or ENGINE=small keeps it out")

NAMESPACE = "only-the-cli"
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
BEFORE = 'random.RandomPassword("former", length=8)\n'
PROGRAM = "\n".join(
    [*ONLY_THE_CLI.values(), 'random.RandomPassword("deleted", length=LENGTH, opts=O(delete_before_replace=True))']
)


@dataclass(frozen=True)
class Run:
    """An `up` of all programs at once."""

    steps: list[Step]
    resources: dict[str, dict[str, Any]]
    config_maps: dict[str, dict[str, Any]]
    rendered: list[str]
    """Manifests of the objects whose provider writes files."""

    def of(self, name: str) -> list[str]:
        """What was done about a resource, in order."""
        return [operation for operation, found in self.steps if found == name]


@dataclass(frozen=True)
class Life:
    """One stack from its first `up` to its end: a start of the CLI and its plugins takes seconds, so one for all."""

    project: Project
    first: Run
    preview: str
    """`preview --diff` before the second one."""
    second: Run
    """With another LENGTH."""
    outputs: dict[str, object]
    left: set[str]
    """The ConfigMaps that stand after `destroy`."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, cluster: ControlPlane) -> Iterator[Life]:
    api = KubernetesApi.connect(cluster.kubeconfig, CONTEXT)
    api.request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    api.request("POST", CONFIG_MAPS, {"metadata": {"name": "imported"}, "data": {"by": "hand"}})
    project = Project(tmp_path_factory.mktemp("project"), "pulumi")
    project.values |= {"NAMESPACE": NAMESPACE, "SERVER": api.server}
    project.variables["KUBECONFIG"] = str(cluster.kubeconfig)

    def config_maps() -> dict[str, dict[str, Any]]:
        return {item["metadata"]["name"]: item for item in api.request("GET", CONFIG_MAPS)["items"]}

    def up() -> Run:
        steps = project.up(PROGRAM)
        rendered = [path.read_text() for path in project.root.glob("rendered/**/*.yaml")]
        return Run(steps, project.resources(), config_maps(), rendered)

    project.up(BEFORE)
    first = up()
    project.values["LENGTH"] = 9
    preview = project.run("preview", "--diff", program=PROGRAM)[0]
    second, outputs = up(), project.outputs()
    project.destroy()
    assert project.resources() == {}
    yield Life(project, first, preview, second, outputs, set(config_maps()))
    api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


def test_ignore_changes(life: Life) -> None:
    assert life.second.of("ignoring") == ["same"]
    assert life.second.resources["ignoring"]["outputs"]["length"] == 8


def test_replace_on_changes(life: Life) -> None:
    """The property by itself would be changed in place."""
    assert "create-replacement" in life.second.of("replacing")


def test_replace_with_and_replacement_trigger(life: Life) -> None:
    for name in ("leader", "follower", "triggered"):
        assert "create-replacement" in life.second.of(name), name


def test_a_replacement_is_made_before_the_old_one_goes_unless_told_otherwise(life: Life) -> None:
    orders = {
        name: [step for step in life.second.of(name) if step in {"create-replacement", "delete-replaced"}]
        for name in ("leader", "deleted")
    }
    assert orders["leader"] == ["create-replacement", "delete-replaced"]
    assert orders["deleted"] == ["delete-replaced", "create-replacement"]


def test_retain_on_delete_leaves_the_object_in_the_cluster(life: Life) -> None:
    assert {"retained", "plain", "imported"} <= life.second.config_maps.keys()
    assert "retained" in life.left
    assert not {"plain", "imported"} & life.left


def test_import_takes_over_what_exists(life: Life) -> None:
    assert life.first.of("imported") == ["import"]
    assert life.first.config_maps["imported"]["data"] == {"by": "hand"}


def test_get_and_stack_references_read_what_is_not_the_stacks(life: Life) -> None:
    assert life.first.of("found") == ["read"]
    assert life.outputs["found"] == "extension-apiserver-authentication"
    assert life.outputs["round"] == 9
    assert life.outputs["before"] == 8, "of the stack itself, as the first run left it"


def test_an_alias_keeps_what_had_another_name(life: Life) -> None:
    assert life.first.of("renamed") == ["same"]
    assert life.first.of("former") == []


def test_transforms_change_what_the_program_asks_for(life: Life) -> None:
    assert life.first.resources["transformed"]["outputs"]["length"] == 30
    assert life.first.resources["among all"]["outputs"]["length"] == 31


def test_a_hook_is_called(life: Life) -> None:
    assert (life.project.root / "noted").read_text() == "hooked"


def test_hide_diffs_hides_them(life: Life) -> None:
    """What the option is about is the text that a person reads."""
    assert "create-replacement" in life.second.of("hiding")
    assert re.search(r"length *: 8 => 9", life.preview)
    assert "keepers (hidden)" in life.preview
    assert '"8" => "9"' not in life.preview


def test_provider_functions_are_called(life: Life) -> None:
    """The API server's certificate, asked for by the TLS provider."""
    assert "CN=" in str(life.outputs["subject"])


def test_other_types_default_providers_and_rendering(life: Life) -> None:
    assert life.first.of("pet") == ["create"]
    assert life.first.of("plain") == ["create"]
    assert ["name: rendered" in text for text in life.first.rendered] == [True]
    assert "rendered" not in life.first.config_maps


PAIR = """
random.RandomPassword("one", length=LENGTH)
random.RandomPassword("two", length=LENGTH)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, "pulumi")


def test_flags_narrow_a_run(project: Project) -> None:
    def changed(*words: str) -> set[str]:
        return {name for operation, name in project.up(PAIR, *words) if operation != "same"}

    assert changed() == {"one", "two"}
    urns = {name: entry["urn"] for name, entry in project.resources().items()}
    project.values["LENGTH"] = 9
    assert changed("--target", urns["one"]) == {"one"}
    assert changed("--exclude", urns["two"], "--replace", urns["one"]) == {"one"}


def test_commands_about_stack_config_and_state(project: Project) -> None:
    project.run("config", "set", "note", "hello")
    assert "note: hello" in (project.root / "Pulumi.dev.yaml").read_text()
    kind, password = "random:index/randomPassword:RandomPassword", "Kx3vQ9"
    project.run("import", kind, "imported", password, "--yes", "--generate-code=false", "--protect=false")
    urn = project.resources()["imported"]["urn"]
    project.run("refresh")
    project.run("cancel", "--yes")
    project.run("state", "delete", urn, "--yes")
    assert project.resources() == {}
