"""Hazards of chart 2.1.1 that cannot happen here, and the page that accounts for every one of them.

Those of scripts, shell values, ports and volumes are held by the tests of their own parts; docs/hazards.md names each.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.matlab import names
from components.matlab.preflight import concerns, objections
from components.matlab.topology import Topology
from components.shared.inventory import Inventory
from components.shared.manifest import owned_by
from components.shared.mistakes import ConfigError, Mistake
from components.shared.state import State
from components.shared.survey import Survey
from tests.conftest import PROJECT
from tests.unit.upstream_objects import field, objects, settings, with_value

PAGE = PROJECT / "docs" / "hazards.md"
NEW: dict[str, Any] = {"release": "r2026a", "workers": {"max": 40}}
COMPATIBLE = {**NEW, "additionalSupportedReleases": ["r2024b"]}
POD = "spec.template.spec."
OURS = {"labels": owned_by("test")}


def _inventory(**found: Any) -> Inventory:
    kinds = {
        "claims": "PersistentVolumeClaim",
        "storage_classes": "StorageClass",
        "services": "Service",
        "deployments": "Deployment",
        "config_maps": "ConfigMap",
        "secrets": "Secret",
    }
    namespace = {"metadata": OURS, "status": {"phase": "Active"}}
    default = {"standard": {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}}
    objects = {kind: found.get(word, default if word == "storage_classes" else {}) for word, kind in kinds.items()}
    owned = frozenset((kind, name) for kind in objects for name in (objects[kind] or {}))
    itself = found.get("namespace", namespace), found.get("namespace_readable", True)
    return Inventory(owned | {("Namespace", "mjs")}, *itself, objects)


def _objections(config: dict[str, Any], **found: Any) -> list[Mistake]:
    return list(objections(Topology(settings(config)), _inventory(**found)))


def _refused(config: dict[str, Any]) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigError) as caught:
        settings(config)
    return caught.value.mistakes


def _service(*ports: int) -> dict[str, Any]:
    entries = [{"port": port, "targetPort": port} for port in ports]
    status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    return {"metadata": {"name": names.INGRESS_PROXY}, "spec": {"ports": entries}, "status": status}


@pytest.mark.parametrize("missing", [27356, 27359, 1080, 30001, 8001])
def test_a_brought_load_balancer_needs_every_port_of_the_mode(missing: int) -> None:
    """B5: for several releases the controller asks for the proxy's port alone, and never for that of the metrics."""
    outside = {"metrics": {"export": True, "openPortOutsideKubernetes": True}}
    config = with_value({**COMPATIBLE, **outside}, "network.loadBalancer.create", value=False)
    ports = {27356, 27359, 1080, 30000, 30001, 8001}
    assert _objections(config, services={names.INGRESS_PROXY: _service(*ports)}) == []
    found = _objections(config, services={names.INGRESS_PROXY: _service(*ports - {missing})})
    assert [mistake.problem for mistake in found] == [f"Service mjs-ingress-proxy lacks port {missing}"]


def test_a_minimum_above_the_maximum_is_refused() -> None:
    """B12: the controller would make the minimum, beyond the maximum and the pool proxies."""
    assert [mistake.path for mistake in _refused({**NEW, "workers": {"max": 1, "min": 2}})] == ["matlab.workers.min"]


def test_the_controller_logs_to_standard_output_and_mounts_no_claim() -> None:
    """B13: its log file crashed it without a log claim. B14: with one it had to share the job manager's node."""
    for persistent in (True, False):
        made = objects(with_value(NEW, "storage.log.persistent", persistent))
        assert field(made, "ConfigMap/mjs-controller-config config.json LogFile") == ""
        volumes = field(made, f"Deployment/mjs-controller {POD}volumes")
        assert [volume for volume in volumes if "persistentVolumeClaim" in volume] == []


def test_the_job_manager_has_a_log_folder_without_a_claim() -> None:
    """B13: its script appended to a log in a folder that did not exist."""
    made = objects(with_value(NEW, "storage.log.persistent", value=False))
    assert field(made, f"Deployment/mjs-job-manager {POD}volumes[log-vol].emptyDir") == {}
    assert field(made, f"Deployment/mjs-job-manager {POD}containers[mjs-job-manager].volumeMounts[log-vol].mountPath")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"network": {"basePort": 65530}}, "matlab.network.basePort"),
        ({"metrics": {"export": True, "port": 27355}}, "matlab.metrics.port"),
        ({"poolProxy": {"basePort": 65535}}, "matlab.poolProxy.basePort"),
        ({"parallelServerProxy": {"port": 27356}}, "matlab.parallelServerProxy.port"),
        ({"parallelServerProxy": {"port": 30001}}, "matlab.poolProxy.basePort"),
    ],
)
def test_ports_that_meet_or_leave_the_range_are_refused(change: dict[str, Any], path: str) -> None:
    """B21: the chart renders them, and the pods or the load balancer fail."""
    assert path in [mistake.path for mistake in _refused({**COMPATIBLE, **change})]


def test_an_equal_release_is_not_called_newer_and_duplicates_are_refused() -> None:
    """B23."""
    (same,) = _refused({**NEW, "additionalSupportedReleases": ["r2026a"]})
    assert "the cluster's own release" in same.problem
    (newer,) = _refused({**NEW, "additionalSupportedReleases": ["r2026b"]})
    assert "newer" in newer.problem
    (twice,) = _refused({**NEW, "additionalSupportedReleases": ["r2025a", "r2025a"]})
    assert "2 times" in twice.problem


@pytest.mark.parametrize("deployment", ["mjs-job-manager", "mjs-controller", "mjs-ingress-proxy"])
def test_new_credentials_restart_whoever_reads_them_once(deployment: str) -> None:
    """B24: the parallel server proxy reads its certificate at start only, and nothing restarted it."""
    place = f"Deployment/{deployment} spec.template.metadata.annotations"
    renewed = objects(with_value(NEW, "security.credentialsGeneration", 2))
    assert field(objects(NEW), place) != field(renewed, place)


def test_nothing_waits_for_an_address_that_clusterhost_gives() -> None:
    """B26: upstream's controller waits for the load balancer's address without a limit or a visible word."""
    assert Topology(settings(NEW)).needs_load_balancer_address
    here = Topology(settings(with_value(NEW, "network.clusterHost", "mjs.example.org")))
    assert not here.needs_load_balancer_address
    assert here.settings.network.load_balancer.address_timeout == 300


def test_the_job_manager_has_more_time_to_stop_than_its_hook_takes() -> None:
    """B27: Kubernetes' 30 seconds ended the hook, and with it the orderly stop."""
    for seconds in (60, 120):
        made = objects(with_value(NEW, "jobManager.terminationGracePeriod", seconds))
        assert field(made, f"Deployment/mjs-job-manager {POD}terminationGracePeriodSeconds") == seconds
        assert int(field(made, "ConfigMap/mjs-job-manager-config settings.sh CLUSTER_STOP_WAIT")) < seconds


@pytest.mark.parametrize("tag", [None, "r2024a"])
def test_metrics_of_a_job_manager_that_has_none_are_refused(tag: str | None) -> None:
    """B32: R2024a's job manager does not know metrics. Another image of it may."""
    old = {**NEW, "release": "r2024a", "metrics": {"export": True}}
    config = with_value(old, "images.jobManager.tag", tag)
    assert [mistake.path for mistake in _refused(config)] == ["matlab.metrics.export"]
    assert settings(with_value(old, "images.jobManager.tag", "r2024b"))


def test_a_claim_is_a_name_and_a_source_range_is_a_network() -> None:
    """B34: the chart takes a number for a claim. B35: and anything for a network."""
    (claim,) = _refused({**NEW, "storage": {"workerLog": {"claim": 5}}})
    assert "is not text" in claim.problem
    (network,) = _refused({**NEW, "network": {"loadBalancer": {"sourceRanges": ["office"]}}})
    assert "is not a network" in network.problem


def test_an_open_relay_is_refused_unless_networks_are_named() -> None:
    """B37: without mutual TLS anybody could connect through the proxy to any address inside the cluster."""
    open_ = with_value(NEW, "parallelServerProxy.useMutualTLS", value=False)
    assert [mistake.path for mistake in _refused(open_)] == ["matlab.parallelServerProxy.useMutualTLS"]
    assert settings(with_value(open_, "network.loadBalancer.sourceRanges", ["192.0.2.0/24"]))


def test_a_profile_that_the_controller_rewrote_is_still_the_stacks() -> None:
    """B38: an update by the controller takes the labels away; what the state contains still belongs to the stack."""
    state = State({("mjs", "Secret", names.PROFILE_SECRET): "1"})
    found = replace(_inventory(secrets={names.PROFILE_SECRET: {"metadata": {}}}), owned=state.owned("mjs"))
    assert found.is_ours("Secret", names.PROFILE_SECRET)
    assert not found.is_ours("Secret", names.SHARED_SECRET)


def test_who_may_not_read_namespaces_is_not_stopped_and_claims_are_checked_all_the_same() -> None:
    """B43: the chart looks the namespace up first. B22: and checks claims only where it can query the cluster."""
    config = {**NEW, "namespace": {"create": False}, "storage": {"log": {"claim": "logs"}}}
    hidden = {"namespace": None, "namespace_readable": False}
    assert _objections(config, **hidden, claims={"logs": {"metadata": {"name": "logs"}, "spec": {}}}) == []
    assert [mistake.path for mistake in _objections(config, **hidden)] == ["matlab.storage.log.claim"]
    here = Topology(settings(NEW))
    found = Survey({here.namespace: _inventory(storage_classes=None)}, api_server_ports=(6443,), dns_ports=(53,))
    assert len(list(concerns(here, found))) == 1


@functools.cache
def _secrets(**change: Any) -> dict[str, dict[str, str]]:
    """The Secrets of the program, their documents in clear placeholders."""
    from components.stack import load_stack
    from ops.render import render

    matlab = {**COMPATIBLE, "metrics": {"export": True}, "security": {**change}}
    files, _ = render(load_stack("test", {"kubernetes": {"context": "example"}, "matlab": matlab}, set()))
    documents = (yaml.safe_load(text) for name, text in files.items() if name.startswith("secret-"))
    return {item["metadata"]["name"]: item["stringData"] for item in documents}


def test_the_shared_secret_holds_the_certificate_before_anybody_requires_it() -> None:
    """B6: requireClientCertificate switched on later found a Secret without certificate.json, and no start."""
    shared = _secrets(requireClientCertificate=False)[names.SHARED_SECRET]
    assert set(shared) == {names.SHARED_SECRET_FILE, names.CERTIFICATE_FILE}


@pytest.mark.parametrize("generation", [1, 2])
def test_proxy_profile_and_shared_secret_have_one_authority(generation: int) -> None:
    """B7: the proxy's Secret was used unchecked, so after a new shared secret it fitted no profile."""
    found = _secrets(credentialsGeneration=generation)
    authority = json.loads(found[names.SHARED_SECRET][names.SHARED_SECRET_FILE])["serverCert"]
    proxy = json.loads(found[names.PARALLEL_SERVER_PROXY_SECRET][names.CERTIFICATE_FILE])
    profile = json.loads(found[names.PROFILE_SECRET][names.PROFILE_KEY])
    assert f"mjs-{generation} " in authority
    assert proxy["serverCert"] == profile["SchedulerComponent"]["Certificate"] == authority


def test_both_metrics_secrets_come_from_one_authority() -> None:
    """B8: one without the other made the controller fail or hand out a client certificate of another authority."""
    found = _secrets()
    server, client = found[names.METRICS_SECRET], found[names.METRICS_CLIENT_SECRET]
    assert server[names.METRICS_CA_FILE] == client[names.METRICS_CA_FILE]
    assert set(client) == {names.METRICS_CA_FILE, *names.METRICS_CLIENT_FILES}


def test_the_stack_file_alone_says_what_is_deployed() -> None:
    """B42: helm upgrade --reuse-values kept the old chart's images and left new values unset."""
    image = "spec.template.spec.containers[mjs-parallel-server-proxy].image"
    assert field(objects(NEW), f"Deployment/mjs-ingress-proxy {image}").endswith(":v1.0.1")
    assert objects(NEW) == objects(dict(reversed(NEW.items())))


# The page


def _rows() -> dict[str, str]:
    return dict(re.findall(r"^\| (B\d+) (\|.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_page_accounts_for_every_hazard() -> None:
    rows = _rows()
    assert list(rows) == [f"B{number}" for number in range(1, 46)]
    for number, row in rows.items():
        assert re.match(r"\| [^|]+ \| (fixed|avoided|upstream's|documentation) \| [^|]+ \| [^|]+ \|$", row), number


def test_every_fixed_hazard_names_a_file_and_a_test_that_exist() -> None:
    for number, row in _rows().items():
        _, _, status, how, held, _ = (cell.strip() for cell in row.split("|"))
        tests = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", held)
        assert tests or status in {"upstream's", "documentation"}, number
        for file, function in tests:
            assert f"def {function}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{number}: {file}::{function}"
        for file in re.findall(r"`([\w/.-]+\.(?:py|sh|cfg|md))`", how):
            assert Path(PROJECT / file).exists(), f"{number}: {file}"
