"""The job manager's pod, definitions and Service."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from components.matlab import job_manager
from components.matlab.topology import Topology
from tests.pem import pair
from tests.unit.clusters import LDAP, LDAPS, cluster


def pod(here: Topology) -> dict[str, Any]:
    found: dict[str, Any] = job_manager.deployment(here, "mark")["spec"]["template"]
    return found


def definitions(here: Topology) -> dict[str, str]:
    lines = job_manager.configuration(here)["data"]["mjs_def.sh"].splitlines()
    return {name: "".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines)}


DEFAULTS = {
    "BASE_PORT": "27350",
    "CHECKPOINTBASE": "/tmp/checkpoint",  # noqa: S108 - upstream's
    "PIDBASE": "/tmp/pid",  # noqa: S108
    "USE_SECURE_COMMUNICATION": "true",
    "REQUIRE_CLIENT_CERTIFICATE": "true",
    "REQUIRE_SCRIPT_VERIFICATION": "true",
    "SECURITY_LEVEL": "2",
    "SHARED_SECRET_FILE": "/mjs/secret/secret.json",
    "USE_ONLINE_LICENSING": "false",
    "MAX_LINUX_WORKERS": "40",
    "ADMIN_USER": "admin",
    "EXPORT_METRICS": "false",
    "METRICS_PORT": "8001",
    "USE_SECURE_METRICS": "true",
    "METRICS_CA_FILE": "/mjs/metrics/ca.crt",
    "METRICS_CERT_FILE": "/mjs/metrics/jobmanager.crt",
    "METRICS_KEY_FILE": "/mjs/metrics/jobmanager.key",
    "MJS_ADDITIONAL_SUPPORTED_RELEASES": "",
}


def test_the_definitions_are_upstreams() -> None:
    """docs/upstream.md#scripts."""
    assert definitions(cluster()) == DEFAULTS


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"additionalSupportedReleases": ["r2024b", "r2025b"]}, {"MJS_ADDITIONAL_SUPPORTED_RELEASES": "R2024b,R2025b"}),
        ({"installation": {"javaClaim": "java"}}, {"MJS_JAVA": "/usr/local/share/matlab/mjs/java"}),
        (
            LDAP,
            {
                "USE_LDAP_SERVER_AUTHENTICATION": "true",
                "LDAP_URL": "ldap://ldap.example.org:389",
                "LDAP_SECURITY_PRINCIPAL_FORMAT": "[username]@example.org",
                "LDAP_SYNCHRONIZATION_INTERVAL_SECS": "1800",
            },
        ),
        ({"workers": {"max": 0}, "security": {"level": 0}}, {"MAX_LINUX_WORKERS": "0", "SECURITY_LEVEL": "0"}),
    ],
)
def test_settings_reach_their_definitions_and_no_other(settings: dict[str, Any], changed: dict[str, str]) -> None:
    assert definitions(cluster(settings)) == DEFAULTS | changed


def test_additional_releases_are_told_from_r2026a_on() -> None:
    """Older job managers do not know the variable."""
    assert "MJS_ADDITIONAL_SUPPORTED_RELEASES" not in definitions(cluster({"release": "r2025b"}))


def volumes(here: Topology) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Source and mount of each volume, by mount path."""
    spec = pod(here)["spec"]
    sources = {volume["name"]: volume for volume in spec["volumes"]}
    return {mount["mountPath"]: (sources[mount["name"]], mount) for mount in spec["containers"][0]["volumeMounts"]}


@pytest.mark.parametrize(
    ("settings", "path", "source", "read_only"),
    [
        ({}, "/mjs/config", {"configMap": {"name": "mjs-job-manager-config"}}, True),
        ({}, "/mjs/log", {"persistentVolumeClaim": {"claimName": "mjs-log"}}, False),
        ({}, "/mjs/database", {"persistentVolumeClaim": {"claimName": "mjs-checkpoint"}}, False),
        ({}, "/mjs/secret", {"secret": {"secretName": "mjs-shared-secret", "defaultMode": 0o440}}, True),
        (
            {"storage": {"checkpoint": {"claim": "old"}}},
            "/mjs/database",
            {"persistentVolumeClaim": {"claimName": "old"}},
            False,
        ),
        ({"storage": {"log": {"persistent": False}}}, "/mjs/log", {"emptyDir": {}}, False),
        (
            {"installation": {"claim": "matlab", "jobManagerUsesClaim": True}},
            "/opt/matlab",
            {"persistentVolumeClaim": {"claimName": "matlab", "readOnly": True}},
            True,
        ),
        (
            {"metrics": {"export": True}},
            "/mjs/metrics",
            {"secret": {"secretName": "mjs-metrics-secret", "defaultMode": 0o440}},
            True,
        ),
        (
            LDAPS,
            "/mjs/ldap",
            {"secret": {"secretName": "mjs-ldap-secret", "defaultMode": 0o440}},
            True,
        ),
    ],
)
def test_each_volume_has_its_place(
    settings: dict[str, Any], path: str, source: dict[str, Any], read_only: bool
) -> None:
    """B13: without a log claim there is still a folder to log to."""
    found, mount = volumes(cluster(settings))[path]
    assert {key: value for key, value in found.items() if key != "name"} == source
    assert mount.get("readOnly", False) is read_only


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"installation": {"claim": "matlab"}}, "/opt/matlab"),
        ({"metrics": {"export": True, "useSecure": False}}, "/mjs/metrics"),
        (LDAP, "/mjs/ldap"),
        ({}, "/opt/additionalmatlab/older"),
    ],
)
def test_what_the_job_manager_does_not_need_is_not_mounted(settings: dict[str, Any], path: str) -> None:
    assert path not in volumes(cluster(settings))


@pytest.mark.parametrize(("level", "asked"), [(0, False), (1, False), (2, True)])
def test_the_admin_password_comes_from_its_secret_at_level_2(level: int, asked: bool) -> None:
    """docs/upstream.md#ldap."""
    variables = pod(cluster({"security": {"level": level}}))["spec"]["containers"][0]["env"]
    reference = {"secretKeyRef": {"name": "mjs-admin-password", "key": "password"}}
    wanted = {"name": "PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD", "valueFrom": reference}
    assert (wanted in variables) is asked


def test_the_job_manager_has_time_to_write_its_database() -> None:
    """B27: upstream leaves the default of 30 seconds, although its stop hook may wait for the start to finish."""
    spec = pod(cluster())["spec"]
    assert spec["terminationGracePeriodSeconds"] == 120
    settings = job_manager.configuration(cluster())["data"]["settings.sh"].splitlines()
    assert "CLUSTER_STOP_WAIT=110" in settings


def test_two_job_managers_never_share_a_database() -> None:
    spec = job_manager.deployment(cluster(), "mark")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_probes_leave_the_start_the_time_that_is_set() -> None:
    """Upstream's 60 tries, and the grace period of a job manager that still holds the database."""
    container = pod(cluster({"probes": {"livenessTimeout": 45}}))["spec"]["containers"][0]
    start, live = container["startupProbe"], container["livenessProbe"]
    assert (start["initialDelaySeconds"], start["periodSeconds"], start["failureThreshold"]) == (5, 1, 60 + 120)
    assert (live["initialDelaySeconds"], live["periodSeconds"], live["failureThreshold"]) == (300, 300, 3)
    assert start["timeoutSeconds"] == live["timeoutSeconds"] == 45
    settings = job_manager.configuration(cluster({"probes": {"livenessTimeout": 45}}))["data"]["settings.sh"]
    assert "CLUSTER_HEALTH_TIMEOUT=45\n" in settings


@pytest.mark.parametrize("exported", [True, False])
def test_the_service_has_ten_ports_and_the_metrics_when_exported(exported: bool) -> None:
    """docs/upstream.md#ports."""
    ports = job_manager.service(cluster({"metrics": {"export": exported}}))["spec"]["ports"]
    names = [f"tcp-{number}" for number in range(27350, 27360)]
    assert [port["name"] for port in ports] == [*names, *(["metrics-8001"] if exported else [])]
    assert {(port["protocol"], port["appProtocol"]) for port in ports} == {("TCP", "TCP")}


def annotations(settings: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = pod(cluster(settings))["metadata"]["annotations"]
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"security": {"credentialsGeneration": 2}}),
        ({}, {"security": {"adminUser": "root"}}),
        (
            LDAPS,
            {**LDAPS, "ldap": {**LDAPS["ldap"], "certificate": pair("another").certificate}},
        ),
        ({"metrics": {"export": True}}, {"metrics": {"export": True, "bringOwnCertificates": True}}),
        ({"metrics": {"export": True}}, {"metrics": {"export": True}, "network": {"clusterDomain": "k8s.lab"}}),
    ],
)
def test_the_job_manager_starts_anew_when_what_it_read_at_start_changes(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """MJS reads certificates and definitions once; a Secret that changes under it changes nothing."""
    assert annotations(before) != annotations(after)
