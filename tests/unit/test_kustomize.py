"""`python -m ops render --kustomize`: a base that GitOps tools apply, with Secrets by reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config import list_kube_config_contexts

from ops import __main__ as ops
from ops.kustomize import FILE, KEPT, LITERAL, REPLACED
from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples"


def rendered(folder: Path, example: str) -> dict[str, Any]:
    words = ["render", "--config", str(EXAMPLES / f"{example}.yaml"), "--kustomize", "--out", str(folder)]
    assert ops.main(words) == 0
    return {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yaml")}


@pytest.mark.parametrize("example", ["production", "julia-pool", "arkouda-declared"])
def test_the_base_lists_every_object_except_secrets_with_content(tmp_path: Path, example: str) -> None:
    files = rendered(tmp_path, example)
    listed = set(files.pop(FILE)["resources"])
    filled = {name for name, item in files.items() if item["kind"] == "Secret" and "stringData" in item}
    assert listed == files.keys() - filled
    assert all(f"#   {name}\n" in (tmp_path / FILE).read_text() for name in filled)
    assert not (tmp_path / "outputs.json").exists(), "it contains the profile"


TWO_SYSTEMS = """\
config:
  clusters:kubernetes: {context: lab}
  clusters:matlab: {release: r2026a, workers: {max: 4}, network: {clusterHost: m.example.org}}
  clusters:arkouda:
    declared:
      - {name: mjs-job-manager, address: 192.0.2.7}
      - {name: mjs-mjs-job-manager, address: 192.0.2.8}
"""


@pytest.mark.parametrize("options", [[], ["--kustomize"]])
def test_objects_of_one_name_in_two_namespaces_have_a_file_each(tmp_path: Path, options: list[str]) -> None:
    """A name that began like the namespace of another object used to take the file of that object."""
    config = tmp_path / "Pulumi.both.yaml"
    config.write_text(TWO_SYSTEMS)
    assert ops.main(["render", "--config", str(config), "--out", str(tmp_path / "out"), *options]) == 0
    names = {path.name for path in (tmp_path / "out").glob("service-*.yaml")}
    assert names >= {
        "service-arkouda_mjs-job-manager.yaml",
        "service-mjs_mjs-job-manager.yaml",
        "service-mjs-mjs-job-manager.yaml",
        "service-mjs-workers.yaml",
    }


def test_no_secret_is_in_an_object_that_is_applied(tmp_path: Path) -> None:
    files = rendered(tmp_path, "everything-on")
    for name in files[FILE]["resources"]:
        assert "<secret " not in (tmp_path / name).read_text(), name


def test_data_outlives_the_application(tmp_path: Path) -> None:
    files = rendered(tmp_path, "production")
    kept = {
        name for name, item in files.items()
        if KEPT.items() <= (item.get("metadata", {}).get("annotations") or {}).items()
    }  # fmt: skip
    assert {name.split("-")[0] for name in kept if not name.startswith("secret-")} == {
        "namespace",
        "persistentvolumeclaim",
    }


def test_nothing_of_pulumi_is_left(tmp_path: Path) -> None:
    for item in rendered(tmp_path, "production").values():
        metadata = item.get("metadata", {})
        assert not any(key.startswith("pulumi.com/") for key in metadata.get("annotations") or {})
        assert "app.kubernetes.io/managed-by" not in (metadata.get("labels") or {})


@pytest.mark.parametrize(
    ("example", "kind", "annotations"),
    [("production", "ConfigMap", LITERAL), ("julia-script", "Job", REPLACED), ("julia-pool", "StatefulSet", {})],
)
def test_flux_leaves_scripts_as_they_are_and_replaces_jobs(
    tmp_path: Path, example: str, kind: str, annotations: dict[str, str]
) -> None:
    """`postBuild` emptied every variable of the scripts, and a changed Job failed as immutable."""
    items = [item for item in rendered(tmp_path, example).values() if item["kind"] == kind]
    found = {key for item in items for key in item["metadata"].get("annotations", {})}
    assert found == annotations.keys()
    for item in items:
        literal = "substitute" in str(item["metadata"].get("annotations"))
        assert literal == ("${" in yaml.safe_dump(item))


def test_a_setting_that_only_pulumi_obeys_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rendered(tmp_path / "one", "everything-on")
    assert "matlab.updates: has no effect on a base." in capsys.readouterr().err
    rendered(tmp_path / "two", "production")
    assert "matlab.updates" not in capsys.readouterr().err


def test_the_kubeconfig_of_the_operator_s_example_has_the_context_that_the_page_names(tmp_path: Path) -> None:
    """The example had none, and the program connects to no cluster without a context."""
    items = list(yaml.safe_load_all((EXAMPLES / "gitops" / "pulumi-operator.yaml").read_text()))
    (kubeconfig,) = (item["data"]["config"] for item in items if item["kind"] == "ConfigMap")
    (tmp_path / "config").write_text(kubeconfig)
    contexts, active = list_kube_config_contexts(str(tmp_path / "config"))
    assert [each["name"] for each in contexts] == ["in-cluster"]
    assert "`in-cluster`" in (PROJECT / "docs" / "gitops.md").read_text()
    assert active == contexts[0]


def test_the_gitops_examples_name_what_exists() -> None:
    """The operator's Stack and its account belong together, and Argo CD and Flux apply the same folder."""
    stack, account = (
        next(item for item in yaml.safe_load_all((EXAMPLES / "gitops" / "pulumi-operator.yaml").read_text())
             if item["kind"] == kind)
        for kind in ("Stack", "ServiceAccount")
    )  # fmt: skip
    assert stack["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert stack["metadata"]["namespace"] == account["metadata"]["namespace"]
    argo = yaml.safe_load((EXAMPLES / "gitops" / "argo-cd.yaml").read_text())
    flux = list(yaml.safe_load_all((EXAMPLES / "gitops" / "flux.yaml").read_text()))
    assert flux[1]["spec"]["path"] == f"./{argo['spec']['source']['path']}"
    assert flux[1]["spec"]["sourceRef"]["name"] == flux[0]["metadata"]["name"]
