"""The objects of Arkouda servers: which exist, what they allow, and what they must not contain."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.arkouda import handout, names
from components.arkouda.topology import Topology, arguments, ports
from components.shared.manifest import Manifest
from components.shared.quantities import quantity
from components.stack import load_stack
from ops.render import render
from tests.schemas import VERSIONS, problems
from tests.unit.arkouda_stacks import (
    ALL,
    BY_JOBS,
    INSIDE_KUBERNETES,
    KINDS,
    Values,
    manifests,
    one,
    stack,
    values,
)
from tests.unit.test_security import breaches

EVERYTHING = pytest.mark.parametrize("everything", [False, True], ids=["smallest", "everything"])
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def templates(here: Topology) -> dict[str, Manifest]:
    """Every pod template by the name of its workload."""
    return {
        name: item["spec"]["template"]
        for (kind, name), item in manifests(here).items()
        if kind in {"Deployment", "StatefulSet"}
    }


ACCOUNT = {(kind, "hpc-registrar") for kind in ("ServiceAccount", "Role", "RoleBinding", "Secret")}
POLICY = {
    ("ValidatingAdmissionPolicy", "arkouda-arkouda-hpc"),
    ("ValidatingAdmissionPolicyBinding", "arkouda-arkouda-hpc"),
}
COMMON = {("Namespace", "arkouda"), ("NetworkPolicy", "arkouda-default-deny")}
INSIDE = {
    (kind, "hpc") for kind in ("Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget")
} | {("ConfigMap", "hpc-config"), ("PersistentVolumeClaim", "hpc-files")}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("fixed", {("Service", "hpc"), ("EndpointSlice", "hpc")}),
        ("job", {("Service", "hpc"), ("EndpointSlice", "hpc-job"), *ACCOUNT}),
        ("token", {*ACCOUNT, *POLICY}),
        ("certificate", {("Role", "hpc-registrar"), ("RoleBinding", "hpc-registrar"), *POLICY}),
        ("single", INSIDE),
        (
            "multi",
            {
                *INSIDE,
                ("StatefulSet", "hpc-locale"),
                ("Service", "hpc-locales"),
                ("Secret", "hpc-ssh"),
                ("PodDisruptionBudget", "hpc-locale"),
                ("NetworkPolicy", "hpc-locale"),
            },
        ),
    ],
)
def test_each_kind_of_server_has_its_objects(kind: str, own: set[tuple[str, str]]) -> None:
    assert set(manifests(one(kind))) == COMMON | own


def test_servers_of_every_kind_share_a_namespace() -> None:
    """`by_key` raises where two objects have the same kind and name."""
    here = stack(ALL)
    everything = sum(len(manifests(one(kind))) - len(COMMON) for kind in KINDS)
    assert len(manifests(here)) == everything + len(COMMON)
    assert {item["metadata"].get("namespace", "arkouda") for item in manifests(here).values()} == {"arkouda"}


@EVERYTHING
@EVERY_KIND
def test_every_object_is_valid(kind: str, everything: bool) -> None:
    found = manifests(one(kind, everything=everything)).values()
    assert [problem for item in found for version in VERSIONS for problem in problems(item, version)] == []


@EVERYTHING
@EVERY_KIND
def test_every_pod_is_restricted_without_exceptions(kind: str, everything: bool) -> None:
    """Upstream's pods need sudo, and so no Pod Security level above baseline."""
    here = one(kind, everything=everything)
    assert bool(templates(here)) == (everything or kind in INSIDE_KUBERNETES)
    for name, template in templates(here).items():
        assert set(breaches(template)) == set(), name
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        # A Service named metrics-server would make the server abort: METRICS_SERVER_PORT=tcp://…
        assert spec["enableServiceLinks"] is False
        for volume in spec["volumes"]:
            assert volume.get("secret", {}).get("defaultMode", 0) & 0o377 == 0


@EVERYTHING
@EVERY_KIND
def test_one_number_is_the_port_everywhere(kind: str, everything: bool) -> None:
    """A server announces its Service's port in place of its own, and mixes up its variables for the metrics port."""
    here = one(kind, everything=everything)
    (server,) = here.servers
    expected = {port.name: port.number for port in ports(server)}
    assert f"--ServerPort={expected['client']}" in arguments(server)
    objects = manifests(here)
    if kind not in {"token", "certificate"}:
        found = objects["Service", "hpc"]["spec"]["ports"]
        assert {port["name"]: port["port"] for port in found} == expected
        assert all(port["port"] == port["targetPort"] for port in found)
    for key in (("EndpointSlice", "hpc"), ("EndpointSlice", "hpc-job")):
        if key in objects:
            assert {port["name"]: port["port"] for port in objects[key]["ports"]} == expected
    if kind in BY_JOBS:
        variables = handout.job_environment(here, server, handout.Credentials())
        assert {variables[f"EXTERNAL_SERVICE_{name}PORT"] for name in ("", "TARGET_")} == {expected["client"]}
        metrics = {str(value) for name, value in variables.items() if name.startswith("METRICS_") and "PORT" in name}
        assert metrics == {str(expected["metrics"])}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fixed", "--ServerPort=5555 --ServerDaemon.daemonTypes=ServerDaemonType.DEFAULT,ServerDaemonType.METRICS"),
        (
            "job",
            "-nl 1 --logLevel=LogLevel.INFO --ServerPort=5555 --ServerDaemon.daemonTypes=ServerDaemonType.DEFAULT,",
        ),
        (
            "token",
            "INTEGRATION,ServerDaemonType.METRICS --ExternalIntegration.systemType=SystemType.KUBERNETES",
        ),
        ("multi", "-nl 3 --logLevel=LogLevel.INFO --ServerPort=5555"),
    ],
)
def test_the_command_line_is_that_of_the_kind_of_server(kind: str, expected: str) -> None:
    """With INTEGRATION, a declared server would end: its POST gets HTTP 409. DEFAULT excludes INTEGRATION."""
    (server,) = one(kind).servers
    line = " ".join(arguments(server))
    assert expected in line
    assert ("INTEGRATION" in line) is (kind in {"token", "certificate"})
    assert "DEFAULT" not in line or "INTEGRATION" not in line


def test_metrics_are_recorded_only_where_memory_is_tracked() -> None:
    (server,) = one("single").servers
    assert "--memTrack=true" in arguments(server)
    (server,) = one("single", metrics={"enabled": False}).servers
    assert not any(argument.startswith("--memTrack") or "METRICS" in argument for argument in arguments(server))


@pytest.mark.parametrize("kind", INSIDE_KUBERNETES)
def test_arrays_fit_in_the_memory_of_the_pod(kind: str) -> None:
    """Otherwise the kernel ends the pod before the server can reject a command."""
    here = one(kind, memory="10Gi", cpu="1500m")
    (server,) = here.servers
    (limit,) = [option.partition("=")[2] for option in arguments(server) if option.startswith("--memMax=")]
    assert int(limit) == int(quantity("10Gi")) * 80 // 100
    for template in templates(here).values():
        (container,) = template["spec"]["containers"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert container["resources"]["limits"] == {"cpu": "1500m", "memory": "10Gi"}
    variables = {item["name"]: item.get("value") for item in container_of(here, "hpc")["env"]}
    # Chapel counts the cores of the node.
    assert variables["CHPL_RT_NUM_THREADS_PER_LOCALE"] == "1"


def container_of(here: Topology, name: str) -> Manifest:
    container: Manifest = templates(here)[name]["spec"]["containers"][0]
    return container


# Rights


def rules(here: Topology) -> set[tuple[str, str, str, tuple[str, ...]]]:
    """Group, resource, verb and names of every right."""
    return {
        (group, resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in manifests(here)["Role", "hpc-registrar"]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_a_job_that_enters_its_address_may_change_one_slice() -> None:
    assert rules(one("job")) == {("discovery.k8s.io", "endpointslices", "patch", ("hpc-job",))}


@pytest.mark.parametrize("kind", ["token", "certificate"])
def test_a_server_that_registers_itself_may_write_its_own_services(kind: str) -> None:
    """In place of cluster-admin."""
    own = ("hpc", "hpc-metrics")
    assert rules(one(kind)) == {
        ("", "services", "create", ()),
        ("", "endpoints", "create", ()),
        ("", "services", "patch", own),
        ("", "services", "delete", own),
        ("", "endpoints", "delete", own),
    }
    (subject,) = manifests(one(kind))["RoleBinding", "hpc-registrar"]["subjects"]
    expected = {"token": "ServiceAccount", "certificate": "User"}[kind]
    assert subject["kind"] == expected
    condition = manifests(one(kind))["ValidatingAdmissionPolicy", "arkouda-arkouda-hpc"]["spec"]["matchConditions"][0]
    name = {"token": "system:serviceaccount:arkouda:hpc-registrar", "certificate": "arkouda:arkouda:hpc"}[kind]
    assert condition["expression"] == f"request.userInfo.username == '{name}'"


def test_a_job_leaves_the_endpoints_of_its_slice_to_itself_and_a_fixed_address_does_not() -> None:
    from components.arkouda.objects import objects

    for kind, fields in (("job", ("endpoints",)), ("fixed", ())):
        (item,) = [item for item in objects(one(kind)) if item.key[0] == "EndpointSlice"]
        assert item.left_to_others == fields


# NetworkPolicies


def sources(here: Topology, app: str, port: int) -> list[Any]:
    """Peers that may connect to a port of a pod; None for any port."""
    ingress = manifests(here)["NetworkPolicy", app]["spec"]["ingress"]
    return [
        peer
        for rule in ingress
        if "ports" not in rule or port in [entry["port"] for entry in rule["ports"]]
        for peer in rule["from"]
    ]


def pod_of(app: str) -> Values:
    return {"podSelector": {"matchLabels": {"app": app}}}


def test_nobody_but_its_own_server_reaches_the_ssh_of_a_locale() -> None:
    """Who logs in to upstream's image is root there, by sudo without a password."""
    here = one("multi", everything=True)
    assert sources(here, "hpc-locale", names.SSH_PORT) == [pod_of("hpc"), pod_of("hpc-locale")]
    assert sources(here, "hpc", names.SSH_PORT) == [pod_of("hpc"), pod_of("hpc-locale")]


def test_clients_reach_the_client_port_and_the_exporter_alone_the_metrics() -> None:
    here = stack({**values("single", everything=True), "network": {"clientNamespaces": ["jupyter", "lab"]}})
    jupyter = {
        "namespaceSelector": {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["jupyter", "lab"]},
            ],
        },
    }  # fmt: skip
    assert sources(here, "hpc", 6555) == [{"podSelector": {}}, jupyter]
    assert sources(here, "hpc", 6556) == [pod_of("hpc-exporter")]


def test_an_exporter_reaches_its_server_and_nothing_else() -> None:
    fixed = manifests(one("fixed", everything=True))["NetworkPolicy", "hpc-exporter"]["spec"]["egress"]
    assert fixed[-1] == {
        "to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}],
        "ports": [{"protocol": "TCP", "port": 6556}],
    }
    inside = manifests(one("single", everything=True))["NetworkPolicy", "hpc-exporter"]["spec"]["egress"]
    assert inside[-1]["to"] == [pod_of("hpc")]


def test_a_mesh_that_leaves_a_server_alone_leaves_its_exporter_alone_too() -> None:
    off = {"sidecar.istio.io/inject": "false"}
    single = {**KINDS["single"][1], "metrics": {"exporter": True}, "labels": {**off, "team": "vision"}}
    metadata = templates(stack({"singleNode": [single]}))["hpc-exporter"]["metadata"]
    assert metadata["labels"] == {**off, "app": "hpc-exporter"}


# Selectors


def test_selectors_select() -> None:
    """Upstream's headless and SSH Services select a label that its pods do not have."""
    here = stack(ALL | {"singleNode": [{**KINDS["single"][1], "name": "small", "metrics": {"exporter": True}}]})
    labels = {name: template["metadata"]["labels"] for name, template in templates(here).items()}
    for (kind, name), item in manifests(here).items():
        spec = item.get("spec", {})
        if kind == "Service" and "selector" in spec:
            assert [app for app, own in labels.items() if spec["selector"].items() <= own.items()] != [], name
        if kind in {"Deployment", "StatefulSet", "PodDisruptionBudget"}:
            wanted = spec["selector"]["matchLabels"]
            assert [app for app, own in labels.items() if wanted.items() <= own.items()] == [name]


def test_the_exporter_gets_the_variables_that_it_reads() -> None:
    """Upstream's chart sets others, so every instance reports as arkouda-metrics every 5 seconds."""
    variables = {
        item["name"]: item["value"] for item in container_of(one("token", everything=True), "hpc-exporter")["env"]
    }
    assert (
        variables.items()
        >= {
            "ARKOUDA_METRICS_SERVICE_HOST": "hpc-metrics.arkouda",
            "ARKOUDA_METRICS_SERVICE_PORT": "6556",
            "ARKOUDA_METRICS_SERVER_NAME": "hpc",
            "METRICS_POLLING_INTERVAL": "60",
            "METRICS_SCRAPE_PORT": "5080",
        }.items()
    )


# Secrets


@EVERY_KIND
def test_no_token_is_in_anything_but_its_secret_and_its_output(kind: str) -> None:
    given = values(kind, everything=True)
    files, outputs = render(load_stack("lab", {"kubernetes": {"context": "lab"}, "arkouda": given}, set()))
    token = "<arkouda-hpc-token-2 result>"
    holders = {name for name, text in files.items() if token in text}
    assert holders == ({"secret-hpc-token.yaml"} if kind in INSIDE_KUBERNETES else set())
    assert token in outputs["arkoudaFiles"]["hpc"]["connect.py"]
    assert token not in str(outputs["arkouda"])
    for text in files.values():
        assert yaml.safe_load(text)["kind"] == "Secret" or "PRIVATE KEY" not in text


def test_the_program_registers_the_pure_manifests() -> None:
    files, _ = render(load_stack("lab", {"kubernetes": {"context": "lab"}, "arkouda": ALL}, set()))
    rendered = [yaml.safe_load(text) for text in files.values()]
    found = {(item["kind"], item["metadata"]["name"]): item.get("spec") for item in rendered}
    pure = {key: item.get("spec") for key, item in manifests(stack(ALL)).items()}
    assert found == pure


@EVERY_KIND
def test_the_same_settings_give_the_same_bytes(kind: str) -> None:
    assert str(manifests(one(kind, everything=True))) == str(manifests(one(kind, everything=True)))
