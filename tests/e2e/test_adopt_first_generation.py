"""A release of chart 1.x moves: given the commands that `ops adopt` prints, run as a person pastes them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.matlab import names
from components.shared.kube import Json, KubernetesApi
from local.pulumi import Toolchain
from tests.e2e.adoption import CLAIMS, Installation, adopt
from tests.e2e.checkout import Checkout
from tests.e2e.disturbance import wait_for
from tests.mjs_credentials import PASSWORD
from tests.tools.helm import helm

CHART = Path(__file__).parent / "first_chart"
PLACE = "first"
APPS = f"/apis/apps/v1/namespaces/{PLACE}"
CORE = f"/api/v1/namespaces/{PLACE}"


@pytest.fixture
def release(adopter: Checkout) -> Iterator[Installation]:
    """A release of chart 1.7 with all that its controller makes, in a cluster that is the reader's own."""
    installation = Installation(adopter, PLACE)
    # A hollow node has less than the 4Gi that chart 1.x requests by default.
    installation.install("3", CHART, matlabRelease="r2024b", jobManagerMemoryRequest="1Gi")
    installation.control()
    made_by_the_controller(installation.api)
    yield installation
    adopter.remove()
    adopter.api.request("DELETE", f"/api/v1/namespaces/{PLACE}")


def made_by_the_controller(api: KubernetesApi) -> None:
    """The job manager with its Service, and a worker with its own, all owned by the controller."""
    controller = api.request("GET", f"{APPS}/deployments/{names.CONTROLLER}")
    owner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": names.CONTROLLER,
        "uid": controller["metadata"]["uid"],
    }
    labels = {
        names.JOB_MANAGER: {"app": names.JOB_MANAGER, "job-manager-uid": "1"},
        "mjs-worker-1-abc": {"app": names.WORKER, "workerName": "worker-1", "workerID": "1"},
    }
    claims = {names.JOB_MANAGER: CLAIMS["checkpointPVC"], "mjs-worker-1-abc": CLAIMS["workerLogPVC"]}
    for name, own in labels.items():
        volume = {"name": "data", "persistentVolumeClaim": {"claimName": claims[name]}}
        pod = {"containers": [{"name": "mjs", "image": "example.invalid/mjs:r2024b"}], "volumes": [volume]}
        spec: Json = {
            "selector": {"matchLabels": own},
            "template": {"metadata": {"labels": own}, "spec": pod},
        }
        metadata = {"name": name, "labels": own, "ownerReferences": [owner]}
        api.request("POST", f"{APPS}/deployments", {"metadata": metadata, "spec": spec})
        ports = [{"name": "tcp", "port": 27350}]
        api.request("POST", f"{CORE}/services", {"metadata": metadata, "spec": {"selector": own, "ports": ports}})


def commands(text: str) -> list[str]:
    """The commands of the guide, in order: the lines that it indents below a step."""
    return [line.strip() for line in text.splitlines() if line.startswith("      ")]


def paste(release: Installation, toolchain: Toolchain, words: list[str]) -> None:
    """Run commands in one folder."""
    project = release.checkout
    binaries = (project.control_plane.kubectl, helm("3"), toolchain.command)
    folders = [str(project.root / ".venv" / "bin"), *(str(binary.parent) for binary in binaries), os.environ["PATH"]]
    environment = {**project.environment(), **toolchain.environment, "PATH": os.pathsep.join(folders)}
    (project.root / ".state").mkdir(exist_ok=True)
    for command in words:
        answer = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=project.root, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert answer.returncode == 0, f"{command}: {answer.stdout}{answer.stderr}"


def move_database(command: str, folder: Path) -> None:
    """Do in a folder what the pod of the guide does in the claim: a hollow node runs no containers."""
    (folder / "jobs").mkdir(parents=True)
    (folder / "jobs" / "1.mat").write_text("queued")
    (folder / "lost+found").mkdir()
    overrides = re.search(r"--overrides '(.*)'$", command)
    assert overrides
    (container,) = json.loads(overrides[1])["spec"]["containers"]
    (volume,) = json.loads(overrides[1])["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIMS["checkpointPVC"]
    program = container["command"][-1].replace("/data", str(folder))
    subprocess.run(["sh", "-c", program], check=True)
    assert (folder / "r2024b" / "jobs" / "1.mat").read_text() == "queued"
    assert (folder / "lost+found").is_dir()


def secret(api: KubernetesApi, name: str, key: str) -> str:
    found: dict[str, Any] = api.request("GET", f"{CORE}/secrets/{name}")
    return b64decode(found["data"][key]).decode()


def test_a_release_of_chart_1_moves_with_its_claims_its_ca_and_its_password(
    release: Installation, toolchain: Toolchain, tmp_path: Path
) -> None:
    api, project = release.api, release.checkout
    authority = json.loads(secret(api, names.SHARED_SECRET, names.SHARED_SECRET_FILE))
    claims = {claim: api.request("GET", f"{CORE}/persistentvolumeclaims/{claim}") for claim in CLAIMS.values()}
    text = adopt(project, "--namespace", PLACE, "--out", ".", code=1)
    assert "cannot be taken over in place" in text
    steps = commands(text)
    (database,) = (command for command in steps if command.startswith("kubectl run"))
    uninstall = next(index for index, command in enumerate(steps) if command.startswith("helm uninstall"))
    paste(release, toolchain, steps[:uninstall])
    written = project.stack_file.read_text()
    paste(release, toolchain, secrets_of(written))
    paste(release, toolchain, [command for command in steps[uninstall:] if command != database])
    gone = ("deployments/mjs-controller", "deployments/mjs-job-manager", "deployments/mjs-worker-1-abc")
    wait_for(lambda: not any(api.get(f"{APPS}/{one}") for one in gone))
    move_database(database, tmp_path / "claim")
    paste(release, toolchain, ["pulumi preview", "pulumi up --yes"])

    assert json.loads(secret(api, names.SHARED_SECRET, names.SHARED_SECRET_FILE)) == authority
    assert secret(api, names.ADMIN_SECRET, names.PASSWORD_KEY) == PASSWORD
    for claim, before in claims.items():
        assert (
            api.request("GET", f"{CORE}/persistentvolumeclaims/{claim}")["metadata"]["uid"] == before["metadata"]["uid"]
        )
    pod = api.request("GET", f"{APPS}/deployments/{names.JOB_MANAGER}")["spec"]["template"]["spec"]
    mounted = {one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one}
    assert mounted == {"jobs", "logs"}
    assert api.get(f"{CORE}/configmaps/mjs-config") is None


def secrets_of(stack_file: str) -> list[str]:
    """The commands that the head of a stack file lists."""
    head = [line.removeprefix("#").strip() for line in stack_file.splitlines() if line.startswith("#")]
    return [line for line in head if line.startswith(("kubectl", "pulumi"))]
