"""What is generated from the model stays what the model says: reference, restart table, JSON Schema."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
import yaml
from pydantic import AfterValidator, BaseModel

from generators import __main__ as command
from generators import documents
from generators.reference import SCHEMA_FILE
from generators.schema import schema
from generators.setting_types import UndescribedTypeError
from generators.settings import ROOTS, every_setting, listed, settings, undescribed
from tests.conftest import PROJECT
from tests.unit.clusters import EVERYTHING, MODES, SMALLEST, merged

SECURE = {"secure": "v1:AAAA:AAAA"}


@cache
def text(name: str) -> str:
    return documents.DOCUMENTS[name]()


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_the_committed_document_is_what_the_models_say(name: str) -> None:
    """After a change of a setting run `python -m generators`, so that a review sees what restarts from now on."""
    assert (PROJECT / name).read_text(encoding="utf-8") == text(name)


def test_every_setting_says_what_it_is_for() -> None:
    assert undescribed() == []


@pytest.mark.parametrize("name", [documents.CONFIGURATION, documents.RESTARTS])
def test_every_setting_has_its_row(name: str) -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", text(name), re.MULTILINE))
    paths = {setting.path for root, model in ROOTS.items() for setting in listed(model, root)}
    assert {row for row in rows if "[]" not in row} == paths


def restarts(path: str) -> tuple[str, str]:
    """What always restarts, and what happens besides."""
    pods, _, _ = text(documents.RESTARTS).partition("\n## Objects\n")
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
        ("matlab.security.leafGeneration", "job manager, parallel server proxy"),
        ("matlab.updates.waitForJobs", "-"),
    ],
)
def test_a_change_restarts_what_reads_it_and_nothing_else(path: str, always: str) -> None:
    """B29: above all not the workers, which are replaced all at once, busy or not."""
    assert restarts(path)[0] == always


@pytest.mark.parametrize(
    ("path", "besides"),
    [
        ("matlab.storage.checkpoint.storageClass", "would replace or drop a claim: rejected"),
        ("matlab.storage.checkpoint.size", "a smaller size is rejected: a claim cannot shrink"),
        ("matlab.security.credentialsGeneration", "every profile that you handed out becomes invalid"),
        ("matlab.security.leafGeneration", "profiles that you handed out stay valid"),
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
    validator = jsonschema.Draft7Validator(schema())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(stack_file)]


def stack_file(matlab: dict[str, Any], **target: Any) -> dict[str, Any]:
    return {"config": {"clusters:kubernetes": target or {"context": "lab"}, "clusters:matlab": matlab}}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


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
    assert judge({"config": {"clusters:arkouda": {"workers": 2}}}) != []
    assert judge({"config": {"clusters:arkouda": {}}}) == []


def test_the_dev_stack_tells_editors_of_the_schema() -> None:
    first = (PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE}"


def test_the_check_fails_on_a_document_that_is_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PROJECT", tmp_path)
    monkeypatch.setattr(command, "DOCUMENTS", {"docs/page.md": lambda: "text\n"})
    assert command.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert command.main([]) == 0
    assert command.main(["--check"]) == 0


# A new setting is complete or fails a test.


def _checked(value: str) -> str:
    return value


class Part(BaseModel):
    """A group that no list has."""

    name: str = ""


class NewType(BaseModel):
    text: Annotated[str, AfterValidator(_checked)] = ""


class NewItem(BaseModel):
    parts: tuple[Part, ...] = ()


class NewKind(BaseModel):
    since: date | None = None


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            NewType,
            (
                "NewType.text: text that is checked by _checked has no words, schema and samples: "
                "add its type to TEXTS in generators/setting_texts.py"
            ),
        ),
        (
            NewItem,
            "NewItem.parts: a list of Part has no samples: add two items of it to ITEMS in generators/setting_texts.py",
        ),
        (
            NewKind,
            (
                "NewKind.since: type <class 'datetime.date'> has no description: "
                "extend _simple in generators/setting_types.py"
            ),
        ),
    ],
)
def test_a_setting_of_a_new_type_fails_with_the_file_to_edit(model: type[BaseModel], sentence: str) -> None:
    with pytest.raises(UndescribedTypeError, match=sentence):
        list(settings(model))


def test_every_setting_has_words_a_schema_and_two_values_to_try() -> None:
    """With one sample, a setting whose default it is would never be changed by the tests of docs/restarts.md."""
    for root, model in ROOTS.items():
        for setting in every_setting(model, root):
            kind = setting.type
            assert kind.words, setting.path
            assert kind.schema, setting.path
            is_number = kind.schema.get("type") == "integer"
            assert is_number or len([sample for sample in kind.samples if sample != setting.default]) > 0, setting.path
            if kind.is_list and kind.group:
                for sample in kind.samples:
                    for item in sample:
                        kind.group.model_validate(item)


def test_the_command_needs_no_sdk(project: Path) -> None:
    """A hook that checks the documents must not take seconds."""
    code = "import sys, generators.settings; sys.exit('pulumi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)
