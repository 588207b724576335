"""The small engine against a real control plane: given a program and its config, when a command runs, this stands."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.kube import APPLY_PATCH, Cluster
from local.cluster import ControlPlane

REPOSITORY = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse"

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
import pulumi_tls as tls
from pulumi import ResourceOptions

config = pulumi.Config().require_object("demo")
NAMESPACE = config["namespace"]
LABELS = {"app.kubernetes.io/managed-by": "pulumi", "clusters.pulumi/stack": pulumi.get_stack()}
provider = k8s.Provider(
    "cluster", kubeconfig=config["kubeconfig"], context="embedded",
    enable_server_side_apply=True, enable_config_map_mutable=True, enable_secret_mutable=True,
)


def meta(name, **annotations):
    notes = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return {"name": name, "namespace": NAMESPACE, "labels": LABELS, "annotations": notes}


class Demo(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("demo:index:Demo", name, None, ResourceOptions(providers=[provider]))
        protected = config.get("protect", True)
        here = ResourceOptions(parent=self)
        ns = k8s.core.v1.Namespace(
            "ns", metadata={"name": NAMESPACE, "labels": LABELS}, opts=ResourceOptions(parent=self, protect=protected)
        )
        inside = ResourceOptions(parent=self, depends_on=[ns])
        key = tls.PrivateKey("key", algorithm="RSA", rsa_bits=2048, opts=here)
        cert = tls.SelfSignedCert(
            "cert", private_key_pem=key.private_key_pem, is_ca_certificate=True, allowed_uses=[],
            validity_period_hours=87600, subject={"common_name": "demo"}, opts=here,
        )
        password = random.RandomPassword(
            "password", length=24, special=False, opts=ResourceOptions(parent=self, protect=protected)
        )
        if config.get("settings", {"level": "info"}):
            k8s.core.v1.ConfigMap(
                "settings", metadata=meta("settings", **config.get("notes", {})),
                data=config.get("settings", {"level": "info"}), opts=inside
            )
        credentials = k8s.core.v1.Secret(
            "credentials", metadata=meta("credentials"), type="Opaque",
            string_data={
                "password": password.result, "tls.key": key.private_key_pem_pkcs8, "tls.crt": cert.cert_pem,
            },
            opts=ResourceOptions(parent=self, depends_on=[ns], protect=protected),
        )
        app = config.get("app", "web")
        timeout = config.get("timeout", "2m")
        container = {
            "name": "web",
            "image": "example.invalid/web:1",
            "env": [{"name": name, "value": text} for name, text in config.get("env", {"A": "1", "B": "2"}).items()],
            "resources": {"requests": {"cpu": config.get("cpu", "50m"), "memory": "64Mi"}},
            "volume_mounts": [{"name": "credentials", "mount_path": "/credentials"}],
        }
        volume = {"name": "credentials", "secret": {"secret_name": config.get("secretName", "credentials")}}
        k8s.apps.v1.Deployment(
            "web", metadata=meta("web"),
            spec={
                "replicas": config.get("replicas", 1), "minReadySeconds": config.get("minReadySeconds"),
                "selector": {"match_labels": {"app": app}},
                "template": {
                    "metadata": {"labels": {"app": app}},
                    "spec": {
                        "containers": [container], "volumes": [volume], "terminationGracePeriodSeconds": 0,
                        "nodeSelector": config.get("nodeSelector"),
                    },
                },
            },
            opts=ResourceOptions(
                parent=self, depends_on=[credentials], custom_timeouts={"create": timeout, "update": timeout}
            ),
        )
        wait = {"waitFor": "jsonpath={.status.loadBalancer.ingress[0].ip}"}
        if "lbTimeout" in config:
            wait["timeoutSeconds"] = config["lbTimeout"]
        lb = k8s.core.v1.Service(
            "lb", metadata=meta("lb", **wait),
            spec={
                "type": "LoadBalancer", "selector": {"app": app}, "ports": [{"port": 80}],
                "load_balancer_class": config.get("lbClass"),
            },
            opts=inside,
        )
        self.address = lb.status.load_balancer.ingress[0].ip
        self.profile = pulumi.Output.secret(
            pulumi.Output.json_dumps({"host": self.address, "key": key.private_key_pem})
        )
        k8s.core.v1.Secret(
            "profile", metadata=meta("profile"), string_data={"profile": self.profile}, opts=inside
        )
        for index in range(config.get("extra", 0)):
            k8s.core.v1.ConfigMap(
                f"extra-{index}", metadata=meta(f"extra-{index}"), data={"i": str(index)}, opts=inside
            )
        self.password = password.result
        self.register_outputs({"address": self.address})


demo = Demo("demo")
pulumi.export("address", demo.address)
pulumi.export("profile", demo.profile)
pulumi.export("password", demo.password)
"""


class Project:
    """A project folder with the program above, and the cluster that it writes to."""

    def __init__(self, root: Path, plane: ControlPlane, namespace: str) -> None:
        self.root, self.namespace = root, namespace
        self.state_file = root / ".state" / "dev.json"
        self.cluster = Cluster.connect(plane.kubeconfig, "embedded")
        self._processes: list[subprocess.Popen[str]] = []
        self.config: dict[str, Any] = {"kubeconfig": str(plane.kubeconfig), "namespace": namespace}
        declared = {"demo": {"type": "object", "default": {}}}
        (root / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "demo", "runtime": "python", "config": declared}))
        (root / "__main__.py").write_text(PROGRAM)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the engine."""
        (self.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"demo:demo": self.config}}))
        path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PYTHONPATH": path}
        process = subprocess.Popen(
            [sys.executable, "-m", "local.engine", *arguments, "--stack", "dev"],
            cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; all that it printed."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=180)
        assert process.returncode == code, output + errors
        return output + errors

    def up(self) -> dict[str, Any]:
        """`up --json`, decoded."""
        process = self.start("up", "--json")
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, output + errors
        return dict(json.loads(output))

    def get(self, kind: str, name: str, root: str = "/api/v1") -> dict[str, Any] | None:
        """One object of the namespace."""
        return self.cluster.get(f"{root}/namespaces/{self.namespace}/{kind}/{name}")

    def secret(self, name: str, key: str) -> str:
        """One decoded value of a Secret."""
        found = self.get("secrets", name)
        assert found is not None
        return base64.b64decode(found["data"][key]).decode()

    def names_in_cluster(self) -> set[str]:
        """The objects of the namespace that carry our label."""
        query = {"labelSelector": "app.kubernetes.io/managed-by=pulumi"}
        found = set()
        for path in (
            "/api/v1/{}/configmaps",
            "/api/v1/{}/secrets",
            "/api/v1/{}/services",
            "/apis/apps/v1/{}/deployments",
        ):
            answer = self.cluster.request("GET", path.format(f"namespaces/{self.namespace}"), query=query)
            found |= {f"{path.rpartition('/')[2]}/{item['metadata']['name']}" for item in answer["items"]}
        return found

    def pods(self) -> list[dict[str, Any]]:
        """The pods of the namespace."""
        return list(self.cluster.request("GET", f"/api/v1/namespaces/{self.namespace}/pods")["items"])

    def known(self) -> int:
        """How many resources the state has."""
        if not self.state_file.exists():
            return 0
        return len(json.loads(self.state_file.read_text())["resources"])

    def wait_for(self, what: Callable[[], object], every: float = 0.002) -> None:
        """Wait until `what` is true."""
        end = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end
            time.sleep(every)

    def kill_when(self, moment: Callable[[int], bool], *arguments: str) -> None:
        """Start a command and end it with SIGKILL as soon as the number of resources in the state is right."""
        process = self.start(*arguments)
        self.wait_for(lambda: moment(self.known()) or process.poll() is not None)
        process.kill()
        process.communicate()

    def apply_as_somebody_else(self, path: str, manifest: dict[str, Any]) -> None:
        """Server-side apply by another field manager, by force."""
        query = {"fieldManager": "somebody-else", "force": "true"}
        self.cluster.request("PATCH", path, manifest, query=query, content_type=APPLY_PATCH)

    def remove(self) -> None:
        """Kill what still runs, and begin to delete the namespace."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.communicate()
        path = f"/api/v1/namespaces/{self.namespace}"
        if self.cluster.get(path):
            self.cluster.request("DELETE", path)

    def wait_until_gone(self) -> None:
        """Wait until the namespace is deleted, with all that is in it."""
        self.wait_for(lambda: not self.cluster.get(f"/api/v1/namespaces/{self.namespace}"), every=0.2)


STANDING = {"configmaps/settings", "deployments/web", "secrets/credentials", "secrets/profile", "services/lb"}


@pytest.fixture(scope="module")
def removed() -> Iterator[list[Project]]:
    """The projects that tests have removed: another module begins when nothing of them is left in the cluster.

    Their objects carry the label of a stack, and others look for it in the whole cluster.
    """
    projects: list[Project] = []
    yield projects
    for project in projects:
        project.wait_until_gone()


@pytest.fixture
def project(
    tmp_path: Path, cluster: ControlPlane, removed: list[Project], request: pytest.FixtureRequest
) -> Iterator[Project]:
    """A project of the small engine alone, in a namespace of its own; what it made is removed at the end."""
    made = Project(tmp_path, cluster, request.node.name.removeprefix("test_").replace("_", "-")[:50].strip("-"))
    yield made
    made.remove()
    removed.append(made)


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
    labels = {"app.kubernetes.io/managed-by": "pulumi", "clusters.pulumi/stack": "dev"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": project.namespace, "labels": labels}}
    project.cluster.request("POST", "/api/v1/namespaces", namespace)
    for command in ("preview", "up"):
        refused = project.run(command, code=1)
        assert f"Namespace {project.namespace} exists already" in refused
    assert (
        "clusters.pulumi/stack"
        in project.cluster.request("GET", f"/api/v1/namespaces/{project.namespace}")["metadata"]["labels"]
    )


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


def test_a_state_of_another_cluster_is_refused(project: Project) -> None:
    project.run("up")
    uid = project.cluster.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    project.state_file.write_text(project.state_file.read_text().replace(uid, "another-uid"))
    for command in ("preview", "up", "destroy"):
        refused = project.run(command, code=1)
        assert "UID another-uid" in refused
        assert uid in refused
    assert project.names_in_cluster() == STANDING


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
    assert (project.root / ".state" / "dev.lock").read_text() == ""
    project.config |= {"secretName": "credentials", "minReadySeconds": 0}
    project.run("up")
    assert project.names_in_cluster() == STANDING
