"""How Prometheus finds the metrics: the ServiceMonitor, the scrape configuration, and the names in the certificate."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.matlab import job_manager, names, preflight
from components.matlab.certificates import _subject_alternative_names
from components.matlab.metrics import scrape_config
from components.shared.inventory import Inventory
from components.shared.survey import Survey
from tests.pem import pair
from tests.tools.debian import find
from tests.unit.clusters import MODES, Values, cluster, manifests
from tests.unit.test_job_manager import annotations

INSIDE = "mjs-job-manager.mjs.svc.cluster.local"
MONITOR = ("ServiceMonitor", "mjs-job-manager")
METRICS: Values = {"metrics": {"export": True}}
MONITORED: Values = {"metrics": {"export": True, "serviceMonitor": True}}
PLAIN: Values = {"metrics": {"export": True, "serviceMonitor": True, "useSecure": False}}


def outside(host: str, **metrics: Any) -> Values:
    exported = {"export": True, "openPortOutsideKubernetes": True, **metrics}
    return {"network": {"clusterHost": host}, "metrics": exported}


def without_the_kind() -> Survey:
    here = Inventory(frozenset(), {"metadata": {}}, True, {"Secret": {}}, frozenset({"ServiceMonitor"}))
    return Survey({"mjs": here})


@pytest.mark.parametrize("mode", MODES)
def test_the_service_monitor_leads_to_the_port_of_the_metrics(mode: str) -> None:
    found = manifests(cluster(MODES[mode], MONITORED))
    monitor, service = found[MONITOR], found["Service", "mjs-job-manager"]
    selected = monitor["spec"]["selector"]["matchLabels"].items()
    assert selected <= service["metadata"]["labels"].items()
    others = [item for key, item in found.items() if key[0] == "Service" and key[1] != "mjs-job-manager"]
    assert not any(selected <= item["metadata"]["labels"].items() for item in others)
    (endpoint,) = monitor["spec"]["endpoints"]
    (port,) = [port for port in service["spec"]["ports"] if port["name"] == endpoint["port"]]
    assert port["port"] == 8001


def test_it_uses_the_certificates_for_prometheus() -> None:
    (endpoint,) = manifests(cluster(MONITORED))[MONITOR]["spec"]["endpoints"]
    tls = endpoint["tlsConfig"]
    assert endpoint["scheme"] == "https"
    parts = (tls["ca"]["secret"], tls["cert"]["secret"], tls["keySecret"])
    assert {part["name"] for part in parts} == {"mjs-metrics-client-certs"}
    assert [part["key"] for part in parts] == ["ca.crt", "prometheus.crt", "prometheus.key"]


def test_plain_metrics_need_no_certificates() -> None:
    (endpoint,) = manifests(cluster(PLAIN))[MONITOR]["spec"]["endpoints"]
    assert endpoint == {"port": "metrics-8001"}
    assert scrape_config(cluster(PLAIN), INSIDE).keys() == {"job_name", "static_configs"}


def test_prometheus_selects_it_by_the_labels_of_the_settings() -> None:
    labelled = {"metrics": {**MONITORED["metrics"], "serviceMonitorLabels": {"release": "lab"}}}
    assert manifests(cluster(labelled))[MONITOR]["metadata"]["labels"] == {"release": "lab"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (METRICS, (INSIDE,)),
        (MONITORED, (INSIDE,)),
        (outside("matlab.example.org"), ("matlab.example.org",)),
        (outside("matlab.example.org", serviceMonitor=True), ("matlab.example.org", INSIDE)),
    ],
)
def test_the_certificate_has_each_name_that_prometheus_uses(given: Values, expected: tuple[str, ...]) -> None:
    here = cluster(given)
    assert here.metrics_hosts("matlab.example.org") == expected
    monitor = manifests(here).get(MONITOR)
    if monitor:
        assert monitor["spec"]["endpoints"][0]["tlsConfig"]["serverName"] in expected


def test_names_and_addresses_of_a_certificate_are_told_apart() -> None:
    hosts = ("matlab.example.org", "192.0.2.1", "2001:db8::1", INSIDE)
    assert _subject_alternative_names(hosts) == (["matlab.example.org", INSIDE], ["192.0.2.1", "2001:db8::1"])


def test_a_service_monitor_restarts_the_job_manager_only_for_another_certificate() -> None:
    assert annotations(METRICS) == annotations(MONITORED)
    host = "matlab.example.org"
    assert annotations(outside(host)) != annotations(outside(host, serviceMonitor=True))


def test_without_its_kind_the_service_monitor_is_skipped_with_a_sentence() -> None:
    here, without = cluster(MONITORED), without_the_kind()
    assert manifests(here).keys() - manifests(here, survey=without).keys() == {MONITOR}
    warnings = [text for text in preflight.concerns(here, without) if "ServiceMonitor" in text]
    assert len(warnings) == 1
    assert warnings[0].startswith("matlab.metrics.serviceMonitor: is true, but the cluster has no ServiceMonitors")
    assert not [text for text in preflight.concerns(cluster(METRICS), without) if "ServiceMonitor" in text]


def test_with_brought_certificates_a_service_monitor_needs_those_for_prometheus() -> None:
    def missing(**more: bool) -> list[str]:
        here = cluster({"metrics": {"export": True, "bringOwnCertificates": True, **more}})
        found = preflight.objections(here, without_the_kind().inventories["mjs"])
        return [mistake.problem for mistake in found if mistake.path == "matlab.metrics.bringOwnCertificates"]

    assert missing() == [f"namespace mjs has no Secret {names.METRICS_SECRET}"]
    assert missing(serviceMonitor=True) == [
        f"namespace mjs has no Secret {names.METRICS_SECRET}",
        f"namespace mjs has no Secret {names.METRICS_CLIENT_SECRET}",
    ]


def check(config: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """Prometheus' own verdict, on the file that docs/monitoring.md has you write."""
    (folder / "prometheus.yml").write_text(f"scrape_configs: [{json.dumps(config)}]")
    promtool = find("promtool", "prometheus", "--version")
    return subprocess.run(
        [*promtool, "check", "config", "prometheus.yml"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("host", [INSIDE, "192.0.2.1", "2001:db8::1"])
@pytest.mark.parametrize("given", [METRICS, PLAIN], ids=["https", "http"])
def test_prometheus_accepts_the_scrape_configuration(given: Values, host: str, tmp_path: Path) -> None:
    here = cluster(given)
    for file, text in zip(("ca.crt", "prometheus.crt", "prometheus.key"), (pair()[0], *pair()), strict=True):
        (tmp_path / file).write_text(text)
    config = scrape_config(here, host)
    done = check(config, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "prometheus.key").unlink()
    assert (check(config, tmp_path).returncode == 0) == (given is PLAIN), "the key is read from its file"


def test_the_labels_are_those_that_the_alerts_are_about() -> None:
    named = cluster({**METRICS, "namespace": {"name": "lab"}})
    (targets,) = scrape_config(named, INSIDE)["static_configs"]
    assert targets["labels"] == {"namespace": "lab"}
    assert targets["targets"] == [f"{INSIDE}:{job_manager.exposed_ports(named)[-1].number}"]
