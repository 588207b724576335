"""What the controller demands of its configuration, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.matlab import controller
from components.matlab.topology import Topology
from tests.unit.clusters import LDAP, MODES, cluster, in_mode

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES


def config(here: Topology) -> dict[str, Any]:
    """The document as the controller's JSON decoder sees it."""
    document: dict[str, Any] = json.loads(controller.configuration(here)["data"]["config.json"])
    return document


@pytest.mark.parametrize("mode", MODES)
def test_config_json_has_the_72_fields_that_the_controller_knows_in_every_mode(mode: str) -> None:
    """The decoder forbids unknown fields, makes missing ones zero (Period 0 panics), and takes no 1.0 for 1."""

    def shape(value: Any) -> Any:
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else type(value)

    document = config(in_mode(mode))
    assert sum(len(item) if isinstance(item, dict) else 1 for item in document.values()) == 72
    assert shape(document) == shape(config(cluster()))


def test_the_controller_logs_to_its_standard_output() -> None:
    """Upstream's LogFile is in a volume that has to be shared with the node of the job manager."""
    assert config(cluster())["LogFile"] == ""


@pytest.mark.parametrize(("release", "port"), [("r2024b", 27359), ("r2026a", 27359), ("r2026b", 27357)])
def test_the_port_of_the_job_manager_follows_the_release(release: str, port: int) -> None:
    assert config(cluster({"release": release}))["Network"]["JobManagerPort"] == port


ALWAYS = {
    ("list", "", "pods", "*"),
    ("create", "", "pods", "*"),
    ("delete", "", "pods", "*"),
    ("create", "", "pods/exec", "*"),
    ("get", "", "configmaps", "mjs-worker-template"),
    ("get", "", "configmaps", "mjs-pool-proxy-template"),
    ("get", "", "secrets", "mjs-shared-secret"),
    ("get", "", "secrets", "mjs-metrics-secret"),
    ("get", "", "secrets", "mjs-metrics-client-certs"),
    ("get", "", "secrets", "mjs-parallel-server-proxy-secret"),
    ("get", "", "secrets", "mjs-cluster-profile"),
    ("get", "", "secrets", "mjs-pre26a-cluster-profile"),
    ("update", "", "secrets", "mjs-cluster-profile"),
    ("update", "", "secrets", "mjs-pre26a-cluster-profile"),
    ("get", "apps", "deployments", "mjs-controller"),
    ("list", "apps", "deployments", "*"),
    # Pool proxies of a mode that was left are removed, each secret first.
    *((verb, "", "secrets", f"mjs-pool-proxy-{index}") for verb in ("get", "delete") for index in (1, 2)),
    *(("delete", "apps", "deployments", f"mjs-pool-proxy-{index}") for index in (1, 2)),
}
LOAD_BALANCER = {("get", "", "services", "mjs-ingress-proxy")}
POOL_PROXIES = {
    ("create", "", "secrets", "*"),
    ("create", "apps", "deployments", "*"),
    *(("update", "apps", "deployments", f"mjs-pool-proxy-{index}") for index in (1, 2)),
}


def rights(here: Topology, surplus: Sequence[str] = ()) -> set[tuple[str, str, str, str]]:
    return {
        (verb, group, resource, name)
        for rule in controller.role(here, surplus)["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", ["*"])
    }


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        (NO_PROXY, set()),
        (LEGACY, LOAD_BALANCER | POOL_PROXIES),
        (BACKWARDS, LOAD_BALANCER | POOL_PROXIES),
        (NEW, LOAD_BALANCER),
        (NEW_MULTI, LOAD_BALANCER),
    ],
)
def test_the_controller_may_do_what_it_does_and_nothing_else(mode: str, more: set[tuple[str, ...]]) -> None:
    """Upstream's role lets the controller read and delete every Secret and Service of the namespace."""
    assert rights(in_mode(mode)) == ALWAYS | more


def test_names_limit_no_verb_that_rbac_cannot_limit() -> None:
    """`create` and `list` with resourceNames allow nothing: the API server does not know the name yet."""
    for mode in MODES:
        for rule in controller.role(in_mode(mode))["rules"]:
            assert not ({"create", "list", "watch"} & set(rule["verbs"]) and "resourceNames" in rule)
            assert rule.get("resourceNames") != []


def test_without_workers_there_are_no_rights_on_pool_proxies() -> None:
    """An empty list of names would mean all names."""
    here = in_mode(LEGACY, {"workers": {"max": 0}})
    assert not any("pool-proxy-1" in name for *_, name in rights(here))
    assert ("update", "apps", "deployments", "*") not in rights(here)
    assert ("delete", "", "secrets", "*") not in rights(here)


def test_the_controller_may_remove_the_pool_proxies_that_it_no_longer_needs() -> None:
    """After `workers.max` 40 → 30 the controller met 403 in every period, and mjs-pool-proxy-2 stayed."""
    here = in_mode(LEGACY, {"workers": {"max": 30}})
    assert not any("mjs-pool-proxy-2" in name for *_, name in rights(here))
    granted = rights(here, surplus=["mjs-pool-proxy-2"])
    removal = {
        ("get", "", "secrets", "mjs-pool-proxy-2"),
        ("delete", "", "secrets", "mjs-pool-proxy-2"),
        ("delete", "apps", "deployments", "mjs-pool-proxy-2"),
    }
    assert removal <= granted


def test_two_controllers_never_run_at_once() -> None:
    """It has no leader election."""
    spec = controller.deployment(cluster())["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"] == {"matchLabels": {"app": "mjs-controller"}}


def test_the_controller_starts_anew_when_its_configuration_or_the_credentials_change() -> None:
    """Everything is read at start only."""

    def template(settings: dict[str, Any]) -> Any:
        return controller.deployment(cluster(settings))["spec"]["template"]

    assert template({"workers": {"idleStop": 60}}) != template({})
    assert template({"security": {"credentialsGeneration": 2}}) != template({})
    assert template(LDAP) == template({})
