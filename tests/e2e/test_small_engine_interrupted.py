"""A run of the small engine that is killed or interrupted: the next one goes on where it stopped."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.demo_project import STACK, STANDING, Project


@pytest.mark.parametrize("resources", [2, 5, 9, 14, 22])
def test_a_killed_up_converges(project: Project, resources: int) -> None:
    """SIGKILL leaves neither an orphan nor an object that the next `up` refuses."""
    project.namespace = f"killed-{resources}"
    project.config |= {"namespace": project.namespace, "extra": 12}
    project.kill_when(lambda known: known >= resources, "up")
    project.run("up")
    extra = {f"configmaps/extra-{index}" for index in range(12)}
    assert project.names_in_cluster() == STANDING | extra
    project.config["extra"] = 0
    everything = project.known()
    project.kill_when(lambda known: known <= everything - resources // 2, "up")
    project.run("up")
    assert project.names_in_cluster() == STANDING
    assert "no changes" in project.run("preview", "--expect-no-changes")


def test_an_object_of_a_killed_create_is_taken_over_only_when_it_is_ours(project: Project) -> None:
    project.run("up")
    document = json.loads(project.state_file.read_text())
    for entry in document["resources"]:
        if entry["name"] == "settings":
            entry |= {"status": "creating", "outputs": {}}
    project.state_file.write_text(json.dumps(document))
    assert "taken over" in project.run("up")
    path = f"/api/v1/namespaces/{project.namespace}/configmaps/settings"
    labels = {"metadata": {"labels": {"clusters.pulumi/stack": "another"}}}
    project.cluster.request("PATCH", path, labels, content_type="application/merge-patch+json")
    project.state_file.write_text(json.dumps(document))
    assert "exists already" in project.run("up", code=1)


def test_an_interrupted_up_ends_cleanly_and_goes_on_later(project: Project) -> None:
    project.config |= {"secretName": "missing", "minReadySeconds": 500}
    process = project.start("up")
    project.wait_for(lambda: project.get("deployments", "web", "/apis/apps/v1"))
    second = project.run("up", code=1)
    assert f"process {process.pid}" in second
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 1, output + errors
    assert "interrupted" in errors
    assert (project.root / ".state" / f"{STACK}.lock").read_text() == ""
    project.config |= {"secretName": "credentials", "minReadySeconds": 0}
    project.run("up")
    assert project.names_in_cluster() == STANDING
