"""A project of one program for the small engine, what a user does with it, and what the cluster then has."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import APPLY_PATCH, KubernetesApi
from components.shared.target import PROJECT
from local.cluster import ControlPlane

PASSPHRASE = "correct horse"
STACK = "demo"
"""Not that of the program's tests, which look for its label in the whole cluster."""

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

STANDING = {"configmaps/settings", "deployments/web", "secrets/credentials", "secrets/profile", "services/lb"}
"""What the program makes in its namespace when no setting says otherwise."""


class Project:
    """A project folder with the program above, and the cluster that it writes to."""

    def __init__(self, root: Path, plane: ControlPlane, namespace: str) -> None:
        self.root, self.namespace = root, namespace
        self.state_file = root / ".state" / f"{STACK}.json"
        self.cluster = KubernetesApi.connect(plane.kubeconfig, "embedded")
        self._processes: list[subprocess.Popen[str]] = []
        self.config: dict[str, Any] = {"kubeconfig": str(plane.kubeconfig), "namespace": namespace}
        declared = {"demo": {"type": "object", "default": {}}}
        (root / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "demo", "runtime": "python", "config": declared}))
        (root / "__main__.py").write_text(PROGRAM)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the engine."""
        (self.root / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": {"demo:demo": self.config}}))
        path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE, "PYTHONPATH": path}
        process = subprocess.Popen(
            [sys.executable, "-m", "local.engine", *arguments, "--stack", STACK],
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

    def wait_for(self, what: Callable[[], object]) -> None:
        """Wait until `what` is true."""
        end = time.monotonic() + 60
        while not what():
            assert time.monotonic() < end
            time.sleep(0.002)

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
