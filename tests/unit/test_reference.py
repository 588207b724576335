"""What is generated from the model stays what the model says: reference, restart table, JSON Schema."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ops import reference
from ops.model import ROOTS, every_setting
from tests.conftest import PROJECT
from tests.unit.clusters import EVERYTHING, MODES, SMALLEST, merged

SECURE = {"secure": "v1:AAAA:AAAA"}


@cache
def documents() -> dict[str, str]:
    return reference.documents()


@pytest.mark.parametrize("name", [reference.CONFIGURATION, reference.RESTARTS, reference.SCHEMA])
def test_the_committed_document_is_what_the_model_says(name: str) -> None:
    """After a change of a setting run `python -m ops reference`; the review sees what restarts from now on."""
    assert (PROJECT / name).read_text(encoding="utf-8") == documents()[name]


def test_every_setting_says_what_it_is_for() -> None:
    assert reference.undescribed() == []


@pytest.mark.parametrize("name", [reference.CONFIGURATION, reference.RESTARTS])
def test_every_setting_has_its_row(name: str) -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", documents()[name], re.MULTILINE))
    paths = {setting.path for root, model in ROOTS.items() for setting in every_setting(model, root)}
    assert {row for row in rows if "[]" not in row} == paths


def restarts(path: str) -> tuple[str, str]:
    """What always restarts, and what happens besides."""
    pods, _, _ = documents()[reference.RESTARTS].partition("\n## Objects\n")
    (row,) = (line for line in pods.splitlines() if line.startswith(f"| `{path}` |"))
    _, _, always, _, besides, _ = row.split("|")
    return always.strip(), besides.strip()


@pytest.mark.parametrize(
    ("path", "always"),
    [
        ("matlab.workers.idleStop", "controller"),
        ("matlab.workers.resources.memoryLimit", "workers"),
        ("matlab.jobManager.resources.memoryLimit", "job manager"),
        ("matlab.jobManager.startTimeout", "-"),
        ("matlab.ldap.url", "job manager"),
        ("matlab.haproxy.idleTimeout", "HAProxy"),
        ("matlab.network.policies.workerEgress", "-"),
        ("matlab.network.loadBalancer.annotations", "-"),
        ("matlab.metrics.export", "job manager, controller"),
    ],
)
def test_a_change_restarts_what_reads_it_and_nothing_else(path: str, always: str) -> None:
    """B29: above all not the workers, which are replaced all at once, busy or not."""
    assert restarts(path)[0] == always


@pytest.mark.parametrize(
    ("path", "besides"),
    [
        ("matlab.storage.checkpoint.storageClass", "replaces or drops a claim: refused"),
        ("matlab.storage.checkpoint.size", "less than before: refused, a claim never shrinks"),
        ("matlab.security.credentialsGeneration", "every profile that was handed out becomes invalid"),
        ("matlab.network.clusterHost", "users need the new profile"),
    ],
)
def test_what_a_change_costs_besides_is_said(path: str, besides: str) -> None:
    assert restarts(path)[1] == besides


def test_what_reads_credentials_at_start_restarts_with_them() -> None:
    """B24: upstream's proxy keeps serving the certificate that it began with."""
    readers = "job manager, controller, parallel server proxy, workers"
    assert restarts("matlab.security.credentialsGeneration")[0] == readers
    assert restarts("matlab.security.authority.certificate")[0] == readers


# The schema


def judge(stack_file: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft7Validator(reference.schema())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(stack_file)]


def stack_file(matlab: dict[str, Any], **target: Any) -> dict[str, Any]:
    return {"config": {"clusters:kubernetes": target or {"context": "lab"}, "clusters:matlab": matlab}}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(reference.schema())


@pytest.mark.parametrize(
    "file", ["Pulumi.dev.yaml", *sorted(path.name for path in (PROJECT / "examples").glob("*.yaml"))]
)
def test_the_schema_accepts_the_stack_files_of_the_project(file: str) -> None:
    path = PROJECT / file if (PROJECT / file).exists() else PROJECT / "examples" / file
    assert judge(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("mode", MODES)
def test_the_schema_accepts_every_mode_with_everything(mode: str) -> None:
    matlab = merged(SMALLEST, MODES[mode], EVERYTHING, {"security": {"adminPassword": SECURE}})
    assert judge(stack_file(matlab)) == []
    assert judge({"config": {"kubernetes": {"embedded": True}, "matlab": matlab, "aws:region": "eu-west-1"}}) == []


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"workers": {"max": "40"}}, "workers.max"),
        ({"workers": {"max": -1}}, "workers.max"),
        ({"workers": {"maxx": 1}}, "workers"),
        ({"security": {"adminPassword": "in clear"}}, "security.adminPassword"),
        ({"storage": {"log": {"accessModes": []}}}, "storage.log.accessModes"),
        ({"network": {"loadBalancer": {"type": "Ingress"}}}, "network.loadBalancer.type"),
        ({"workers": {"env": {"2FAST": "x"}}}, "workers.env"),
        ({"workers": {"resources": {"memoryLimit": "8GB"}}}, "workers.resources.memoryLimit"),
        ({"release": "R2026a"}, "release"),
    ],
)
def test_the_schema_shows_a_mistake_while_it_is_typed(settings: dict[str, Any], path: str) -> None:
    (problem,) = judge(stack_file(merged(SMALLEST, settings)))
    assert problem.startswith(f"$.config['clusters:matlab'].{path}: ")


def test_the_schema_knows_no_other_keys_of_the_project() -> None:
    assert judge({"config": {"clusters:matlb": {}}}) != []
    assert judge({"config": {"clusters:julia": {"workers": 2}}}) != []
    assert judge({"config": {"clusters:julia": {}}}) == []


def test_the_dev_stack_tells_editors_of_the_schema() -> None:
    first = (PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={reference.SCHEMA}"


def test_the_check_fails_on_a_document_that_is_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops.__main__ import main

    monkeypatch.setattr(reference, "PROJECT", tmp_path)
    monkeypatch.setattr(reference, "documents", documents)
    assert main(["reference", "--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert main(["reference"]) == 0
    assert main(["reference", "--check"]) == 0


def test_the_command_needs_no_sdk(project: Path) -> None:
    """The reference is written where nothing but pydantic is installed; an editor's hook must not take seconds."""
    code = "import sys, ops.model; sys.exit('pulumi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)
