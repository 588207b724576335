"""Programs in YAML and TypeScript deploy a MATLAB cluster through the component package, with the real engine."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import KubernetesApi
from local.cluster import ControlPlane
from local.pulumi import Toolchain
from local.pulumi.toolchain import has_language_host
from tests.e2e.consumers import PASSWORD, TypeScriptConsumer, YamlConsumer


@pytest.fixture
def consumer(tmp_path: Path, toolchain: Toolchain, cluster: ControlPlane) -> Iterator[YamlConsumer]:
    made = YamlConsumer(tmp_path / "consumer", toolchain, cluster)
    made.start()
    yield made
    made.remove()


@pytest.fixture
def typescript(tmp_path: Path, toolchain: Toolchain, cluster: ControlPlane) -> Iterator[TypeScriptConsumer]:
    hosts = has_language_host(toolchain.command, "nodejs") and has_language_host(toolchain.command)
    if not (hosts and shutil.which("npm")):
        pytest.skip("Pulumi's language hosts for Node.js and Python, or npm, are not installed here")
    made = TypeScriptConsumer(tmp_path / "consumer", toolchain, cluster)
    made.run("install")
    made.start()
    yield made
    made.remove()


def passwords(api: KubernetesApi) -> list[str]:
    secret = api.request("GET", "/api/v1/namespaces/mjs/secrets/mjs-admin-password")
    return [b64decode(value).decode() for value in secret["data"].values()]


def controller_config(api: KubernetesApi) -> dict[str, Any]:
    found = api.request("GET", "/api/v1/namespaces/mjs/configmaps/mjs-controller-config")
    config: dict[str, Any] = json.loads(found["data"]["config.json"])
    return config


def test_a_yaml_program_deploys_a_cluster(consumer: YamlConsumer) -> None:
    """Preview, up, a change, and no change; the password reaches its Secret and nothing else."""
    everything = consumer.run("preview")
    everything += consumer.run("up", "--yes", "--skip-preview")
    assert passwords(consumer.api) == [PASSWORD]
    outputs = json.loads(consumer.run("stack", "output", "--json"))
    assert outputs["namespace"] == "mjs"
    assert outputs["profile"] == "[secret]"
    everything += consumer.run("preview", "--expect-no-changes")
    consumer.properties["workers"]["max"] = 6
    everything += consumer.run("up", "--yes", "--skip-preview")
    assert controller_config(consumer.api)["Network"]["MaxWorkers"] == 6
    assert PASSWORD not in everything
    assert PASSWORD not in consumer.run("stack", "export")


def test_every_mistake_is_named_by_its_argument(consumer: YamlConsumer) -> None:
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


def test_a_typescript_program_deploys_a_cluster(typescript: TypeScriptConsumer) -> None:
    """With the SDK that `pulumi install` writes: up, a change, no change, and a mistake that does not compile."""
    everything = typescript.run("up", "--yes", "--skip-preview")
    assert passwords(typescript.api) == [PASSWORD]
    outputs = json.loads(typescript.run("stack", "output", "--json"))
    assert outputs == {"namespace": "mjs", "profile": "[secret]"}
    typescript.replace("index.ts", "max: 64", "max: 65")
    everything += typescript.run("up", "--yes", "--skip-preview")
    assert controller_config(typescript.api)["Network"]["MaxWorkers"] == 65
    everything += typescript.run("preview", "--expect-no-changes")
    assert PASSWORD not in everything + typescript.run("stack", "export")
    typescript.replace("index.ts", "max: 65", 'maximum: "65"')
    assert "'maximum' does not exist in type 'MatlabWorkersArgs'" in typescript.run("preview", code=1)
