"""What checkov says of every manifest that the examples render, and of the pods that are made of templates later."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from components.registry import SYSTEMS
from components.stack import load_file
from components.stack_file import stack_name
from tests.conftest import PROJECT
from tests.golden.test_golden import GOLDEN, STACK_FILES
from tests.julia_worker import worker_pod
from tests.tools.environments import environment

REQUIREMENTS = PROJECT / "requirements-checkov.txt"


class Result(NamedTuple):
    """One check of one object."""

    check: str
    stack: str
    thing: str
    """`system: Kind/name`, as docs/security.md writes it."""
    passed: bool


def scan(folder: Path) -> list[Result]:
    """Check the committed manifests of every stack file; `folder` is an empty one to work in."""
    systems = {}
    """Of each stack and namespace."""
    for stack_file in STACK_FILES:
        stack = stack_name(stack_file)
        for key, settings in load_file(stack_file).systems.items():
            systems |= {(stack, namespace): key for namespace in SYSTEMS[key].namespaces(settings)}
        _copy(GOLDEN / stack, folder / stack)
    options = ("--framework", "kubernetes", "--skip-download", "--compact", "--output", "json")
    run = subprocess.run(
        [environment(REQUIREMENTS) / "checkov", "--directory", folder, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    assert run.stdout.startswith("{"), run.stdout + run.stderr
    report = json.loads(run.stdout)
    assert report["summary"]["parsing_errors"] == 0
    return [
        _result(found, systems, passed=passed)
        for passed, key in ((True, "passed_checks"), (False, "failed_checks"))
        for found in report["results"][key]
    ]


def _result(found: dict[str, Any], systems: dict[tuple[str, str], str], *, passed: bool) -> Result:
    stack = Path(found["file_path"]).parts[1]
    # checkov's Kind.namespace.name; a name may have dots. A Namespace is in none.
    kind, namespace, name = found["resource"].split(".", 2)
    system = systems[stack, name if kind == "Namespace" else namespace]
    return Result(found["check_id"], stack, f"{system}: {kind}/{name}", passed)


def _copy(source: Path, target: Path) -> None:
    target.mkdir()
    for file in source.glob("*.yaml"):
        text = file.read_text()
        (target / file.name).write_text(text)
        for number, pod in enumerate(_later_pods(yaml.safe_load(text))):
            (target / f"{file.stem}-pod-{number}.yaml").write_text(yaml.safe_dump(pod))


def _later_pods(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pods that MATLAB's controller or a Julia session makes of the content of a ConfigMap."""
    if manifest["kind"] != "ConfigMap":
        return
    if template := manifest["data"].get("pod-template.yaml"):
        yield _named({"apiVersion": "v1", "kind": "Pod", **yaml.safe_load(template)}, manifest)
    if (settings := manifest["data"].get("settings.toml")) and "worker_prefix" in settings:
        yield _named(worker_pod(settings), manifest)


def _named(pod: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    labels = pod["metadata"]["labels"]
    pod["metadata"] = {"name": labels["app"], "namespace": manifest["metadata"]["namespace"], "labels": labels}
    return pod
