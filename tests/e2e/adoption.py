"""What the tests of `ops adopt` share: the command, and a release of Helm's with all that grows around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from components.matlab import names
from components.shared.manifest import base64
from tests.e2e.checkout import Checkout
from tests.mjs_credentials import PASSWORD, made_secrets
from tests.tools.helm import helm

CHART = Path(__file__).parent / "chart"
RELEASE = "campus"
STACK = "prod"
CLAIMS = {"checkpointPVC": "jobs", "logPVC": "logs", "workerLogPVC": "worker-logs"}
CONTROLLER = "controller"
"""Name that MJS's controller has as a writer."""


def adopt(checkout: Checkout, *words: str, code: int = 0, **variables: str) -> str:
    """Run `python -m ops adopt` and return what it prints; an error message too."""
    answer = subprocess.run(
        [sys.executable, "-m", "ops", "adopt", *words],
        cwd=checkout.root, env={**checkout.environment(), **variables}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert answer.returncode == code, answer.stdout + answer.stderr
    return answer.stdout + (answer.stderr if code else "")


class Installation:
    """A namespace as an administrator has it who followed the chart's instructions."""

    def __init__(self, checkout: Checkout, namespace: str) -> None:
        self.checkout, self.namespace, self.api = checkout, namespace, checkout.api
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self.api.request("POST", "/api/v1/namespaces", body)
        for claim in CLAIMS.values():
            spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
            self._create("PersistentVolumeClaim", claim, "kubectl-create", spec=spec)
        self._secret(names.ADMIN_SECRET, {names.PASSWORD_KEY: PASSWORD}, "kubectl-create")

    def install(self, version: str, chart: Path = CHART, **values: str) -> None:
        """Install the chart with Helm 3 or Helm 4; `values` are further ones, or others."""
        given = {"matlabRelease": "r2026a", "maxWorkers": 4, **CLAIMS, **values}
        self.helm(
            version,
            "install",
            RELEASE,
            str(chart),
            *(f"--set-json={key}={json.dumps(value)}" for key, value in given.items()),
        )

    def helm(self, version: str, *words: str) -> str:
        """Run Helm in the namespace."""
        answer = subprocess.run(
            [helm(version), *words, "--namespace", self.namespace],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stdout
        return answer.stdout

    def control(self) -> None:
        """Do what MJS's controller does when it starts: make the credentials, owned by its Deployment."""
        host = f"mjs-job-manager:27350?proxy=socks5s://{self.address()}:1080"
        for name, content in made_secrets(host).items():
            if name != names.ADMIN_SECRET:
                self._secret(name, content, CONTROLLER)

    def address(self) -> str:
        """The load balancer's address."""
        path = f"/api/v1/namespaces/{self.namespace}/services/{names.INGRESS_PROXY}"
        for _ in range(100):
            service = self.api.request("GET", path)
            if ingress := service["status"]["loadBalancer"].get("ingress"):
                return str(ingress[0]["ip"])
            subprocess.run(["sleep", "0.2"], check=True)
        raise AssertionError("no address")

    def _secret(self, name: str, content: dict[str, str], manager: str) -> None:
        owners: list[dict[str, str]] = []
        if manager == CONTROLLER:
            path = f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{names.CONTROLLER}"
            uid = self.api.request("GET", path)["metadata"]["uid"]
            owners = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": names.CONTROLLER, "uid": uid}]
        data = {key: base64(text) for key, text in content.items()}
        self._create("Secret", name, manager, owners, type="Opaque", data=data)

    def _create(
        self, kind: str, name: str, manager: str, owners: list[dict[str, str]] | None = None, **rest: Any
    ) -> None:
        metadata = {"name": name, **({"ownerReferences": owners} if owners else {})}
        body = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **rest}
        path = f"/api/v1/namespaces/{self.namespace}/{kind.lower()}s"
        self.api.request("POST", path, body, query={"fieldManager": manager})
