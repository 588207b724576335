"""A program in YAML deploys a MATLAB cluster through the component package, with the real engine."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from local.pulumi import Toolchain
from tests.conftest import PROJECT
from tests.tools.pulumi_yaml import language_host

PASSWORD = "canary-5c1e0b"


class Consumer:
    """A project of somebody else that names the package in its Pulumi.yaml."""

    def __init__(self, folder: Path, toolchain: Toolchain, cluster: ControlPlane) -> None:
        self.folder, self.toolchain, self.cluster = folder, toolchain, cluster
        self.api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
        text = (PROJECT / "examples" / "components" / "yaml" / "Pulumi.yaml").read_text()
        self.program: dict[str, Any] = yaml.safe_load(text)
        self.program["plugins"]["providers"][0]["path"] = str(PROJECT / "package")
        small = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())["config"]["clusters:matlab"]
        self.properties["kubernetes"] = {"context": EMBEDDED_CONTEXT, "kubeconfig": str(cluster.kubeconfig)}
        self.properties["workers"] = small["workers"]
        self.properties["storage"] = small["storage"]
        self.properties["security"] = {"level": 2}
        (folder / "state").mkdir(parents=True)

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.program["resources"]["mjs"]["properties"]
        return found

    def run(self, *words: str, code: int = 0) -> str:
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(self.program))
        environment = {
            **os.environ,
            **self.toolchain.environment,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "consumer",
        }
        environment["PATH"] = os.pathsep.join([str(language_host().parent), environment["PATH"]])
        done = subprocess.run(
            [str(self.toolchain.command), *words, "--non-interactive"],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout


@pytest.fixture
def consumer(tmp_path: Path, toolchain: Toolchain, cluster: ControlPlane) -> Iterator[Consumer]:
    made = Consumer(tmp_path / "consumer", toolchain, cluster)
    made.run("stack", "init", "lab")
    made.run("config", "set", "--secret", "adminPassword", PASSWORD)
    yield made
    made.run("state", "unprotect", "--all", "--yes")
    made.run("destroy", "--yes", "--skip-preview")


def test_a_yaml_program_deploys_a_cluster(consumer: Consumer) -> None:
    """Preview, up, a change, and no change; the password reaches its Secret and nothing else."""
    everything = consumer.run("preview")
    everything += consumer.run("up", "--yes", "--skip-preview")
    secret = consumer.api.request("GET", "/api/v1/namespaces/mjs/secrets/mjs-admin-password")
    assert [b64decode(value).decode() for value in secret["data"].values()] == [PASSWORD]
    outputs = json.loads(consumer.run("stack", "output", "--json"))
    assert outputs["namespace"] == "mjs"
    assert outputs["profile"] == "[secret]"
    everything += consumer.run("preview", "--expect-no-changes")
    consumer.properties["workers"]["max"] = 6
    everything += consumer.run("up", "--yes", "--skip-preview")
    config = consumer.api.request("GET", "/api/v1/namespaces/mjs/configmaps/mjs-controller-config")
    assert json.loads(config["data"]["config.json"])["Network"]["MaxWorkers"] == 6
    assert PASSWORD not in everything
    assert PASSWORD not in consumer.run("stack", "export")


def test_every_mistake_is_named_by_its_argument(consumer: Consumer) -> None:
    consumer.properties["logLevel"] = 9
    consumer.properties["release"] = "2026a"
    text = consumer.run("preview", code=1)
    assert "2 mistakes. Nothing was changed." in text
    assert "property matlab.release has a problem: '2026a' is not a MATLAB release" in text
    assert "property matlab.logLevel has a problem" in text
    del consumer.properties["logLevel"]
    consumer.properties["release"] = "r2026a"
    consumer.properties["securityAdminPassword"] = "in clear"
    text = consumer.run("preview", code=1)
    assert "One mistake. Nothing was changed." in text
    assert "securityAdminPassword" in text
    assert "is not a secret. Pass" in text
