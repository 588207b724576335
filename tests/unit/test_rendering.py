"""The program registers exactly the manifests that the pure functions make, in every mode."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from components.shared.passwords import fingerprints
from components.stack import load_stack
from ops.render import render
from tests.schemas import NEWEST, problems
from tests.unit.clusters import EVERYTHING, MODES, in_mode, manifests, mode_values

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES
BY_THE_ENGINE = ("pulumi.com/",)
BY_THE_STACK = {"app.kubernetes.io/managed-by": "pulumi", "clusters.pulumi/stack": "lab"}


@cache
def rendered(mode: str, *, everything: bool = False) -> dict[tuple[str, str], dict[str, Any]]:
    matlab = mode_values(mode, EVERYTHING if everything else {})
    values = {"kubernetes": {"context": "lab"}, "matlab": matlab}
    files, _ = render(load_stack("lab", values, {"matlab"}))
    items = [yaml.safe_load(text) for text in files.values()]
    return {(item["kind"], item["metadata"]["name"]): item for item in items}


def without_the_stacks_own(item: dict[str, Any]) -> dict[str, Any]:
    metadata = dict(item["metadata"])
    labels = {key: value for key, value in metadata.pop("labels", {}).items() if key not in BY_THE_STACK}
    annotations = {
        key: value for key, value in metadata.pop("annotations", {}).items() if not key.startswith(BY_THE_ENGINE)
    }
    metadata |= {"labels": labels} if labels else {}
    metadata |= {"annotations": annotations} if annotations else {}
    return {**item, "metadata": metadata}


@pytest.mark.parametrize("everything", [False, True], ids=["smallest", "everything"])
@pytest.mark.parametrize("mode", MODES)
def test_the_program_registers_the_pure_manifests_and_secrets(mode: str, everything: bool) -> None:
    found = rendered(mode, everything=everything)
    pure = manifests(in_mode(mode, EVERYTHING if everything else {}), fingerprints("mjs"))
    plain = {key: without_the_stacks_own(item) for key, item in found.items() if key[0] != "Secret"}
    assert plain == {key: without_the_stacks_own(item) for key, item in pure.items()}
    for item in found.values():
        assert BY_THE_STACK.items() <= item["metadata"]["labels"].items()


COMMON = {
    "mjs-admin-password",
    "mjs-cluster-profile",
    "mjs-parallel-server-proxy-secret",
    "mjs-shared-secret",
    "mjs-worker-user",
}


@pytest.mark.parametrize(
    ("mode", "secrets"),
    [
        (NO_PROXY, COMMON),
        (LEGACY, COMMON),
        (BACKWARDS, COMMON | {"mjs-pre26a-cluster-profile"}),
        (NEW, COMMON),
        (NEW_MULTI, COMMON | {"mjs-metrics-secret", "mjs-metrics-client-certs"}),
    ],
)
def test_the_stack_owns_the_secrets_of_the_mode(mode: str, secrets: set[str]) -> None:
    """The controller finds them, so a profile outlives it (B6, B7, B8 cannot happen)."""
    found = rendered(mode)
    assert {name for kind, name in found if kind == "Secret"} == secrets
    keys = {name: set(item["stringData"]) for (kind, name), item in found.items() if kind == "Secret"}
    assert keys["mjs-shared-secret"] == {"secret.json", "certificate.json"}
    assert keys["mjs-parallel-server-proxy-secret"] == {"certificate.json"}
    assert keys["mjs-cluster-profile"] == {"profile"}
    if mode == NEW_MULTI:
        assert keys["mjs-metrics-secret"] == {"ca.crt", "jobmanager.crt", "jobmanager.key"}
        assert keys["mjs-metrics-client-certs"] == {"ca.crt", "prometheus.crt", "prometheus.key"}


CONTROLLER = {
    ("ServiceAccount", "mjs-controller-serviceaccount"),
    ("Role", "mjs-controller-role"),
    ("RoleBinding", "mjs-controller-rolebinding"),
    ("ConfigMap", "mjs-controller-config"),
    ("Deployment", "mjs-controller"),
}
JOB_MANAGER = {(kind, "mjs-job-manager") for kind in ("Deployment", "Service")} | {
    ("ConfigMap", "mjs-job-manager-config")
}
WORKERS = {("ConfigMap", "mjs-worker-config"), ("ConfigMap", "mjs-worker-template"), ("Service", "mjs-workers")}
LOAD_BALANCER = {("Service", "mjs-ingress-proxy")}
HAPROXY = {("ConfigMap", "mjs-ingress-proxy-config"), ("Deployment", "mjs-ingress-proxy")}
SOCKS = {("Deployment", "mjs-parallel-server-proxy"), ("Service", "mjs-parallel-server-proxy")}
POOL = {("ConfigMap", "mjs-pool-proxy-template"), ("Service", "mjs-pool-proxy-1"), ("Service", "mjs-pool-proxy-2")}
EVERY_MODE = CONTROLLER | JOB_MANAGER | WORKERS


@pytest.mark.parametrize(
    ("mode", "upstream"),
    [
        (NO_PROXY, EVERY_MODE),
        (LEGACY, EVERY_MODE | LOAD_BALANCER | HAPROXY | POOL),
        (BACKWARDS, EVERY_MODE | LOAD_BALANCER | HAPROXY | POOL | SOCKS),
        (NEW, EVERY_MODE | LOAD_BALANCER | {("Deployment", "mjs-ingress-proxy")}),
        (NEW_MULTI, EVERY_MODE | LOAD_BALANCER | HAPROXY | SOCKS),
    ],
)
def test_each_mode_has_upstreams_objects(mode: str, upstream: set[tuple[str, str]]) -> None:
    """Upstream's chart makes 11, 15+N, 17+N, 13 and 16 of them."""
    kinds = {"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Deployment", "Service"}
    assert {key for key in manifests(in_mode(mode)) if key[0] in kinds} == upstream
    assert len(upstream) == {NO_PROXY: 11, LEGACY: 15 + 2, BACKWARDS: 17 + 2, NEW: 13, NEW_MULTI: 16}[mode]


@pytest.mark.parametrize("mode", MODES)
def test_selectors_are_upstreams_and_never_change(mode: str) -> None:
    """They are immutable, and they make a live Helm release adoptable."""
    for settings in ({}, EVERYTHING):
        for (kind, name), item in manifests(in_mode(mode, settings)).items():
            if kind == "Deployment":
                assert item["spec"]["selector"] == {"matchLabels": {"app": name}}
            if kind == "Service":
                number = name.removeprefix("mjs-pool-proxy-")
                pool = {"app": "mjs-pool-proxy", "mjs/pool-proxy-id": number}
                plain = {"app": "mjs-worker" if name == "mjs-workers" else name}
                assert item["spec"]["selector"] == (pool if number != name else plain)


@pytest.mark.parametrize("mode", MODES)
def test_every_service_keeps_port_and_target_port_equal(mode: str) -> None:
    """The controller exits on a load balancer where they differ."""
    for (kind, _), item in manifests(in_mode(mode, EVERYTHING)).items():
        for port in item["spec"].get("ports", []) if kind == "Service" else []:
            assert port["port"] == port["targetPort"]
            assert isinstance(port["port"], int)


def test_the_schemas_find_an_unknown_field() -> None:
    """Otherwise every test of validity would pass for the wrong reason."""
    item = manifests(in_mode(NEW))["Deployment", "mjs-controller"]
    assert problems(item, NEWEST) == []
    item["spec"]["template"]["spec"]["containers"][0]["argz"] = []
    assert problems(item, NEWEST) != []
