"""Pod Security: every pod meets the restricted profile, but for exceptions that stand here and in security.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.matlab.topology import Topology
from components.shared.namespace import namespace
from tests.unit.clusters import EVERYTHING, MODES, cluster, in_mode, manifests

BASELINE_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
"""What level baseline lets a container add (kubernetes.io/docs/concepts/security/pod-security-standards)."""
RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
EXCEPTIONS = {
    # MJS starts as root to run MATLAB as the worker user.
    "mjs-worker": {"root", "capabilities", "writable root"},
    # The image is closed, and its user unknown.
    "mjs-pool-proxy": {"root", "capabilities", "writable root"},
    # MJS and Java write outside the volumes.
    "mjs-job-manager": {"writable root"},
}


def pods(here: Topology) -> dict[str, dict[str, Any]]:
    """Every pod template of a cluster, by its `app` label, and the pods that the controller makes of templates."""
    found: dict[str, dict[str, Any]] = {}
    for (kind, name), item in manifests(here).items():
        if kind == "Deployment":
            found[item["spec"]["template"]["metadata"]["labels"]["app"]] = item["spec"]["template"]
        if kind == "ConfigMap" and name.endswith("-template"):
            parsed = yaml.safe_load(item["data"]["pod-template.yaml"])
            found[parsed["metadata"]["labels"]["app"]] = parsed
    return found


def breaches(template: dict[str, Any]) -> Iterator[str]:
    """What the restricted profile says against a pod, and a root file system that can be written."""
    spec = template["spec"]
    whole = spec.get("securityContext", {})
    if any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host namespaces"
    for volume in spec.get("volumes", []):
        if not (set(volume) - {"name"}) <= RESTRICTED_VOLUMES:
            yield "volumes"
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        yield from _of_container(container, whole)


def _of_container(container: dict[str, Any], whole: dict[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    merged, capabilities = {**whole, **own}, own.get("capabilities", {})
    added = set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}
    rules = {
        "privileges": not own.get("privileged") and own.get("allowPrivilegeEscalation") is False,
        "root": merged.get("runAsNonRoot") is True and merged.get("runAsUser") != 0,
        "seccomp": merged.get("seccompProfile") == {"type": "RuntimeDefault"},
        "capabilities": "ALL" in capabilities.get("drop", []) and not added,
        "writable root": own.get("readOnlyRootFilesystem") is True,
        "host ports": not any("hostPort" in port for port in container.get("ports", [])),
    }
    yield from (name for name, kept in rules.items() if not kept)


@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["smallest", "everything"])
@pytest.mark.parametrize("mode", MODES)
def test_every_pod_is_restricted_but_for_the_exceptions(mode: str, settings: dict[str, Any]) -> None:
    found = pods(in_mode(mode, settings))
    assert {"mjs-controller", "mjs-job-manager", "mjs-worker"} <= set(found)
    for app, template in found.items():
        assert set(breaches(template)) == EXCEPTIONS.get(app, set()), app


@pytest.mark.parametrize("mode", MODES)
def test_every_pod_fits_the_level_that_its_namespace_enforces(mode: str) -> None:
    """Otherwise the API server refuses the pod, and the Deployment waits until `up` gives up."""
    here = in_mode(mode)
    assert namespace(here.settings.namespace)["metadata"]["labels"] == {
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    for template in pods(in_mode(mode, EVERYTHING, {"jobManager": {"userID": 0, "groupID": 0}})).values():
        assert not {"host namespaces", "volumes", "privileges", "host ports"} & set(breaches(template))
        for container in template["spec"]["containers"]:
            assert set(container["securityContext"]["capabilities"].get("add", [])) <= BASELINE_CAPABILITIES


@pytest.mark.parametrize("mode", MODES)
def test_only_the_controller_has_a_token_of_the_cluster(mode: str) -> None:
    """B36: upstream mounts the default account's token everywhere, so users' code on workers can speak to the API."""
    for app, template in pods(in_mode(mode)).items():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is (app == "mjs-controller")
        assert ("serviceAccountName" in spec) is (app == "mjs-controller")


def test_a_job_manager_that_is_root_can_write_volumes_of_others() -> None:
    """Root without capabilities is a user like any other."""
    template = pods(cluster({"jobManager": {"userID": 0, "groupID": 0}}))["mjs-job-manager"]
    assert set(breaches(template)) == {"root", "capabilities", "writable root"}
    assert template["spec"]["securityContext"]["runAsUser"] == 0


def test_the_job_managers_group_owns_its_volumes() -> None:
    """It must be able to write the checkpoint and log volumes."""
    context = pods(cluster({"jobManager": {"userID": 1234, "groupID": 5678}}))["mjs-job-manager"]["spec"][
        "securityContext"
    ]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1234, 5678, 5678)


@pytest.mark.parametrize("mode", MODES)
def test_no_file_of_a_secret_can_be_written_by_group_or_others(mode: str) -> None:
    """B1."""
    for template in pods(in_mode(mode, EVERYTHING)).values():
        for volume in template["spec"].get("volumes", []):
            if "secret" in volume:
                assert volume["secret"]["defaultMode"] & 0o333 == 0
