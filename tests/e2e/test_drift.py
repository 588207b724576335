"""Drift on a real API server: what somebody changes or deletes by hand is named, and the exit code tells it apart."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from components.shared.target import EMBEDDED_CONTEXT
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import wait_for

POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
JOB_MANAGER = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mjs-job-manager"


def drift(checkout: Checkout, code: int, **variables: str) -> dict[str, Any]:
    before = len(checkout.writes())
    answer = subprocess.run(
        [sys.executable, "-m", "ops", "drift", "--stack", checkout.stack, "--json"],
        cwd=checkout.root, env={**checkout.environment(), **variables}, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip
    assert answer.returncode == code, answer.stdout + answer.stderr
    assert checkout.writes()[before:] == [], "looking changes nothing"
    report: dict[str, Any] = json.loads(answer.stdout)
    return report


def test_what_somebody_changed_by_hand_is_drift(checkout: Checkout) -> None:
    checkout.run("up")
    assert drift(checkout, code=0)["objects"] == []
    what_somebody_added_is_drift_although_up_leaves_it(checkout)
    image = [{"name": "mjs-job-manager", "image": "registry.example.org/other:1"}]
    patch = {"spec": {"template": {"spec": {"containers": image}}}}
    strategic = "application/strategic-merge-patch+json"
    checkout.api.request("PATCH", JOB_MANAGER, patch, query={"fieldManager": "kubectl-edit"}, content_type=strategic)
    checkout.api.request("DELETE", f"{POLICIES}/mjs-worker")
    report = drift(checkout, code=7)
    found = {(one["operation"], one["name"]): one["paths"] for one in report["objects"]}
    assert set(found) == {("update", "mjs-job-manager"), ("create", "mjs-worker")}
    assert "spec.template.spec.containers[0].image" in found["update", "mjs-job-manager"]
    assert 'conflict with "kubectl-edit"' in report["conflicts"][0], "`up` would not take the image back"
    checkout.matlab["release"] = "r2020a"
    checkout.write()
    assert drift(checkout, code=1)["errors"] != [], "a failure is no drift"


def test_each_job_has_a_kubeconfig_of_its_own(checkout: Checkout, tmp_path: Path) -> None:
    """The state named the temporary file of the job that deployed, so each nightly drift failed: "unreachable cluster".

    A `destroy` from another machine failed too.
    """
    checkout.config["config"]["clusters:kubernetes"] = {"context": EMBEDDED_CONTEXT}
    checkout.write()
    for job, step in (
        ("deployment", lambda path: checkout.run("up", KUBECONFIG=path)),
        ("nightly", lambda path: drift(checkout, code=0, KUBECONFIG=path)),
        ("administrator", lambda path: checkout.run("destroy", "--purge", CONFIRM=checkout.stack, KUBECONFIG=path)),
    ):
        kubeconfig = tmp_path / job
        shutil.copy(checkout.control_plane.kubeconfig, kubeconfig)
        step(str(kubeconfig))
        kubeconfig.unlink()


def what_somebody_added_is_drift_although_up_leaves_it(checkout: Checkout) -> None:
    """Its pod starts nowhere, `refresh` sees no change, and no `up` removes it."""
    merge = "application/merge-patch+json"
    for value in ("such-node", None):
        patch = {"spec": {"template": {"spec": {"nodeSelector": value and {"no": value}}}}}
        checkout.api.request("PATCH", JOB_MANAGER, patch, query={"fieldManager": "kubectl-patch"}, content_type=merge)
        if value:
            wait_for(lambda: ready(checkout) is False)
            report = drift(checkout, code=7)
            (job_manager,) = report["objects"]
            assert "Minimum number of live Pods was not attained" in job_manager["unready"]
            (added,) = report["foreignFields"]
            assert (added["path"], added["manager"]) == ("spec.template.spec.nodeSelector", "kubectl-patch")
    wait_for(lambda: ready(checkout))
    assert drift(checkout, code=0)["foreignFields"] == []


def ready(checkout: Checkout) -> bool:
    found = checkout.api.get(JOB_MANAGER)
    assert found is not None
    return found["status"].get("availableReplicas", 0) == 1
