"""Every fixed name of a MATLAB cluster, once. Upstream's controller and images look for them (docs/upstream.md)."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "matlab"
"""Its key in a stack file."""
CONTROLLER: Final = "mjs-controller"
JOB_MANAGER: Final = "mjs-job-manager"
INGRESS_PROXY: Final = "mjs-ingress-proxy"
PARALLEL_SERVER_PROXY: Final = "mjs-parallel-server-proxy"
POOL_PROXY: Final = "mjs-pool-proxy"
WORKER: Final = "mjs-worker"
"""Value of the `app` label of worker pods."""
WORKERS: Final = "mjs-workers"
"""Headless Service that gives worker pods their DNS names."""
PRE_PULL: Final = "mjs-worker-image"
"""DaemonSet that keeps the workers' image on the nodes."""
MOVE_CLAIM: Final = "mjs-move-claim"
"""Job that copies the data of one claim to another (ops/move_claim)."""
HAPROXY: Final = "haproxy"
"""Container name."""

CONTROLLER_SERVICE_ACCOUNT: Final = "mjs-controller-serviceaccount"
CONTROLLER_ROLE: Final = "mjs-controller-role"
CONTROLLER_ROLE_BINDING: Final = "mjs-controller-rolebinding"

CONTROLLER_CONFIG: Final = "mjs-controller-config"
JOB_MANAGER_CONFIG: Final = "mjs-job-manager-config"
WORKER_CONFIG: Final = "mjs-worker-config"
WORKER_TEMPLATE: Final = "mjs-worker-template"
POOL_PROXY_TEMPLATE: Final = "mjs-pool-proxy-template"
INGRESS_PROXY_CONFIG: Final = "mjs-ingress-proxy-config"
TEMPLATE_FILE: Final = "pod-template.yaml"

SHARED_SECRET: Final = "mjs-shared-secret"  # noqa: S105 - a Secret's name
PARALLEL_SERVER_PROXY_SECRET: Final = "mjs-parallel-server-proxy-secret"  # noqa: S105
METRICS_SECRET: Final = "mjs-metrics-secret"  # noqa: S105
METRICS_CLIENT_SECRET: Final = "mjs-metrics-client-certs"  # noqa: S105
PROFILE_SECRET: Final = "mjs-cluster-profile"  # noqa: S105
PROFILE_PRE_R2026A_SECRET: Final = "mjs-pre26a-cluster-profile"  # noqa: S105
ADMIN_SECRET: Final = "mjs-admin-password"  # noqa: S105
LDAP_SECRET: Final = "mjs-ldap-secret"  # noqa: S105
WORKER_USER_SECRET: Final = "mjs-worker-user"  # noqa: S105 - ours; upstream has the password in two ConfigMaps (B20)

SHARED_SECRET_FILE: Final = "secret.json"  # noqa: S105
CERTIFICATE_FILE: Final = "certificate.json"
PROFILE_KEY: Final = "profile"
PASSWORD_KEY: Final = "password"  # noqa: S105
LDAP_CERTIFICATE_FILE: Final = "cert.pem"
METRICS_CA_FILE: Final = "ca.crt"
METRICS_SERVER_FILES: Final = ("jobmanager.crt", "jobmanager.key")
METRICS_CLIENT_FILES: Final = ("prometheus.crt", "prometheus.key")

CHECKPOINT_CLAIM: Final = "mjs-checkpoint"
LOG_CLAIM: Final = "mjs-log"
WORKER_LOG_CLAIM: Final = "mjs-worker-log"

CONFIG_DIR: Final = "/mjs/config"
DATABASE_DIR: Final = "/mjs/database"
LOG_DIR: Final = "/mjs/log"
SECRET_DIR: Final = "/mjs/secret"  # noqa: S105
LDAP_DIR: Final = "/mjs/ldap"
METRICS_DIR: Final = "/mjs/metrics"
MATLAB_DIR: Final = "/opt/matlab"
ADDITIONAL_MATLAB_DIR: Final = "/opt/additionalmatlab"
JAVA_DIR: Final = "/usr/local/share/matlab/mjs/java"
PROXY_CERTIFICATE_DIR: Final = "/cert"
MATLAB_ROOT_FILE: Final = "/tmp/matlab_root"  # noqa: S108 - read by the controller in the job manager's container

PROXY_CERTIFICATE_VOLUME: Final = "proxy-cert-vol"
"""The controller adds this volume to workers and pool proxies; the templates hold only its mount
(docs/upstream.md#templates)."""

KUEUE_QUEUE: Final = "kueue.x-k8s.io/queue-name"
"""Label that makes Kueue admit a pod (https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/)."""
TEMPLATE_CHECKSUM: Final = "checksum/template"
"""Annotation with which the controller marks what it made from a template (docs/upstream.md#templates)."""
POOL_PROXY_ID: Final = "mjs/pool-proxy-id"
"""Label that, with `app`, selects one pool proxy."""
