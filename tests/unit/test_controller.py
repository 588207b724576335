"""What the controller of chart 2.1.1 demands of its configuration, rights and Deployment (facts §3.2, §3.3, §4)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.matlab.manifests import controller
from components.matlab.topology import Topology
from tests.unit.clusters import MODES, cluster, in_mode

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES

TOP = {
    "IdleStop": 300,
    "LocalDebugMode": False,
    "LogFile": "",
    "LogLevel": 0,
    "JobManagerName": "MJS_Kubernetes",
    "JobManagerWaitPeriod": 1,
    "KubeConfig": "",
    "KubernetesTimeoutSecs": 60,
    "MatlabRootFile": "/tmp/matlab_root",  # noqa: S108 - upstream's
    "MinWorkers": 0,
    "Period": 15,
    "PreserveSecrets": False,
    "ResizePath": "toolbox/parallel/bin/resize",
}
NETWORK = {
    "BasePort": 27350,
    "ClusterDomain": "cluster.local",
    "ClusterHost": "",
    "InternalClientsOnly": False,
    "JobManagerPort": 27359,
    "LookupPort": 27356,
    "MaxWorkers": 40,
    "Namespace": "mjs",
    "OpenMetricsPortOutsideKubernetes": False,
    "ParallelServerProxyPort": 1080,
    "ParallelServerProxyUseMutualTLS": True,
    "PoolProxyBasePort": 30000,
    "RequireClientCertificate": True,
    "RequireScriptVerification": True,
    "SecurityLevel": 2,
    "WorkersPerPoolProxy": 32,
    "UsePoolProxy": False,
    "UseParallelServerProxy": True,
    "UseSecureCommunication": True,
    "UseSecureMetrics": False,
}
RESOURCE_NAMES = {
    "CertificateFile": "certificate.json",
    "ClientMetricsSecret": "mjs-metrics-client-certs",
    "ClientMetricsCertFile": "prometheus.crt",
    "ClientMetricsKeyFile": "prometheus.key",
    "Controller": "mjs-controller",
    "JobManagerContainer": "mjs-job-manager",
    "JobManagerLabel": "app=mjs-job-manager",
    "JobManagerService": "mjs-job-manager",
    "LoadBalancer": "mjs-ingress-proxy",
    "MetricsSecret": "mjs-metrics-secret",
    "MetricsCaCertFile": "ca.crt",
    "MetricsCertFile": "jobmanager.crt",
    "MetricsKeyFile": "jobmanager.key",
    "ParallelServerProxySecret": "mjs-parallel-server-proxy-secret",
    "PoolProxyLabel": "app=mjs-pool-proxy",
    "PoolProxyTemplate": "mjs-pool-proxy-template",
    "ProfileKey": "profile",
    "ProfileSecret": "mjs-cluster-profile",
    "ProfileSecretPre26a": "mjs-pre26a-cluster-profile",
    "SharedSecret": "mjs-shared-secret",
    "SharedSecretDir": "/mjs/secret",
    "SharedSecretFile": "secret.json",
    "TemplateFile": "pod-template.yaml",
    "WorkerLabel": "app=mjs-worker",
    "WorkerTemplate": "mjs-worker-template",
}
ANNOTATION_KEYS = {
    "CertVolume": "mjs/cert-volume",
    "LogDir": "mjs/log-dir",
    "PoolProxyBasePort": "mjs/pool-proxy-base-port",
    "PoolProxyID": "mjs/pool-proxy-id",
    "PoolProxyPrefix": "mjs/pool-proxy-prefix",
    "SecretName": "mjs/secret-name",
    "TemplateChecksum": "checksum/template",
    "UsePoolProxy": "mjs/use-pool-proxy",
    "UseSecureCommunication": "mjs/use-secure-communication",
    "WorkerDomain": "mjs/worker-domain",
    "WorkerID": "mjs/worker-id",
    "WorkerName": "mjs/worker-name",
    "WorkerPrefix": "mjs/worker-prefix",
    "WorkersPerPoolProxy": "mjs/workers-per-pool-proxy",
}
DEFAULTS = {**TOP, "Network": NETWORK, "ResourceNames": RESOURCE_NAMES, "AnnotationKeys": ANNOTATION_KEYS}
"""What chart 2.1.1 writes for the default settings (facts §4.1), but for LogFile: standard output instead (B13)."""


def config(here: Topology) -> dict[str, Any]:
    """The document as the controller's JSON decoder sees it."""
    document: dict[str, Any] = json.loads(controller.configuration(here)["data"]["config.json"])
    return document


def leaves(document: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in document.items():
        flat |= {f"{key}.{inner}": it for inner, it in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def test_the_defaults_are_upstreams_to_the_field() -> None:
    """B13: LogFile always pointed into a volume; it is empty here, so the controller logs to its standard output."""
    assert config(cluster()) == DEFAULTS


@pytest.mark.parametrize("mode", MODES)
def test_config_json_has_exactly_72_fields_of_the_right_types(mode: str) -> None:
    """The decoder forbids unknown fields, makes missing ones zero (Period 0 panics), and takes no 1.0 for 1."""
    wanted, found = leaves(DEFAULTS), leaves(config(in_mode(mode)))
    assert len(found) == 72
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in wanted.items()}


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        (
            {"workers": {"idleStop": 0, "autoScalingPeriod": 30, "min": 3}},
            {"IdleStop": 0, "Period": 30, "MinWorkers": 3},
        ),
        ({"logLevel": 6, "probes": {"startupPeriod": 2}}, {"LogLevel": 6, "JobManagerWaitPeriod": 2}),
        ({"jobManager": {"name": 'Ada\'s "big" $cluster'}}, {"JobManagerName": 'Ada\'s "big" $cluster'}),
        (
            {"network": {"basePort": 20000, "clusterDomain": "k8s.lab", "clusterHost": "192.0.2.7"}},
            {
                "Network.BasePort": 20000,
                "Network.LookupPort": 20006,
                "Network.JobManagerPort": 20009,
                "Network.ClusterDomain": "k8s.lab",
                "Network.ClusterHost": "192.0.2.7",
            },
        ),
        ({"release": "r2026b"}, {"Network.JobManagerPort": 27357}),
        ({"namespace": {"name": "team-a"}}, {"Network.Namespace": "team-a"}),
        (
            {"release": "r2025a", "poolProxy": {"basePort": 31000, "workersPerPoolProxy": 8}},
            {
                "Network.UsePoolProxy": True,
                "Network.UseParallelServerProxy": False,
                "Network.PoolProxyBasePort": 31000,
                "Network.WorkersPerPoolProxy": 8,
            },
        ),
        ({"additionalSupportedReleases": ["r2025b"]}, {"Network.UsePoolProxy": True}),
        (
            {"network": {"internalClientsOnly": True}},
            {"Network.InternalClientsOnly": True, "Network.UseParallelServerProxy": False},
        ),
        (
            {
                "security": {
                    "level": 0,
                    "useSecureCommunication": False,
                    "requireClientCertificate": False,
                    "requireScriptVerification": False,
                }
            },
            {
                "Network.SecurityLevel": 0,
                "Network.UseSecureCommunication": False,
                "Network.RequireClientCertificate": False,
                "Network.RequireScriptVerification": False,
            },
        ),
        (
            {
                "parallelServerProxy": {"port": 1081, "useMutualTLS": False},
                "network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}},
            },
            {"Network.ParallelServerProxyPort": 1081, "Network.ParallelServerProxyUseMutualTLS": False},
        ),
        ({"metrics": {"export": True}}, {"Network.UseSecureMetrics": True}),
        ({"metrics": {"export": True, "useSecure": False}}, {}),
        (
            {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
            {"Network.UseSecureMetrics": True, "Network.OpenMetricsPortOutsideKubernetes": True},
        ),
    ],
)
def test_each_setting_reaches_its_field_and_no_other(settings: dict[str, Any], fields: dict[str, Any]) -> None:
    assert leaves(config(cluster(settings))) == leaves(DEFAULTS) | fields


# Rights (facts §4.9)

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


def rights(here: Topology) -> set[tuple[str, str, str, str]]:
    return {
        (verb, group, resource, name)
        for rule in controller.role(here)["rules"]
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
    """B30: upstream's role lets the controller read and delete every Secret and Service of the namespace."""
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


def test_the_binding_names_its_account_with_the_namespace() -> None:
    """Facts §3.2: upstream leaves the namespace to the authorizer's guess."""
    binding = controller.role_binding(cluster({"namespace": {"name": "team-a"}}))
    account = {"kind": "ServiceAccount", "name": "mjs-controller-serviceaccount", "namespace": "team-a"}
    assert binding["subjects"] == [account]
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "mjs-controller-role",
    }


def test_two_controllers_never_run_at_once() -> None:
    """It has no leader election (facts §4.0)."""
    spec = controller.deployment(cluster())["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"] == {"matchLabels": {"app": "mjs-controller"}}


def test_the_controller_starts_anew_when_its_configuration_or_the_credentials_change() -> None:
    """Facts §4.2: everything is read at start only."""

    def template(settings: dict[str, Any]) -> Any:
        return controller.deployment(cluster(settings))["spec"]["template"]

    assert template({"workers": {"idleStop": 60}}) != template({})
    assert template({"security": {"credentialsGeneration": 2}}) != template({})
    assert template({"ldap": {"url": "ldap://ldap.example.org:389"}}) == template({})
