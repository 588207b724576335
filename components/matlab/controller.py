"""The controller, which scales the workers: identity and rights, config.json, Deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from components.matlab import names, pods
from components.matlab.defaults import CONTROLLER_TAG
from components.matlab.topology import Topology
from components.shared import rbac, security, workload
from components.shared.manifest import (
    CHECKSUM,
    Manifest,
    checksum,
    config_map,
    manifest,
    resources,
)
from components.shared.objects import Key, PlannedObject
from components.shared.rbac import rule

COMPONENT = "controller"
START_TIMEOUT = 600
"""Seconds for a small image to be pulled and started."""
CONFIG_FILE = "config.json"
KUBERNETES_TIMEOUT = 60
"""Seconds for one call to the API server."""
RESIZE_COMMAND = "toolbox/parallel/bin/resize"
"""Relative to MATLAB's root; scales and reports the workers."""


def config_json(cluster: Topology) -> dict[str, Any]:
    """The controller's configuration: exactly 72 fields; the controller rejects an unknown one."""
    settings, workers, network, security_ = (
        cluster.settings,
        cluster.settings.workers,
        cluster.settings.network,
        cluster.settings.security,
    )
    return {
        "IdleStop": workers.idle_stop,
        "LocalDebugMode": False,
        # Standard output: a log volume would have to be shared with the job manager's node (B13, B14).
        "LogFile": "",
        "LogLevel": settings.log_level,
        "JobManagerName": settings.job_manager.name,
        "JobManagerWaitPeriod": settings.probes.startup_period,
        "KubeConfig": "",
        "KubernetesTimeoutSecs": KUBERNETES_TIMEOUT,
        "MatlabRootFile": names.MATLAB_ROOT_FILE,
        "MinWorkers": workers.min,
        "Period": workers.auto_scaling_period,
        # The credentials belong to the stack, not to the controller's Deployment.
        "PreserveSecrets": False,
        "ResizePath": RESIZE_COMMAND,
        "Network": {
            "BasePort": cluster.base_port,
            "ClusterDomain": network.cluster_domain,
            "ClusterHost": cluster.client_host or "",
            "InternalClientsOnly": network.internal_clients_only,
            "JobManagerPort": cluster.job_manager_port,
            "LookupPort": cluster.lookup_port,
            "MaxWorkers": workers.max,
            "Namespace": cluster.namespace,
            "OpenMetricsPortOutsideKubernetes": settings.metrics.open_port_outside_kubernetes,
            "ParallelServerProxyPort": settings.parallel_server_proxy.port,
            "ParallelServerProxyUseMutualTLS": settings.parallel_server_proxy.use_mutual_tls,
            "PoolProxyBasePort": settings.pool_proxy.base_port,
            "RequireClientCertificate": security_.require_client_certificate,
            "RequireScriptVerification": security_.require_script_verification,
            "SecurityLevel": security_.level,
            "WorkersPerPoolProxy": settings.pool_proxy.workers_per_pool_proxy,
            "UsePoolProxy": cluster.uses_pool_proxies,
            "UseParallelServerProxy": cluster.uses_parallel_server_proxy,
            "UseSecureCommunication": security_.use_secure_communication,
            "UseSecureMetrics": cluster.secure_metrics,
        },
        "ResourceNames": {
            "CertificateFile": names.CERTIFICATE_FILE,
            "ClientMetricsSecret": names.METRICS_CLIENT_SECRET,
            "ClientMetricsCertFile": names.METRICS_CLIENT_FILES[0],
            "ClientMetricsKeyFile": names.METRICS_CLIENT_FILES[1],
            "Controller": names.CONTROLLER,
            "JobManagerContainer": names.JOB_MANAGER,
            "JobManagerLabel": f"app={names.JOB_MANAGER}",
            "JobManagerService": names.JOB_MANAGER,
            "LoadBalancer": names.INGRESS_PROXY,
            "MetricsSecret": names.METRICS_SECRET,
            "MetricsCaCertFile": names.METRICS_CA_FILE,
            "MetricsCertFile": names.METRICS_SERVER_FILES[0],
            "MetricsKeyFile": names.METRICS_SERVER_FILES[1],
            "ParallelServerProxySecret": names.PARALLEL_SERVER_PROXY_SECRET,
            "PoolProxyLabel": f"app={names.POOL_PROXY}",
            "PoolProxyTemplate": names.POOL_PROXY_TEMPLATE,
            "ProfileKey": names.PROFILE_KEY,
            "ProfileSecret": names.PROFILE_SECRET,
            "ProfileSecretPre26a": names.PROFILE_PRE_R2026A_SECRET,
            "SharedSecret": names.SHARED_SECRET,
            "SharedSecretDir": names.SECRET_DIR,
            "SharedSecretFile": names.SHARED_SECRET_FILE,
            "TemplateFile": names.TEMPLATE_FILE,
            "WorkerLabel": f"app={names.WORKER}",
            "WorkerTemplate": names.WORKER_TEMPLATE,
        },
        "AnnotationKeys": {
            "CertVolume": "mjs/cert-volume",
            "LogDir": "mjs/log-dir",
            "PoolProxyBasePort": "mjs/pool-proxy-base-port",
            "PoolProxyID": names.POOL_PROXY_ID,
            "PoolProxyPrefix": "mjs/pool-proxy-prefix",
            "SecretName": "mjs/secret-name",
            "TemplateChecksum": names.TEMPLATE_CHECKSUM,
            "UsePoolProxy": "mjs/use-pool-proxy",
            "UseSecureCommunication": "mjs/use-secure-communication",
            "WorkerDomain": "mjs/worker-domain",
            "WorkerID": "mjs/worker-id",
            "WorkerName": "mjs/worker-name",
            "WorkerPrefix": "mjs/worker-prefix",
            "WorkersPerPoolProxy": "mjs/workers-per-pool-proxy",
        },
    }


def configuration(cluster: Topology) -> Manifest:
    """ConfigMap with config.json."""
    text = json.dumps(config_json(cluster), indent=2) + "\n"
    return config_map(names.CONTROLLER_CONFIG, cluster.namespace, {CONFIG_FILE: text})


def objects(cluster: Topology, after: Sequence[Key], surplus: Sequence[str] = ()) -> Iterator[PlannedObject]:
    """The controller's objects. Its Deployment waits for `after`: it would create itself what it does not find.

    `surplus` names the pool proxies that still exist, beyond the ones that the settings need.
    """
    own = [service_account(cluster), role(cluster, surplus), role_binding(cluster), configuration(cluster)]
    planned = [PlannedObject(item, COMPONENT) for item in own]
    yield from planned
    yield PlannedObject(
        deployment(cluster),
        COMPONENT,
        after=(*(item.key for item in planned), *after),
        timeout=START_TIMEOUT,
    )


def service_account(cluster: Topology) -> Manifest:
    """Identity of the controller."""
    return manifest("v1", "ServiceAccount", names.CONTROLLER_SERVICE_ACCOUNT, cluster.namespace)


def role(cluster: Topology, surplus: Sequence[str] = ()) -> Manifest:
    """The verbs that the controller really uses, on named objects wherever RBAC can name them.

    Upstream's chart grants far more. The names of pool proxies include `surplus`: the controller reads and deletes the
    pool proxies that it no longer needs, and without the right to it fails in every period and leaves them.
    """
    # Modes without pool proxies too: after a change of mode the controller removes the ones that are left.
    needed = [f"{names.POOL_PROXY}-{index + 1}" for index in range(cluster.pool_proxy_count)]
    pool_proxies = list(dict.fromkeys([*needed, *surplus]))
    profiles = [names.PROFILE_SECRET, names.PROFILE_PRE_R2026A_SECRET]
    own = [
        names.SHARED_SECRET,
        names.METRICS_SECRET,
        names.METRICS_CLIENT_SECRET,
        names.PARALLEL_SERVER_PROXY_SECRET,
        *profiles,
    ]
    rules = [
        rule("", "pods", "list", "create", "delete"),
        rule("", "pods/exec", "create"),
        rule("", "configmaps", "get", named=[names.WORKER_TEMPLATE, names.POOL_PROXY_TEMPLATE]),
        rule("", "secrets", "get", named=own),
        rule("", "secrets", "update", named=profiles),
        rule("apps", "deployments", "get", named=[names.CONTROLLER]),
        rule("apps", "deployments", "list"),
    ]
    if cluster.open_to_outside:
        rules.append(rule("", "services", "get", named=[names.INGRESS_PROXY]))
    if cluster.uses_pool_proxies:
        rules += [rule("", "secrets", "create"), rule("apps", "deployments", "create")]
        rules += [rule("apps", "deployments", "update", named=pool_proxies)] if pool_proxies else []
    if pool_proxies:
        rules += [
            rule("", "secrets", "get", "delete", named=pool_proxies),
            rule("apps", "deployments", "delete", named=pool_proxies),
        ]
    return rbac.role(names.CONTROLLER_ROLE, cluster.namespace, rules)


def role_binding(cluster: Topology) -> Manifest:
    """Gives the role to the controller."""
    controller = rbac.service_account(names.CONTROLLER_SERVICE_ACCOUNT, cluster.namespace)
    return rbac.role_binding(names.CONTROLLER_ROLE_BINDING, cluster.namespace, names.CONTROLLER_ROLE, [controller])


def deployment(cluster: Topology) -> Manifest:
    """The controller. It owns workers and pool proxies: a replacement would take them all."""
    images = cluster.settings.images
    container = {
        "name": names.CONTROLLER,
        "image": images.reference(images.controller, CONTROLLER_TAG),
        "imagePullPolicy": str(images.controller.pull_policy),
        "args": [f"-config=/config/{CONFIG_FILE}"],
        "resources": resources(cluster.settings.controller.resources),
        "securityContext": security.container(),
        "volumeMounts": [workload.mount("config-vol", "/config")],
    }
    return pods.deployment(
        cluster,
        names.CONTROLLER,
        cluster.settings.controller,
        containers=[container],
        volumes=[{"name": "config-vol", "configMap": {"name": names.CONTROLLER_CONFIG}}],
        annotations={
            CHECKSUM: checksum(configuration(cluster)["data"]),
            # The controller reads Secrets only when it starts.
            **pods.credentials_annotation(cluster),
        },
        # The controller has no leader election: two at once would scale against each other.
        strategy="Recreate",
        service_account=names.CONTROLLER_SERVICE_ACCOUNT,
        securityContext=security.pod(security.UNPRIVILEGED_USER),
    )
