"""The examples for platforms, held against what the platforms allow."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.matlab import names
from components.shared.manifest import Manifest
from components.stack import load_file
from ops.render import render
from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples"
PLATFORMS = sorted(EXAMPLES.glob("platform-*.yaml"))
CONSTRAINTS = EXAMPLES / "openshift" / "security-context-constraints.yaml"


def matlab(file: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]["clusters:matlab"]
    return found


def objects(name: str) -> list[Manifest]:
    files, _ = render(load_file(EXAMPLES / f"{name}.yaml"))
    return [yaml.safe_load(text) for text in files.values()]


def pods(name: str) -> list[tuple[str, Manifest]]:
    """ServiceAccount and spec of every pod, workers included."""
    templates = [item["spec"]["template"] for item in objects(name) if item["kind"] == "Deployment"]
    templates += [
        yaml.safe_load(item["data"][names.TEMPLATE_FILE])
        for item in objects(name)
        if item["kind"] == "ConfigMap" and names.TEMPLATE_FILE in item["data"]
    ]
    return [(item["spec"].get("serviceAccountName", "default"), item["spec"]) for item in templates]


@pytest.mark.parametrize("file", PLATFORMS, ids=lambda file: file.stem)
def test_job_history_fits_into_the_checkpoint_volume(file: Any) -> None:
    """MJS keeps up to ten files of 1 GB of it beside the database."""
    assert int(matlab(file)["storage"]["checkpoint"]["size"].removesuffix("Gi")) >= 30


def constraints() -> tuple[Manifest, Manifest, Manifest]:
    one, role, binding = yaml.safe_load_all(CONSTRAINTS.read_text(encoding="utf-8"))
    return one, role, binding


def test_openshift_admits_every_pod_and_gives_no_capability_that_none_uses() -> None:
    """restricted-v2 and anyuid both reject a worker: it adds capabilities."""
    allowed, added, volumes = constraints()[0], set(), set()
    for _, spec in pods("platform-openshift"):
        context = spec.get("securityContext", {})
        for container in spec["containers"]:
            own = {**context, **container["securityContext"]}
            added |= {*own["capabilities"].get("add", ())}
            assert own["allowPrivilegeEscalation"] is False
            assert own["seccompProfile"] == {"type": "RuntimeDefault"}
        volumes |= {kind for volume in spec.get("volumes", ()) for kind in volume if kind != "name"}
    assert allowed["allowedCapabilities"] == sorted(added)
    assert volumes | {"emptyDir"} == {*allowed["volumes"]}
    assert allowed["seccompProfiles"] == ["runtime/default"]
    assert not any(value for name, value in allowed.items() if name.startswith(("allowHost", "allowPrivilege")))


def test_openshift_gives_the_constraints_to_every_account_that_runs_a_pod() -> None:
    one, role, binding = constraints()
    (rule,) = role["rules"]
    assert rule["resourceNames"] == [one["metadata"]["name"]]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert {subject["name"] for subject in binding["subjects"]} == {
        account for account, _ in pods("platform-openshift")
    }
    namespaces = {binding["metadata"]["namespace"], *(subject["namespace"] for subject in binding["subjects"])}
    assert namespaces == {load_file(EXAMPLES / "platform-openshift.yaml").systems["matlab"].namespace.name}


@pytest.mark.parametrize("name", ["platform-gke", "platform-openshift"])
def test_no_mesh_puts_a_sidecar_into_any_pod(name: str) -> None:
    templates = [item["spec"]["template"] for item in objects(name) if item["kind"] == "Deployment"]
    (text,) = [
        item["data"][names.TEMPLATE_FILE]
        for item in objects(name)
        if item["kind"] == "ConfigMap" and names.TEMPLATE_FILE in item["data"]
    ]
    for template in [*templates, yaml.safe_load(text)]:
        assert template["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"


def test_eks_keeps_idle_clients_on_the_port_that_they_connect_to() -> None:
    """The port is part of the annotation's name."""
    services = [item for item in objects("platform-eks") if item["kind"] == "Service"]
    (service,) = [item for item in services if item["metadata"]["name"] == names.INGRESS_PROXY]
    prefix = "service.beta.kubernetes.io/aws-load-balancer-listener-attributes.TCP-"
    ports = {key.removeprefix(prefix) for key in service["metadata"]["annotations"] if key.startswith(prefix)}
    assert ports == {str(port["port"]) for port in service["spec"]["ports"]}
