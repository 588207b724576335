"""The small engine waits for what it made, and says what it waits for."""

from __future__ import annotations

import json

from tests.e2e.demo_project import Project


def test_a_deployment_that_does_not_start_is_explained_and_waited_for_again(project: Project) -> None:
    # Hollow nodes call every pod Ready at once; this keeps the Deployment from being Available.
    project.config |= {"secretName": "missing", "minReadySeconds": 500, "timeout": "14s"}
    process = project.start("up")
    project.wait_for(project.pods)
    # What a kubelet says about it; a hollow one takes minutes to.
    pod = project.pods()[0]["metadata"]
    reference = {"kind": "Pod", "namespace": project.namespace, "name": pod["name"], "uid": pod["uid"]}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "mount", "namespace": project.namespace},
        "involvedObject": reference,
        "type": "Warning",
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "credentials" : secret "missing" not found',
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    project.cluster.request("POST", f"/api/v1/namespaces/{project.namespace}/events", event)
    output, errors = process.communicate(timeout=60)
    failed = output + errors
    assert process.returncode == 1
    assert "exists but was not ready within 14 seconds" in errors
    assert "ContainerCreating: FailedMount" in errors
    assert 'secret "missing" not found' in errors
    assert "… Deployment" in failed  # said while it waited, too
    status = {entry["name"]: entry["status"] for entry in json.loads(project.state_file.read_text())["resources"]}
    assert status["web"] == "created"
    assert "wait      Deployment" in project.run("preview")
    project.config |= {"secretName": "credentials", "minReadySeconds": 0}
    assert project.up()["summary"]["update"] == 1
    project.config |= {"nodeSelector": {"no": "such-node"}, "timeout": "3s"}
    assert "cannot be scheduled" in project.run("up", code=1)


def test_a_load_balancer_without_an_address_says_what_to_do(project: Project) -> None:
    project.config |= {"lbClass": "example.com/nobody", "lbTimeout": "3"}
    failed = project.run("up", code=1)
    assert (
        f"no load-balancer implementation gave the Service {project.namespace}/lb an address within 3 seconds" in failed
    )
    assert "clusterHost" in failed
