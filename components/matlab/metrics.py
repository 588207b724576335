"""How Prometheus finds and reads the metrics of the job manager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from components.matlab import names
from components.matlab.job_manager import COMPONENT
from components.matlab.topology import Topology
from components.shared import monitoring, workload
from components.shared.manifest import Manifest
from components.shared.objects import PlannedObject
from components.shared.survey import Survey

SERVICE_MONITOR: Final = "matlab.metrics.serviceMonitor"


def objects(cluster: Topology, survey: Survey) -> Iterator[PlannedObject]:
    """The ServiceMonitor, where the settings ask for one and the Kubernetes cluster knows the kind."""
    if cluster.settings.metrics.service_monitor and monitoring.is_served(survey, cluster.namespace):
        yield PlannedObject(service_monitor(cluster), COMPONENT)


def concerns(cluster: Topology, survey: Survey) -> Iterator[str]:
    """What deserves a warning."""
    if cluster.settings.metrics.service_monitor and not monitoring.is_served(survey, cluster.namespace):
        yield monitoring.not_served(SERVICE_MONITOR)


def service_monitor(cluster: Topology) -> Manifest:
    """Makes the Prometheus operator scrape the job manager, with the certificates in the Secret for Prometheus."""
    certificate, key = names.METRICS_CLIENT_FILES

    def file(name: str) -> Manifest:
        return {"name": names.METRICS_CLIENT_SECRET, "key": name}

    # The operator scrapes the address of the pod, which the server's certificate does not contain.
    tls = {
        "serverName": cluster.service_host(names.JOB_MANAGER),
        "ca": {"secret": file(names.METRICS_CA_FILE)},
        "cert": {"secret": file(certificate)},
        "keySecret": file(key),
    }
    return monitoring.service_monitor(
        names.JOB_MANAGER,
        cluster.namespace,
        labels=cluster.settings.metrics.service_monitor_labels,
        selector=workload.app(names.JOB_MANAGER),
        endpoint={
            "port": cluster.metrics_port.name,
            **({"scheme": "https", "tlsConfig": tls} if cluster.secure_metrics else {}),
        },
    )


def scrape_config(cluster: Topology, host: str) -> dict[str, Any]:
    """An entry of `scrape_configs` for Prometheus without the operator; `host` is where it finds the metrics.

    Put the files of the Secret for Prometheus next to its configuration
    (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).
    """
    address = f"[{host}]" if ":" in host else host
    certificate, key = names.METRICS_CLIENT_FILES
    tls = {"ca_file": names.METRICS_CA_FILE, "cert_file": certificate, "key_file": key}
    return {
        "job_name": f"matlab-{cluster.namespace}",
        **({"scheme": "https", "tls_config": tls} if cluster.secure_metrics else {}),
        "static_configs": [
            # The alerts are about one namespace each (monitoring/matlab.rules.yaml).
            {"targets": [f"{address}:{cluster.metrics_port.number}"], "labels": {"namespace": cluster.namespace}}
        ],
    }
