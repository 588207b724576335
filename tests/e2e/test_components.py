"""Programs in five languages deploy a MATLAB cluster through the component package, with the real engine."""

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
from tests.e2e.consumers import LANGUAGES, PASSWORD, TypedConsumer, YamlConsumer


@pytest.fixture
def consumer(tmp_path: Path, toolchain: Toolchain, cluster: ControlPlane) -> Iterator[YamlConsumer]:
    made = YamlConsumer(tmp_path / "consumer", toolchain, cluster)
    made.start()
    yield made
    made.remove()


@pytest.fixture(params=LANGUAGES)
def typed(
    request: pytest.FixtureRequest, tmp_path: Path, toolchain: Toolchain, cluster: ControlPlane
) -> Iterator[TypedConsumer]:
    language = LANGUAGES[request.param]
    hosts = {name: has_language_host(toolchain.command, name) for name in ("python", language.host)}
    if not (all(hosts.values()) and shutil.which(language.tool)):
        pytest.skip(
            f"Pulumi's official language hosts for {' and '.join(hosts)}, or {language.tool}, are not installed here"
        )
    made = TypedConsumer(request.param, tmp_path / "consumer", toolchain, cluster)
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


def test_a_program_with_a_typed_sdk_deploys_a_cluster(typed: TypedConsumer) -> None:
    """With the SDK that `pulumi install` writes: up, a change, no change, and a wrong value and a wrong name."""
    everything = typed.run("up", "--yes", "--skip-preview")
    assert passwords(typed.api) == [PASSWORD]
    outputs = json.loads(typed.run("stack", "output", "--json"))
    assert outputs == {"namespace": "mjs", "profile": "[secret]"}
    everything += typed.run("preview", "--expect-no-changes")
    typed.change("64", "65")
    everything += typed.run("up", "--yes", "--skip-preview")
    assert controller_config(typed.api)["Network"]["MaxWorkers"] == 65
    assert PASSWORD not in everything + typed.run("stack", "export")
    typed.change("65", "64")
    typed.change("r2026a", "2026a")
    assert "property matlab.release has a problem: '2026a' is not a MATLAB release" in typed.run("preview", code=1)
    typed.change("2026a", "r2026a")
    typed.change(*typed.language.misspelt)
    assert typed.language.rejection in typed.run("preview", code=1)
