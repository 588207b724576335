"""The exporter, which reads a server's metrics port and answers Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.arkouda import names, pods
from components.arkouda.defaults import NEWEST_TAG
from components.arkouda.server_settings import Server
from components.arkouda.topology import Topology
from components.shared import monitoring, security, workload
from components.shared.groups import Resources
from components.shared.manifest import CHECKSUM, Manifest, checksum, config_map, literal_env, resources
from components.shared.manifest import files as read_files
from components.shared.objects import PlannedObject
from components.shared.pod_annotations import about_sidecars
from components.shared.pod_settings import LabelledPods
from components.shared.survey import Survey
from components.shared.workload import Port, mount

HTTP: Final = Port(names.HTTP, names.EXPORTER_PORT)
START_TIMEOUT: Final = 600
CHECK: Final = "exporter_health.py"


def app(server: Server) -> str:
    """Name and `app` label."""
    return f"{server.name}{names.EXPORTER_SUFFIX}"


def objects(cluster: Topology, server: Server, component: str, survey: Survey) -> Iterator[PlannedObject]:
    """The exporter of a server, if it has one."""
    if not (server.metrics.enabled and server.metrics.exporter):
        return
    yield PlannedObject(configuration(cluster, server), component)
    yield PlannedObject(service(cluster, server), component, skip_await=True)
    yield PlannedObject(deployment(cluster, server), component, timeout=START_TIMEOUT)
    if server.metrics.service_monitor and monitoring.is_served(survey, cluster.namespace):
        yield PlannedObject(service_monitor(cluster, server), component)


def configuration(cluster: Topology, server: Server) -> Manifest:
    """ConfigMap with the health check."""
    return config_map(app(server), cluster.namespace, read_files(pods.FILES, CHECK))


def service(cluster: Topology, server: Server) -> Manifest:
    """Where Prometheus finds the exporter. A ServiceMonitor needs the port's name and the label of the instance."""
    found = workload.cluster_ip(app(server), cluster.namespace, workload.app(app(server)), [HTTP])
    found["metadata"]["labels"] = {**found["metadata"]["labels"], names.INSTANCE_LABEL: server.name}
    return found


def deployment(cluster: Topology, server: Server) -> Manifest:
    """The pod, with the names of variables that the exporter reads, which are not those of upstream's chart."""
    image = cluster.settings.images.exporter
    variables = {
        "ARKOUDA_METRICS_SERVICE_HOST": cluster.metrics_host(server),
        "ARKOUDA_METRICS_SERVICE_PORT": str(server.metrics.port),
        "ARKOUDA_METRICS_SERVER_NAME": server.name,
        "METRICS_POLLING_INTERVAL": str(server.metrics.interval),
        "METRICS_SCRAPE_PORT": str(names.EXPORTER_PORT),
        # The client writes there, and the image's own folders are read-only.
        "ARKOUDA_CLIENT_DIRECTORY": names.TEMPORARY_DIR,
        "HOME": names.TEMPORARY_DIR,
    }
    check = {
        "exec": {"command": ["python3", f"{names.CONFIG_DIR}/{CHECK}"]},
        "periodSeconds": 30,
        "timeoutSeconds": 5,
    }
    container = {
        "name": "exporter",
        "image": image.reference(NEWEST_TAG),
        "imagePullPolicy": str(image.pull_policy),
        "env": literal_env(variables),
        "ports": [{"name": HTTP.name, "containerPort": HTTP.number, "protocol": "TCP"}],
        "resources": resources(Resources(cpuRequest="50m", memoryRequest="128Mi", memoryLimit="512Mi")),
        "securityContext": security.container(),
        "livenessProbe": check,
        "volumeMounts": [mount("config", names.CONFIG_DIR), mount("tmp", names.TEMPORARY_DIR, read_only=False)],
    }
    return workload.deployment(
        app(server),
        cluster.namespace,
        containers=[container],
        volumes=[{"name": "config", "configMap": {"name": app(server)}}, {"name": "tmp", "emptyDir": {}}],
        annotations={CHECKSUM: checksum(configuration(cluster, server)["data"])},
        group=LabelledPods(**about_sidecars(server)) if isinstance(server, LabelledPods) else LabelledPods(),
        **pods.common(cluster, security.pod(security.UNPRIVILEGED_USER)),
    )


def service_monitor(cluster: Topology, server: Server) -> Manifest:
    """Makes the Prometheus operator scrape the exporter."""
    return monitoring.service_monitor(
        app(server),
        cluster.namespace,
        labels=server.metrics.service_monitor_labels,
        selector={**workload.app(app(server)), names.INSTANCE_LABEL: server.name},
        endpoint={"port": HTTP.name, "path": "/metrics", "interval": f"{server.metrics.interval}s"},
        target_labels=[names.INSTANCE_LABEL],
    )
