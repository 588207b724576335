"""The workers, whose pods the controller makes: ConfigMap, pod template, headless Service."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from components.matlab import names, pods, security
from components.matlab.passwords import WORKER
from components.matlab.topology import Topology
from components.shared import workload
from components.shared.demand import PodGroup
from components.shared.manifest import (
    CHECKSUM,
    GPU,
    Manifest,
    checksum,
    config_map,
    env,
    env_from_secret,
    files,
    literal_env,
    manifest,
    read_only_claim,
    resources,
    tolerations,
    volume_source,
    yaml_text,
)
from components.shared.objects import Fingerprint, PlannedObject
from components.shared.security import pod
from components.shared.shell import assignments
from components.shared.workload import mount

COMPONENT = "workers"
FIRST_HEALTH_CHECK_RELEASE = "r2024b"
"""Before it, MJS's health check does not know workers (docs/upstream.md#scripts)."""
CLIENT_OVERRIDE = "$CLIENT_OVERRIDE"
"""Literal text for which MJS puts the host that the client used."""


def objects(cluster: Topology, fingerprint: Fingerprint) -> Iterator[PlannedObject]:
    """Everything but the pods.

    The template comes after the job manager: the controller replaces every worker as soon as it changes, and the new
    ones can only join a job manager that already has the same credentials.
    """
    yield PlannedObject(configuration(cluster), COMPONENT)
    yield PlannedObject(service(cluster), COMPONENT, skip_await=True)
    given = cluster.settings.workers.password
    template = pod_template(cluster, fingerprint(given, WORKER))
    yield PlannedObject(
        config_map(names.WORKER_TEMPLATE, cluster.namespace, {names.TEMPLATE_FILE: yaml_text(template)}),
        COMPONENT,
        after=(("Deployment", names.JOB_MANAGER),),
        pod_template=template,
    )


def at_most(cluster: Topology) -> Iterator[PodGroup]:
    """Pool proxies and workers, all of which the controller makes."""
    # Here, because pool proxies belong to this component.
    from components.matlab import pool_proxies

    own = cluster.settings.workers
    if cluster.uses_pool_proxies and cluster.pool_proxy_count:
        template = pool_proxies.pod_template(cluster)
        # The controller deletes the ones that no worker uses.
        used = ceil(own.min / cluster.settings.pool_proxy.workers_per_pool_proxy)
        count = cluster.pool_proxy_count
        yield PodGroup("pool proxies", cluster.namespace, count, template["spec"], idle=used)
    spec = pod_template(cluster, "")["spec"]
    yield PodGroup("workers", cluster.namespace, own.max, spec, workers=True, idle=own.min, licensed=True)


def configuration(cluster: Topology) -> Manifest:
    """Scripts, their settings and MJS's definition file."""
    values = pods.script_settings(cluster, cluster.settings.workers.stop_worker_grace_period)
    text = assignments(values)
    # The controller gives each worker its own folder (LOGBASE).
    text += 'CLUSTER_SCRIPT_LOG="${LOGBASE}/script-log.log"\n'
    definitions = pods.definitions(cluster)
    if claims := cluster.settings.installation.additional_claims:
        definitions["MJS_ADDITIONAL_MATLABROOTS"] = ":".join(_additional_root(claim) for claim in claims)
    return config_map(
        names.WORKER_CONFIG,
        cluster.namespace,
        {
            **files(pods.FILES, *pods.SCRIPTS, "worker.sh", "stopWorker.sh"),
            "settings.sh": text,
            "mjs_def.sh": assignments(definitions),
        },
    )


def pod_template(cluster: Topology, password_fingerprint: str) -> Manifest:
    """The PodTemplateSpec of one worker.

    The controller adds name, host name, aliases and certificates (docs/upstream.md#templates).
    """
    settings, workers, probes = cluster.settings, cluster.settings.workers, cluster.settings.probes
    volumes, mounts = workload.pod_volumes(_volumes(cluster))
    if _uses_proxy_certificate(cluster):
        mounts.append(mount(names.PROXY_CERTIFICATE_VOLUME, names.PROXY_CERTIFICATE_DIR))
    container: Manifest = {
        "name": names.WORKER,
        "image": cluster.worker_image,
        "imagePullPolicy": cluster.worker_pull_policy,
        "command": ["/bin/bash", f"{names.CONFIG_DIR}/worker.sh"],
        "env": _environment(cluster),
        "resources": resources(workers.resources, {GPU: str(workers.num_gpus)} if workers.num_gpus else None),
        "securityContext": security.worker(),
        "lifecycle": pods.stop_hook("stopWorker.sh"),
        "volumeMounts": mounts,
    }
    if settings.release >= FIRST_HEALTH_CHECK_RELEASE:
        # No startup probe: a worker that is not ready has no DNS name, and MJS needs the name to start.
        container["livenessProbe"] = {
            **pods.health_check("worker"),
            "initialDelaySeconds": probes.liveness_initial_delay,
            "periodSeconds": probes.liveness_period,
            "timeoutSeconds": probes.liveness_timeout,
            "failureThreshold": probes.liveness_failure_threshold,
        }
    return {
        "metadata": workers.metadata(_labels(cluster), _annotations(cluster, password_fingerprint)),
        "spec": {
            **pods.pods(cluster),
            **workers.placement(),
            "subdomain": names.WORKERS,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": workers.stop_worker_grace_period,
            # No fsGroup: the kubelet would change group and mode of every file in the volumes of `workers.claims`.
            "securityContext": pod(0),
            "nodeSelector": dict(workers.node_selector),
            "tolerations": tolerations(workers.tolerations),
            "containers": [container],
            "volumes": volumes,
        },
    }


def _uses_proxy_certificate(cluster: Topology) -> bool:
    return cluster.uses_pool_proxies and cluster.settings.security.use_secure_communication


def _environment(cluster: Topology) -> list[Manifest]:
    settings, workers = cluster.settings, cluster.settings.workers
    variables = [
        *literal_env({"MJS_WORKER_USERNAME": workers.username}),
        env_from_secret("MJS_WORKER_PASSWORD", names.WORKER_USER_SECRET, names.PASSWORD_KEY),
        *literal_env(
            {
                "USER": workers.username,
                "MLM_LICENSE_FILE": settings.license.network_license_manager or "",
                "SHELL": "/bin/sh",
            }
        ),
        *pods.web_proxy(cluster),
        *env(dict(sorted(workers.env.items()))),
    ]
    if cluster.uses_pool_proxies:
        variables += literal_env({"PARALLEL_SERVER_POOL_PROXY_EXTERNAL_HOST": CLIENT_OVERRIDE})
    if _uses_proxy_certificate(cluster):
        path = f"{names.PROXY_CERTIFICATE_DIR}/{names.CERTIFICATE_FILE}"
        variables += literal_env({"PARALLEL_SERVER_POOL_PROXY_CERTIFICATE": path})
    if settings.installation.java_claim:
        variables += literal_env({"MJS_JAVA": names.JAVA_DIR, "MATLAB_JAVA": names.JAVA_DIR})
    return variables


def _labels(cluster: Topology) -> dict[str, str]:
    queue = cluster.settings.workers.kueue_queue
    return {**workload.app(names.WORKER), **({names.KUEUE_QUEUE: queue} if queue else {})}


def _annotations(cluster: Topology, password_fingerprint: str) -> dict[str, str]:
    settings = cluster.settings
    annotations = {
        CHECKSUM: checksum(configuration(cluster)["data"]),
        "clusters.pulumi/worker-password": password_fingerprint,
        **(pods.credentials_annotation(cluster) if cluster.uses_shared_secret else {}),
        "mjs/log-dir": names.LOG_DIR,
        "mjs/use-pool-proxy": str(cluster.uses_pool_proxies).lower(),
        "mjs/worker-domain": cluster.service_host(names.WORKERS),
        "mjs/worker-prefix": f"{names.WORKER}-",
    }
    if cluster.uses_pool_proxies:
        annotations |= pool_proxy_annotations(cluster)
        annotations["mjs/workers-per-pool-proxy"] = str(settings.pool_proxy.workers_per_pool_proxy)
    return annotations


def pool_proxy_annotations(cluster: Topology) -> dict[str, str]:
    """What the controller has to know about pool proxies (docs/upstream.md#templates)."""
    return {
        "mjs/cert-volume": names.PROXY_CERTIFICATE_VOLUME,
        "mjs/pool-proxy-base-port": str(cluster.settings.pool_proxy.base_port),
        "mjs/pool-proxy-prefix": f"{names.POOL_PROXY}-",
        "mjs/use-secure-communication": str(cluster.settings.security.use_secure_communication).lower(),
    }


def _additional_root(claim: str) -> str:
    return f"{names.ADDITIONAL_MATLAB_DIR}/{claim}"


def _volumes(cluster: Topology) -> list[tuple[Manifest, Manifest]]:
    """Each pod volume with its mount. Names of volumes are ours: a claim's name may not be a volume's name (B18)."""
    settings, installation = cluster.settings, cluster.settings.installation
    config = {"name": "config-vol", "configMap": {"name": names.WORKER_CONFIG}}
    volumes = [
        (config, mount("config-vol", names.CONFIG_DIR)),
        (
            volume_source("log-vol", names.WORKER_LOG_CLAIM, settings.storage.worker_log),
            mount("log-vol", names.LOG_DIR, read_only=False),
        ),
    ]
    if cluster.uses_shared_secret:
        # 0400; upstream writes decimal 400, which the owner and group may write (B1).
        source = {"secretName": names.SHARED_SECRET, "defaultMode": 0o400}
        volumes.append(
            (
                {"name": "shared-secret-vol", "secret": source},
                mount("shared-secret-vol", names.SECRET_DIR),
            )
        )
    read_only = [
        ("matlab-vol", installation.claim, names.MATLAB_DIR),
        ("java-vol", installation.java_claim, names.JAVA_DIR),
    ]
    read_only += [
        (f"additional-matlab-{index}", claim, _additional_root(claim))
        for index, claim in enumerate(installation.additional_claims)
    ]
    volumes += [(read_only_claim(volume, claim), mount(volume, path)) for volume, claim, path in read_only if claim]
    for index, (claim, path) in enumerate(sorted(settings.workers.claims.items())):
        source = {"name": f"data-{index}", "persistentVolumeClaim": {"claimName": claim}}
        volumes.append((source, mount(f"data-{index}", path, read_only=False)))
    return volumes + workload.file_volumes(settings.workers.config_maps, settings.workers.secrets)


def service(cluster: Topology) -> Manifest:
    """Headless Service behind the worker pods' DNS names."""
    return manifest(
        "v1",
        "Service",
        names.WORKERS,
        cluster.namespace,
        labels=workload.app(names.WORKERS),
        spec={
            "clusterIP": "None",
            "selector": workload.app(names.WORKER),
            # A worker has to find its own name before anything in it is ready.
            "publishNotReadyAddresses": True,
        },
    )
