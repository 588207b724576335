"""The job manager, which holds the queue and the job database: ConfigMap, Service, Deployment."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from components.matlab import names, pods, security
from components.matlab.passwords import ADMIN
from components.matlab.topology import FIRST_SOCKS_RELEASE, Topology
from components.shared import workload
from components.shared.manifest import (
    CHECKSUM,
    Manifest,
    checksum,
    config_map,
    env,
    env_from_secret,
    files,
    literal_env,
    read_only_claim,
    resources,
    volume_source,
)
from components.shared.objects import Fingerprint, PlannedObject, secret
from components.shared.security import pod
from components.shared.shell import assignments
from components.shared.workload import Port, mount

COMPONENT = "job-manager"
ADMIN_PASSWORD_VARIABLE = "PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD"  # noqa: S105 - a variable's name


def objects(cluster: Topology, fingerprint: Fingerprint) -> Iterator[PlannedObject]:
    """The job manager's objects; its Deployment comes last."""
    yield PlannedObject(configuration(cluster), COMPONENT)
    if cluster.imports_ldap_certificate:
        yield PlannedObject(secret(names.LDAP_SECRET, cluster.namespace), COMPONENT)
    yield PlannedObject(service(cluster), COMPONENT, skip_await=True)
    if cluster.settings.job_manager.survive_drains:
        yield PlannedObject(workload.budget(names.JOB_MANAGER, cluster.namespace), COMPONENT)
    yield PlannedObject(
        deployment(cluster, fingerprint(cluster.settings.security.admin_password, ADMIN)),
        COMPONENT,
        timeout=cluster.settings.job_manager.start_timeout,
    )


def configuration(cluster: Topology) -> Manifest:
    """Scripts, their settings and MJS's definition file."""
    settings = cluster.settings
    certificate = settings.security.require_client_certificate
    values = pods.script_settings(cluster, settings.job_manager.termination_grace_period) | {
        "CLUSTER_LOG_DIR": names.LOG_DIR,
        "CLUSTER_SCRIPT_LOG": f"{names.LOG_DIR}/script-log.log",
        "CLUSTER_VOLUME_DIR": names.DATABASE_DIR,
        "CLUSTER_DATABASE_DIR": f"{names.DATABASE_DIR}/{settings.release}",
        "CLUSTER_CERTIFICATE_FILE": f"{names.SECRET_DIR}/{names.CERTIFICATE_FILE}" if certificate else "",
        "CLUSTER_LDAP_CERTIFICATE": (
            f"{names.LDAP_DIR}/{names.LDAP_CERTIFICATE_FILE}" if cluster.imports_ldap_certificate else ""
        ),
    }
    return config_map(
        names.JOB_MANAGER_CONFIG,
        cluster.namespace,
        {
            **files(pods.FILES, *pods.SCRIPTS, "jobManager.sh", "stopJobManager.sh"),
            "settings.sh": assignments(values),
            "mjs_def.sh": assignments(_definitions(cluster)),
        },
    )


def _definitions(cluster: Topology) -> dict[str, str | int | bool]:
    settings, metrics, ldap = cluster.settings, cluster.settings.metrics, cluster.settings.ldap
    entries = pods.definitions(cluster) | {
        "MAX_LINUX_WORKERS": settings.workers.max,
        "ADMIN_USER": settings.security.admin_user,
        "EXPORT_METRICS": metrics.export,
        "METRICS_PORT": metrics.port,
        "USE_SECURE_METRICS": metrics.use_secure,
    }
    if metrics.use_secure:
        files_ = (names.METRICS_CA_FILE, *names.METRICS_SERVER_FILES)
        for variable, file in zip(("METRICS_CA_FILE", "METRICS_CERT_FILE", "METRICS_KEY_FILE"), files_, strict=True):
            entries[variable] = f"{names.METRICS_DIR}/{file}"
    if ldap.url:
        entries |= {
            "USE_LDAP_SERVER_AUTHENTICATION": True,
            "LDAP_URL": ldap.url,
            "LDAP_SECURITY_PRINCIPAL_FORMAT": ldap.security_principal_format or "",
            "LDAP_SYNCHRONIZATION_INTERVAL_SECS": ldap.synchronization_interval_secs,
        }
    if settings.release >= FIRST_SOCKS_RELEASE:
        releases = (release.replace("r", "R") for release in settings.additional_supported_releases)
        entries["MJS_ADDITIONAL_SUPPORTED_RELEASES"] = ",".join(releases)
    return entries


def deployment(cluster: Topology, admin_password_fingerprint: str) -> Manifest:
    """The Deployment. `admin_password_fingerprint` changes with the administrator's password, read at start only."""
    settings, probes = cluster.settings, cluster.settings.probes
    spec = settings.job_manager
    volumes, mounts = workload.pod_volumes(_volumes(cluster))
    variables: list[Manifest] = []
    if cluster.uses_admin_password:
        variables.append(env_from_secret(ADMIN_PASSWORD_VARIABLE, names.ADMIN_SECRET, names.PASSWORD_KEY))
    if spec.user_id:
        # The image has no such user, so its home would be the root of the file system, which is read-only.
        variables += literal_env({"HOME": pods.RUN_DIR})
    if settings.installation.java_claim:
        variables += literal_env({"MJS_JAVA": names.JAVA_DIR})
    variables += pods.web_proxy(cluster)
    variables += env(dict(sorted(spec.env.items())))
    container = {
        "name": names.JOB_MANAGER,
        "image": cluster.job_manager_image,
        "imagePullPolicy": cluster.job_manager_pull_policy,
        "command": ["/bin/bash", f"{names.CONFIG_DIR}/jobManager.sh"],
        "env": variables,
        "ports": [
            {"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in exposed_ports(cluster)
        ],
        "resources": resources(spec.resources),
        "securityContext": security.job_manager(spec.user_id),
        "startupProbe": {
            **pods.health_check("jobmanager"),
            "initialDelaySeconds": probes.startup_initial_delay,
            "periodSeconds": probes.startup_period,
            "timeoutSeconds": probes.liveness_timeout,
            # The previous job manager may keep the database for its whole grace period.
            "failureThreshold": probes.startup_failure_threshold
            + ceil(spec.termination_grace_period / probes.startup_period),
        },
        "livenessProbe": {
            **pods.health_check("jobmanager"),
            "initialDelaySeconds": probes.liveness_period,
            "periodSeconds": probes.liveness_period,
            "timeoutSeconds": probes.liveness_timeout,
            "failureThreshold": probes.liveness_failure_threshold,
        },
        "lifecycle": pods.stop_hook("stopJobManager.sh"),
        "volumeMounts": mounts,
    }
    annotations = {CHECKSUM: checksum(configuration(cluster)["data"])}
    if cluster.uses_shared_secret or cluster.secure_metrics:
        annotations |= pods.credentials_annotation(cluster, leaves=True)
    if cluster.uses_admin_password:
        annotations["clusters.pulumi/admin-password"] = admin_password_fingerprint
    if cluster.secure_metrics:
        annotations["clusters.pulumi/metrics-certificate"] = _metrics_certificate(cluster)
    if cluster.imports_ldap_certificate:
        annotations["clusters.pulumi/ldap-certificate"] = checksum({"": settings.ldap.certificate or ""})
    return pods.deployment(
        cluster,
        names.JOB_MANAGER,
        spec,
        containers=[container],
        volumes=volumes,
        annotations=annotations,
        # Two job managers must never share one database.
        strategy="Recreate",
        hostAliases=[{"ip": "127.0.0.1", "hostnames": [names.JOB_MANAGER]}],
        securityContext=pod(spec.user_id, spec.group_id),
        terminationGracePeriodSeconds=spec.termination_grace_period,
    )


def _metrics_certificate(cluster: Topology) -> str:
    """Whose certificate the metrics have: MJS reads it once, at start."""
    settings = cluster.settings
    if settings.metrics.bring_own_certificates:
        return "brought"
    return " ".join(cluster.metrics_hosts(cluster.client_host or names.INGRESS_PROXY))


def _volumes(cluster: Topology) -> list[tuple[Manifest, Manifest]]:
    """Each pod volume with its mount."""
    storage, installation = cluster.settings.storage, cluster.settings.installation
    config = {"name": "config-vol", "configMap": {"name": names.JOB_MANAGER_CONFIG}}
    volumes = [
        (config, mount("config-vol", names.CONFIG_DIR)),
        (
            volume_source("log-vol", names.LOG_CLAIM, storage.log),
            mount("log-vol", names.LOG_DIR, read_only=False),
        ),
        (
            volume_source("checkpoint-vol", names.CHECKPOINT_CLAIM, storage.checkpoint),
            mount("checkpoint-vol", names.DATABASE_DIR, read_only=False),
        ),
    ]
    if cluster.job_manager_uses_claim and installation.claim:
        volumes.append((read_only_claim("matlab-vol", installation.claim), mount("matlab-vol", names.MATLAB_DIR)))
    if installation.java_claim:
        volumes.append((read_only_claim("java-vol", installation.java_claim), mount("java-vol", names.JAVA_DIR)))
    secrets = (
        (cluster.uses_shared_secret, "shared-secret-vol", names.SHARED_SECRET, names.SECRET_DIR),
        (cluster.imports_ldap_certificate, "ldap-cert-vol", names.LDAP_SECRET, names.LDAP_DIR),
        (cluster.secure_metrics, "metrics-cert-vol", names.METRICS_SECRET, names.METRICS_DIR),
    )
    for needed, volume, secret_name, path in secrets:
        if needed:
            # 0440: the group of the pod (fsGroup) reads it, since the job manager need not be root.
            source = {"name": volume, "secret": {"secretName": secret_name, "defaultMode": 0o440}}
            volumes.append((source, mount(volume, path)))
    manager = cluster.settings.job_manager
    return volumes + workload.file_volumes(manager.config_maps, manager.secrets)


def exposed_ports(cluster: Topology) -> list[Port]:
    """Ports of the job manager's pod and Service."""
    exported = [cluster.metrics_port] if cluster.settings.metrics.export else []
    return [*cluster.job_manager_ports, *exported]


def service(cluster: Topology) -> Manifest:
    """Service of the job manager inside Kubernetes."""
    return workload.cluster_ip(
        names.JOB_MANAGER, cluster.namespace, workload.app(names.JOB_MANAGER), exposed_ports(cluster)
    )
