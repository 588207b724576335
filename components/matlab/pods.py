"""What the pods of a MATLAB cluster share: placement, annotations, and the settings that their scripts read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.matlab import names, rotation
from components.matlab.topology import Topology
from components.shared import workload
from components.shared.manifest import CREDENTIALS_GENERATION, Manifest, literal_env
from components.shared.pod_settings import Pods

FILES = Path(__file__).parent / "files"
SCRIPTS = ("common.sh", "healthCheck.sh")
RUN_DIR = "/tmp"  # noqa: S108 - where upstream's images keep what lives as long as the container
STOP_MARGIN = 10
"""Seconds of the grace period that a stop hook leaves for stopping itself."""


def deployment(cluster: Topology, name: str, group: Pods, *, containers: Sequence[Manifest], **parts: Any) -> Manifest:
    """A Deployment of one pod on the nodes of the job manager; `parts` as `workload.deployment` takes them."""
    placement = cluster.settings.job_manager
    return workload.deployment(
        name,
        cluster.namespace,
        containers=containers,
        group=group,
        node_selector=placement.node_selector,
        tolerated=placement.tolerations,
        **pods(cluster),
        **parts,
    )


def pods(cluster: Topology) -> Manifest:
    """What every pod spec of the cluster holds."""
    settings = cluster.settings
    secrets = [{"name": name} for name in settings.images.pull_secrets]
    return {"enableServiceLinks": settings.enable_service_links, **({"imagePullSecrets": secrets} if secrets else {})}


def web_proxy(cluster: Topology) -> list[Manifest]:
    """Variables that name the web proxy. Programs disagree on the case: curl reads http_proxy in lower case only."""
    network = cluster.settings.network
    proxy = network.web_proxy
    if not (proxy.http or proxy.https):
        return []
    direct = ["localhost", "127.0.0.1", ".svc", f".{network.cluster_domain}", *proxy.no_proxy]
    values = {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https, "NO_PROXY": ",".join(direct)}
    given = {name: value for name, value in values.items() if value}
    return literal_env({**given, **{name.lower(): value for name, value in given.items()}})


def credentials_annotation(cluster: Topology, *, leaves: bool = False) -> dict[str, str]:
    """Rolls pods that read the credentials once, at start (B24); with `leaves`, ones that have a certificate too."""
    security = cluster.settings.security
    mark = rotation.given_mark(security.authority)
    suffix = f"-{mark}" if mark else ""
    if leaves and security.leaf_generation > 1:
        suffix += f"-leaf-{security.leaf_generation}"
    return {CREDENTIALS_GENERATION: f"{security.credentials_generation}{suffix}"}


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
    """Entries of mjs_def.sh that both roles have."""
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
    """Probe that asks MJS itself (docs/upstream.md#scripts)."""
    return {"exec": {"command": ["/bin/bash", f"{names.CONFIG_DIR}/healthCheck.sh", role]}}


def stop_hook(script: str) -> Manifest:
    """Lifecycle that stops MJS cleanly."""
    return {"preStop": {"exec": {"command": ["/bin/bash", f"{names.CONFIG_DIR}/{script}"]}}}
