"""Every stack file that the project ships, and a values.yaml with every key, against a real API server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from tests.conftest import PROJECT
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import every_node_labelled
from tests.e2e.dry_run import DryRun
from tests.golden.test_golden import STACK_FILES, rendering
from tests.unit.import_cases import TOGETHER

CLAIMS = ("jobs", "logs", "worker-logs", "matlab", "java", "matlab-r2024b", "data")


def create(api: KubernetesApi, path: str, body: dict[str, Any], **query: str) -> None:
    api.request("POST", path, body, query=query)


@pytest.mark.parametrize("stack_file", STACK_FILES, ids=lambda file: file.stem)
def test_the_api_server_accepts_every_object(stack_file: Path, dry_runs: dict[str, DryRun]) -> None:
    """Secrets included, which the law for any config leaves out (test_any_config.py)."""
    files, _ = rendering(stack_file)
    level = "restricted" if stack_file.stem.startswith("julia") else "baseline"
    assert dry_runs[level].objections([yaml.safe_load(text) for text in files.values()]) == []


@pytest.fixture
def prepared(checkout: Checkout) -> Iterator[Checkout]:
    """What an administrator of the chart has before its installation: namespace, claims, nodes in pools."""
    api = checkout.api
    create(api, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    for name in CLAIMS:
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
        }
        create(api, f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims", claim)
    with every_node_labelled(api, pool="system"):
        yield checkout
        checkout.remove()
    api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}")
    checkout.wait_until_gone()


def test_a_values_file_with_every_key_is_imported_and_deployed(prepared: Checkout) -> None:
    """Only amounts are smaller than in the unit tests: the nodes here have one CPU each."""
    small = {key: "10m" if "CPU" in key else "16Mi" for key in TOGETHER if key.endswith("Request")}
    small |= {key: "100m" if "CPU" in key else "512Mi" for key in TOGETHER if key.endswith("Limit")}
    values = prepared.root / "values.yaml"
    values.write_text(json.dumps({**TOGETHER, **small}))
    command = [sys.executable, "-m", "ops", "import-values", str(values), "--context", EMBEDDED_CONTEXT]
    command += ["--out", str(prepared.stack_file)]
    prepared.stack_file.unlink()
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "canary-password" not in done.stdout + done.stderr + prepared.stack_file.read_text()
    prepared.config = yaml.safe_load(prepared.stack_file.read_text())
    prepared.target(EMBEDDED_CONTEXT, prepared.control_plane.kubeconfig)
    # The chart reads it from a Secret; the report of the import lists the command.
    prepared.set_secret("matlab.security.adminPassword", "of the LDAP administrator")
    prepared.run("up")
    outputs = prepared.outputs()
    assert outputs["proxyMode"] == "backwards-compatible-mode"
    assert outputs["externalAddress"]["host"] == "mjs.example.org"
    template = prepared.get("configmaps", "mjs-worker-template")
    assert template is not None
    worker = yaml.safe_load(template["data"]["pod-template.yaml"])
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in worker["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims == {"worker-logs", "matlab", "java", "matlab-r2024b", "data"}
    for name in ("mjs-job-manager", "mjs-controller", "mjs-ingress-proxy", "mjs-parallel-server-proxy"):
        assert prepared.deployment(name)["spec"]["template"]["spec"]["nodeSelector"] == {"pool": "system"}
