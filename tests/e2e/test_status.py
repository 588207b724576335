"""`python -m ops status` on a cluster whose job manager answers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from components.matlab.job_queue import PAUSED
from tests.e2e.accounts import become
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.exec_node import ExecNode

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
MERGE = "application/merge-patch+json"


def status(checkout: Checkout, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "ops", "status", *words]
    done = subprocess.run(
        command, cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def read(checkout: Checkout, *words: str) -> dict[str, Any]:
    (found,) = json.loads(status(checkout, *words, "--json"))["namespaces"]
    return dict(found)


def test_one_screen_shows_the_cluster(checkout: Checkout, node: ExecNode) -> None:
    node.busy(2, idle=1)
    worker(checkout, 1, "Running")
    worker(checkout, 2, "Pending")
    event(checkout)
    found = read(checkout, "--stack", "dev")
    names = ["mjs-job-manager", "mjs-controller", "mjs-ingress-proxy"]
    assert [(one["name"], one["ready"], one["replicas"]) for one in found["deployments"]] == [(n, 1, 1) for n in names]
    assert found["workers"] == {"running": 1, "pending": 1, "wanted": 3, "busy": 2, "unknown": None}
    outputs = checkout.outputs()
    assert found["address"] == f"{outputs['externalAddress']['host']}, TCP 1080"
    days = outputs["certificateExpiry"]
    assert found["certificates"]["mjs-shared-secret: authority"] == days["authority"]
    assert found["certificates"]["mjs-cluster-profile: certificate of the profile"] == days["profile"]
    assert found["expiring"] == []
    assert any("Pod mjs-worker-1: FailedScheduling: 0/5 nodes are available" in text for text in found["warnings"])
    assert found["pausedSince"] is None

    text = status(checkout, "--stack", "dev")
    for words in ("1 running, 1 pending", "3 wanted, 2 busy", found["address"], "FailedScheduling", days["profile"]):
        assert words in text

    an_update_that_pauses_the_queue_is_shown(checkout)
    who_may_not_run_commands_sees_the_rest(checkout)
    a_job_manager_that_fails_leaves_the_numbers_unknown(checkout, node)
    it_is_shown_again_until_interrupted(checkout)


def worker(checkout: Checkout, number: int, phase: str) -> None:
    """A worker pod, as the controller makes it, whose status no kubelet overwrites."""
    name = f"mjs-worker-{number}"
    container = {"name": "mjs-worker", "image": "worker"}
    pod = {
        "metadata": {"name": name, "labels": {"app": "mjs-worker"}},
        "spec": {"schedulerName": "nobody", "containers": [container]},
    }
    checkout.api.request("POST", PODS, pod)
    path = f"{PODS}/{name}/status"
    checkout.api.request("PATCH", path, {"status": {"phase": phase}}, content_type=MERGE)


def event(checkout: Checkout) -> None:
    """A warning as the scheduler writes one."""
    body = {
        "metadata": {"name": "mjs-worker-1.1"},
        "involvedObject": {"kind": "Pod", "name": "mjs-worker-1", "namespace": NAMESPACE},
        "type": "Warning",
        "reason": "FailedScheduling",
        "message": "0/5 nodes are available",
        "lastTimestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    checkout.api.request("POST", f"/api/v1/namespaces/{NAMESPACE}/events", body)


def an_update_that_pauses_the_queue_is_shown(checkout: Checkout) -> None:
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/mjs-job-manager"
    for value in ("2026-11-26T07:00:00Z", None):
        checkout.api.request("PATCH", path, {"metadata": {"annotations": {PAUSED: value}}}, content_type=MERGE)
        text = status(checkout, "--stack", "dev")
        assert ("paused by an update since 2026-11-26T07:00:00Z" in text) == bool(value)


def who_may_not_run_commands_sees_the_rest(checkout: Checkout) -> None:
    """The rights of a reader of the namespace, who may not read Secrets either."""
    own = dict(checkout.config["config"]["clusters:kubernetes"])
    become(checkout, "view", NAMESPACE)
    checkout.write()
    found = read(checkout, "--stack", "dev")
    assert found["workers"]["running"] == 1
    assert found["workers"]["busy"] is None
    assert "you are not allowed to run commands in the job manager" in found["workers"]["unknown"]
    assert found["certificates"] == {}
    assert found["notChecked"] == ["Secret"]
    assert "you are not allowed to list Secret\n" in status(checkout, "--stack", "dev")
    checkout.config["config"]["clusters:kubernetes"] = own
    checkout.write()


def a_job_manager_that_fails_leaves_the_numbers_unknown(checkout: Checkout, node: ExecNode) -> None:
    node.behave("resize", "echo no lookup process >&2; exit 1")
    text = status(checkout, "--stack", "dev")
    assert "? wanted, ? busy" in text
    assert "unknown: the job manager's command `status` ended with exit code 1: no lookup process" in text


def it_is_shown_again_until_interrupted(checkout: Checkout) -> None:
    command = [sys.executable, "-m", "ops", "status", "--stack", "dev", "--watch", "--json"]
    process = subprocess.Popen(
        command, cwd=checkout.root, env=checkout.environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    begin = time.monotonic()
    screens = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert time.monotonic() - begin < 60
    process.send_signal(2)
    assert process.wait(30) == 0
    assert [screen["namespaces"][0]["namespace"] for screen in screens] == [NAMESPACE] * 2
