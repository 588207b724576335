"""What several manifests of a MATLAB cluster share: labels, pods, the shell view of the settings."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.matlab import names
from components.matlab.topology import Port, Topology
from components.shared.manifest import (
    CREDENTIALS_GENERATION,
    Manifest,
    checksum,
    manifest,
    tolerations,
)

FILES = Path(__file__).parent.parent / "files"
SCRIPTS = ("common.sh", "healthCheck.sh")
RUN_DIR = "/tmp"  # noqa: S108 - upstream's place for what lives as long as the container (facts §6)
STOP_MARGIN = 10
"""Seconds of the grace period that a stop hook leaves for stopping itself."""


def app(name: str) -> dict[str, str]:
    """Upstream's `app` label: the whole selector of every workload, which can never change (facts §3)."""
    return {"app": name}


def workload(  # noqa: PLR0913 - the parts of a pod
    cluster: Topology,
    name: str,
    *,
    containers: Sequence[Manifest],
    volumes: Sequence[Manifest] = (),
    annotations: Mapping[str, str] | None = None,
    strategy: str = "RollingUpdate",
    service_account: str | None = None,
    **pod: Any,
) -> Manifest:
    """A Deployment of one pod that runs beside the job manager."""
    settings = cluster.settings
    spec: Manifest = {
        **pods(cluster),
        # The API writes an empty selector or list out as nothing; leaving it out keeps diffs quiet.
        **({"nodeSelector": dict(settings.job_manager.node_selector)} if settings.job_manager.node_selector else {}),
        **({"tolerations": tolerations(settings.job_manager.tolerations)} if settings.job_manager.tolerations else {}),
        "automountServiceAccountToken": service_account is not None,
        **({"serviceAccountName": service_account} if service_account else {}),
        "containers": list(containers),
        **({"volumes": list(volumes)} if volumes else {}),
        **pod,
    }
    template: Manifest = {"metadata": {"labels": app(name)}, "spec": spec}
    if annotations:
        template["metadata"]["annotations"] = dict(annotations)
    return manifest(
        "apps/v1",
        "Deployment",
        name,
        cluster.namespace,
        labels=app(name),
        spec={
            "replicas": 1,
            "selector": {"matchLabels": app(name)},
            "strategy": {"type": strategy},
            "template": template,
        },
    )


def pods(cluster: Topology) -> Manifest:
    """What every pod spec of the cluster holds."""
    settings = cluster.settings
    secrets = [{"name": name} for name in settings.images.pull_secrets]
    return {"enableServiceLinks": settings.enable_service_links, **({"imagePullSecrets": secrets} if secrets else {})}


def credentials_annotation(cluster: Topology) -> dict[str, str]:
    """Rolls pods that read the credentials once, at start (B24)."""
    security = cluster.settings.security
    given = security.authority.certificate
    mark = f"-{checksum({'': given})[:8]}" if given else ""
    return {CREDENTIALS_GENERATION: f"{security.credentials_generation}{mark}"}


def shell(values: Mapping[str, str | int | bool]) -> str:
    """Shell assignments, quoted so that any character is safe (B20)."""
    return "".join(f"{name}={shlex.quote(_word(value))}\n" for name, value in values.items())


def _word(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def script_settings(cluster: Topology, grace_period: int) -> dict[str, str | int | bool]:
    """What the scripts of both roles need to know."""
    settings = cluster.settings
    verified = settings.security.require_script_verification
    return {
        "CLUSTER_MATLAB_DIR": names.MATLAB_DIR,
        "CLUSTER_MATLAB_RELEASE": cluster.matlab_release,
        "CLUSTER_MATLAB_ROOT": settings.installation.root or "",
        "CLUSTER_MATLAB_ROOT_FILE": names.MATLAB_ROOT_FILE,
        "CLUSTER_CONFIG_DIR": names.CONFIG_DIR,
        "CLUSTER_RUN_DIR": RUN_DIR,
        "CLUSTER_JAVA_DIR": names.JAVA_DIR if settings.installation.java_claim else "",
        "CLUSTER_BASE_PORT": cluster.base_port,
        "CLUSTER_LOG_LEVEL": settings.log_level,
        "CLUSTER_FILE_DESCRIPTORS": settings.file_descriptor_ulimit,
        "CLUSTER_JOB_MANAGER_NAME": settings.job_manager.name,
        "CLUSTER_JOB_MANAGER_HOST": names.JOB_MANAGER,
        "CLUSTER_SECRET_FILE": f"{names.SECRET_DIR}/{names.SHARED_SECRET_FILE}" if verified else "",
        "CLUSTER_HEALTH_TIMEOUT": settings.probes.liveness_timeout,
        "CLUSTER_STOP_WAIT": max(grace_period - STOP_MARGIN, 1),
    }


def definitions(cluster: Topology) -> dict[str, str | int | bool]:
    """Entries of mjs_def.sh that both roles have (facts §6.1, §6.2)."""
    security = cluster.settings.security
    entries: dict[str, str | int | bool] = {
        "BASE_PORT": cluster.base_port,
        "CHECKPOINTBASE": f"{RUN_DIR}/checkpoint",
        "PIDBASE": f"{RUN_DIR}/pid",
        "USE_SECURE_COMMUNICATION": security.use_secure_communication,
        "REQUIRE_CLIENT_CERTIFICATE": security.require_client_certificate,
        "REQUIRE_SCRIPT_VERIFICATION": security.require_script_verification,
        "SECURITY_LEVEL": security.level,
        "SHARED_SECRET_FILE": f"{names.SECRET_DIR}/{names.SHARED_SECRET_FILE}",
        "USE_ONLINE_LICENSING": cluster.settings.license.use_online_licensing,
    }
    if cluster.settings.installation.java_claim:
        entries["MJS_JAVA"] = names.JAVA_DIR
    return entries


def health_check(role: str) -> Manifest:
    """Probe that asks MJS itself (facts §6.5)."""
    return {"exec": {"command": ["/bin/bash", f"{names.CONFIG_DIR}/healthCheck.sh", role]}}


def stop_hook(script: str) -> Manifest:
    """Lifecycle that stops MJS in order."""
    return {"preStop": {"exec": {"command": ["/bin/bash", f"{names.CONFIG_DIR}/{script}"]}}}


def mount(volume: str, path: str, *, read_only: bool = True) -> Manifest:
    """Mount of a pod volume."""
    return {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}


def service_ports(ports: Sequence[Port], *, node_ports: bool = False) -> list[Manifest]:
    """Ports of a Service. Port and target port are equal: the controller refuses a load balancer where they differ."""
    return [
        {
            "name": port.name,
            "port": port.number,
            "targetPort": port.number,
            "protocol": "TCP",
            "appProtocol": "TCP",
            **({"nodePort": port.number} if node_ports else {}),
        }
        for port in ports
    ]


def cluster_ip(cluster: Topology, name: str, labels: Mapping[str, str], ports: Sequence[Port]) -> Manifest:
    """A Service inside Kubernetes, whose labels are also its selector."""
    spec = {"type": "ClusterIP", "selector": dict(labels), "ports": service_ports(ports)}
    return manifest("v1", "Service", name, cluster.namespace, labels=labels, spec=spec)
