"""The small engine from the first preview to the purge: what changed in the program or in the cluster is put right."""

from __future__ import annotations

import base64
import json

from tests.e2e.demo_project import STANDING, Project


def test_a_stack_lives_from_preview_to_purge(project: Project) -> None:
    preview = project.run("preview")
    assert "+ create    Namespace" in preview
    assert "9 to create" in preview
    assert project.cluster.get(f"/api/v1/namespaces/{project.namespace}") is None
    assert not project.state_file.exists()

    first = project.run("up")
    assert "created   Deployment" in first
    assert project.names_in_cluster() == STANDING
    shown = json.loads(project.run("outputs"))
    clear = json.loads(project.run("outputs", "--show-secrets"))
    assert shown["password"] == "[secret]" == shown["profile"]
    assert len(clear["password"]) == 24
    assert project.secret("credentials", "password") == clear["password"]
    profile = json.loads(project.secret("profile", "profile"))
    service = project.get("services", "lb")
    assert service is not None
    assert profile["host"] == service["status"]["loadBalancer"]["ingress"][0]["ip"] == clear["address"]

    text = project.state_file.read_text()
    assert project.state_file.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" not in text
    for canary in (clear["password"], base64.b64encode(clear["password"].encode()).decode()):
        assert canary not in text
        assert canary not in preview + first

    assert "no changes" in project.run("preview", "--expect-no-changes")
    again = project.up()
    assert set(again["apiCalls"]) == {"GET"}
    assert again["summary"] == {"same": len(STANDING) + 4}
    assert project.state_file.read_text() == text

    kept = project.run("destroy")
    assert project.names_in_cluster() == {"secrets/credentials"}
    assert f"Secret {project.namespace}/credentials" in kept
    assert "destroy --purge" in kept
    project.run("up")
    assert project.secret("credentials", "password") == clear["password"]
    project.run("destroy", "--purge")
    assert project.cluster.get(f"/api/v1/namespaces/{project.namespace}") is None
    assert json.loads(project.state_file.read_text())["resources"] == []


def test_a_changed_value_is_shown_and_applied_and_a_removed_one_vanishes(project: Project) -> None:
    project.run("up")
    project.config |= {"replicas": 2, "env": {"A": "changed"}, "settings": {"other": "value"}, "cpu": "0.05"}
    preview = project.run("preview", "--expect-no-changes", code=1)
    assert "spec.replicas: 1 → 2" in preview
    assert "spec.template.spec.containers[0].env[0].value: 1 → changed" in preview
    assert "data.level: info → (absent)" in preview
    assert "cpu" not in preview  # 0.05 is 50m to the API server
    done = project.up()
    assert done["summary"]["update"] == 2
    web = project.get("deployments", "web", "/apis/apps/v1")
    settings = project.get("configmaps", "settings")
    assert web is not None
    assert settings is not None
    assert web["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "A", "value": "changed"}]
    assert web["status"]["availableReplicas"] == 2
    assert settings["data"] == {"other": "value"}
    assert set(project.up()["apiCalls"]) == {"GET"}


def test_secrets_of_a_changed_secret_are_not_shown(project: Project) -> None:
    project.run("up")
    password = project.secret("credentials", "password")
    path = f"/api/v1/namespaces/{project.namespace}/secrets/credentials"
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "credentials"},
        "data": {"password": "bXlzdGVyeQ=="},
    }
    project.apply_as_somebody_else(path, manifest)
    preview = project.run("preview")
    assert "data.password: [secret] → [secret]" in preview
    assert "bXlzdGVyeQ" not in preview
    project.run("up")
    assert project.secret("credentials", "password") == password


def test_a_field_that_somebody_took_over_is_taken_back(project: Project) -> None:
    project.run("up")
    path = f"/apis/apps/v1/namespaces/{project.namespace}/deployments/web"
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 0}}
    project.apply_as_somebody_else(path, manifest)
    assert "spec.replicas: 0 → 1" in project.run("preview")
    assert project.up()["summary"]["update"] == 1
    assert project.cluster.request("GET", path)["spec"]["replicas"] == 1


def test_an_object_that_vanished_is_made_again(project: Project) -> None:
    project.run("up")
    project.cluster.request("DELETE", f"/api/v1/namespaces/{project.namespace}/configmaps/settings")
    assert f"+ create    ConfigMap {project.namespace}/settings" in project.run("preview")
    assert project.up()["summary"]["create"] == 1
    assert project.names_in_cluster() == STANDING


def test_an_object_that_the_program_drops_is_deleted_unless_protected(project: Project) -> None:
    project.run("up")
    project.config["settings"] = {}
    assert f"- delete    ConfigMap {project.namespace}/settings" in project.run("preview")
    assert project.up()["summary"]["delete"] == 1
    assert project.names_in_cluster() == STANDING - {"configmaps/settings"}

    program = project.root / "__main__.py"
    program.write_text(program.read_text().replace('"credentials", metadata', '"renamed", metadata').replace(
        '"level": "info"', '"level": "never applied"'))  # fmt: skip
    before = project.state_file.read_bytes()
    for command in ("preview", "up"):
        refused = project.run(command, code=1)
        assert f"Secret {project.namespace}/credentials" in refused
        assert "nothing is changed" in refused or "exists already" in refused
    assert project.state_file.read_bytes() == before
    assert project.names_in_cluster() == STANDING - {"configmaps/settings"}
