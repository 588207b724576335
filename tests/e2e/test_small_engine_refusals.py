"""What the small engine refuses, because it belongs to somebody else or cannot be changed in place."""

from __future__ import annotations

from tests.e2e.demo_project import STACK, STANDING, Project


def test_a_field_that_was_never_ours_stays_with_its_owner(project: Project) -> None:
    project.run("up")
    path = f"/api/v1/namespaces/{project.namespace}/configmaps/settings"
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"theirs.conf": "1"}}
    project.apply_as_somebody_else(path, manifest)
    assert "no changes" in project.run("preview")
    project.config["settings"] = {"level": "info", "theirs.conf": "2"}
    for command in ("preview", "up"):
        refused = project.run(command, code=1)
        assert "ConfigMap" in refused
        assert ".data.theirs.conf is managed by somebody-else" in refused
    assert project.cluster.request("GET", path)["data"]["theirs.conf"] == "1"
    project.config["notes"] = {"patchForce": "true"}
    project.run("up")
    assert project.cluster.request("GET", path)["data"]["theirs.conf"] == "2"


def test_an_immutable_field_is_refused_before_anything_is_changed(project: Project) -> None:
    project.run("up")
    project.config |= {"app": "other", "settings": {"level": "debug"}}
    refused = project.run("up", code=1)
    assert f"Deployment {project.namespace}/web cannot be changed in place" in refused
    assert "spec.selector" in refused
    assert "never replaces" in refused
    settings = project.get("configmaps", "settings")
    assert settings is not None
    assert settings["data"] == {"level": "info"}


def test_an_object_of_somebody_else_is_not_taken_over(project: Project) -> None:
    labels = {"app.kubernetes.io/managed-by": "pulumi", "clusters.pulumi/stack": STACK}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": project.namespace, "labels": labels}}
    project.cluster.request("POST", "/api/v1/namespaces", namespace)
    for command in ("preview", "up"):
        refused = project.run(command, code=1)
        assert f"Namespace {project.namespace} exists already" in refused
    assert (
        "clusters.pulumi/stack"
        in project.cluster.request("GET", f"/api/v1/namespaces/{project.namespace}")["metadata"]["labels"]
    )


def test_a_state_of_another_cluster_is_refused(project: Project) -> None:
    project.run("up")
    uid = project.cluster.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    project.state_file.write_text(project.state_file.read_text().replace(uid, "another-uid"))
    for command in ("preview", "up", "destroy"):
        refused = project.run(command, code=1)
        assert "UID another-uid" in refused
        assert uid in refused
    assert project.names_in_cluster() == STANDING
