"""The pool proxies, which carry interactive pools of clients before R2026a. The controller makes their pods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.matlab import names, pods, security
from components.matlab.topology import Topology
from components.matlab.workers import COMPONENT, pool_proxy_annotations
from components.shared import workload
from components.shared.manifest import Manifest, config_map, resources, tolerations, volume_source, yaml_text
from components.shared.objects import PlannedObject
from components.shared.survey import Survey

GRACE_PERIOD = 5
_NAME = re.compile(rf"{re.escape(names.POOL_PROXY)}-\d+")


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """The pod template, and one Service for each pool proxy."""
    if not cluster.uses_pool_proxies:
        return
    template = pod_template(cluster)
    yield PlannedObject(
        config_map(names.POOL_PROXY_TEMPLATE, cluster.namespace, {names.TEMPLATE_FILE: yaml_text(template)}),
        COMPONENT,
        pod_template=template,
    )
    for number in range(1, len(cluster.pool_proxy_ports) + 1):
        yield PlannedObject(service(cluster, number), COMPONENT, skip_await=True)


def existing(cluster: Topology, survey: Survey) -> list[str]:
    """Names of the pool proxies that the controller has made, whether the settings still need them or not."""
    inventory = survey.inventories.get(cluster.namespace)
    found = {**(inventory.of("Deployment") or {}), **(inventory.of("Secret") or {})} if inventory else {}
    return sorted((name for name in found if _NAME.fullmatch(name)), key=lambda name: (len(name), name))


def service(cluster: Topology, number: int) -> Manifest:
    """Service of pool proxy `number` (from 1); the controller makes the Deployment behind it."""
    labels = {**workload.app(names.POOL_PROXY), names.POOL_PROXY_ID: str(number)}
    port = cluster.pool_proxy_ports[number - 1]
    return workload.cluster_ip(f"{names.POOL_PROXY}-{number}", cluster.namespace, labels, [port])


def pod_template(cluster: Topology) -> Manifest:
    """The PodTemplateSpec of one pool proxy; the controller adds port and log file."""
    settings, workers = cluster.settings, cluster.settings.workers
    secure = settings.security.use_secure_communication
    args = ["--loglevel", str(settings.log_level)]
    mounts = [workload.mount("log-vol", names.LOG_DIR, read_only=False)]
    if secure:
        args += ["--certificate", f"{names.PROXY_CERTIFICATE_DIR}/{names.CERTIFICATE_FILE}"]
        mounts.append(workload.mount(names.PROXY_CERTIFICATE_VOLUME, names.PROXY_CERTIFICATE_DIR))
    return {
        "metadata": settings.pool_proxy.metadata(
            workload.app(names.POOL_PROXY), {**pool_proxy_annotations(cluster), "mjs/log-dir": names.LOG_DIR}
        ),
        "spec": {
            **pods.pods(cluster),
            **settings.pool_proxy.placement(),
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": GRACE_PERIOD,
            "nodeSelector": dict(workers.node_selector),
            "tolerations": tolerations(workers.tolerations),
            "containers": [
                {
                    "name": names.POOL_PROXY,
                    "image": cluster.pool_proxy_image,
                    "imagePullPolicy": str(settings.images.pool_proxy.pull_policy),
                    "args": args,
                    "resources": resources(settings.pool_proxy.resources),
                    "securityContext": security.pool_proxy(),
                    "volumeMounts": mounts,
                }
            ],
            "volumes": [volume_source("log-vol", names.WORKER_LOG_CLAIM, settings.storage.worker_log)],
        },
    }
