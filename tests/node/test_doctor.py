"""What the doctor says of containers that fail: what a real kubelet reports is not what one would make up."""

from __future__ import annotations

from typing import Any

import pytest

from components.matlab import names
from ops.doctor.command import examined
from ops.doctor.logs import with_logs
from ops.doctor.place import Place
from ops.doctor.snapshot import Snapshot
from tests.e2e.checkout import NAMESPACE
from tests.node.images import DEBIAN_IMAGE
from tests.node.stack import Stack
from tests.waiting import eventually

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{names.JOB_MANAGER}"
MERGE = "application/merge-patch+json"
EAT = "x = []\nwhile True: x.append(b'x' * 10**7)"
ABSENT = {"secretKeyRef": {"name": "absent", "key": "password"}}
BROKEN: dict[str, dict[str, Any]] = {
    "MJS020": {"image": "registry.invalid/worker:r2026a", "imagePullPolicy": "Always"},
    "MJS021": {"command": ["false"]},
    "MJS022": {"command": ["python3", "-c", EAT], "resources": {"limits": {"memory": "32Mi"}}},
    "MJS023": {"env": [{"name": "PASSWORD", "valueFrom": ABSENT}]},
    "MJS024": {"startupProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 60}},
}
"""Code → what is wrong with the container of a worker."""


def found(stack: Stack) -> dict[str, str]:
    """Code → sentence of everything that the doctor finds, logs included."""
    place = Place("matlab", NAMESPACE)
    snapshot = with_logs(stack.cluster.api, place, Snapshot.take(stack.cluster.api, NAMESPACE))
    diagnoses = examined(place, snapshot).diagnoses
    return {one.code: one.sentence for item in diagnoses for one in (item.cause, *item.consequences)}


@pytest.mark.parametrize("code", BROKEN)
def test_a_failing_worker_is_recognised(stack: Stack, code: str) -> None:
    name = f"{names.WORKER}-99-{code.lower()}"
    container = {"name": names.WORKER, "image": DEBIAN_IMAGE, "imagePullPolicy": "Never", **BROKEN[code]}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": names.WORKER}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    assert code not in found(stack)
    stack.cluster.api.request("POST", PODS, body)
    try:
        assert name in eventually(lambda: found(stack).get(code))
    finally:
        stack.cluster.api.request("DELETE", f"{PODS}/{name}")
        eventually(lambda: stack.cluster.api.get(f"{PODS}/{name}") is None)


def test_a_volume_that_the_job_manager_cannot_write_is_named_with_its_setting(stack: Stack) -> None:
    """It used to end in an error of MATLAB's that named neither."""
    before = stack.cluster.api.get(DEPLOYMENT)
    assert before is not None
    own = before["spec"]["template"]["spec"]["securityContext"]
    other = {"runAsUser": 1001, "runAsGroup": 1001, "fsGroup": None}
    patch(stack, other)
    try:
        eventually(lambda: {"MJS021", "MJS061"} <= set(found(stack)))
        (pod,) = stack.cluster.pods(NAMESPACE, names.JOB_MANAGER)
        assert "user 1001 cannot write /mjs/log, the volume of the logs (matlab.storage.log)" in stack.cluster.log(pod)
    finally:
        patch(stack, {key: own[key] for key in other})
        stack.pod(names.JOB_MANAGER)


def patch(stack: Stack, context: dict[str, Any]) -> None:
    """Change the security context of the job manager's pod."""
    body = {"spec": {"template": {"spec": {"securityContext": context}}}}
    stack.cluster.api.request("PATCH", DEPLOYMENT, body, content_type=MERGE)
