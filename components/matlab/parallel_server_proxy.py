"""The parallel server proxy, through which clients of R2026a and later connect (SOCKS5)."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names, pods
from components.matlab.controller import START_TIMEOUT
from components.matlab.defaults import PARALLEL_SERVER_PROXY_TAG
from components.matlab.topology import Topology
from components.shared import security, workload
from components.shared.manifest import Manifest, resources
from components.shared.objects import PlannedObject

COMPONENT = "ingress-proxy"
VERBOSE_LOG_LEVEL = 4


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """Its Deployment, and a Service where HAProxy is in front of it."""
    if not cluster.uses_parallel_server_proxy:
        return
    yield PlannedObject(deployment(cluster), COMPONENT, timeout=START_TIMEOUT)
    if cluster.uses_haproxy:
        yield PlannedObject(service(cluster), COMPONENT, skip_await=True)


def deployment(cluster: Topology) -> Manifest:
    """The SOCKS5 proxy. In mode new it is the ingress proxy itself."""
    settings, images = cluster.settings, cluster.settings.images
    args = ["-port", str(cluster.parallel_server_proxy_port.number)]
    volumes: list[Manifest] = []
    mounts: list[Manifest] = []
    if cluster.mutual_tls:
        args += ["-certificate", f"{names.PROXY_CERTIFICATE_DIR}/{names.CERTIFICATE_FILE}"]
        # 0444: neither root nor a known group reads it.
        source = {"secretName": names.PARALLEL_SERVER_PROXY_SECRET, "defaultMode": 0o444}
        volumes = [{"name": "proxy-secret-vol", "secret": source}]
        mounts = [workload.mount("proxy-secret-vol", names.PROXY_CERTIFICATE_DIR)]
    else:
        args.append("-disableMutualTLS")
    if settings.log_level >= VERBOSE_LOG_LEVEL:
        args.append("-verbose")
    container: Manifest = {
        "name": names.PARALLEL_SERVER_PROXY,
        "image": images.reference(images.parallel_server_proxy, PARALLEL_SERVER_PROXY_TAG),
        "imagePullPolicy": str(images.parallel_server_proxy.pull_policy),
        "args": args,
        "resources": resources(settings.parallel_server_proxy.resources),
        "securityContext": security.container(),
        **({"volumeMounts": mounts} if mounts else {}),
    }
    return pods.deployment(
        cluster,
        cluster.parallel_server_proxy_name,
        settings.parallel_server_proxy,
        containers=[container],
        volumes=volumes,
        annotations=pods.credentials_annotation(cluster, leaves=True) if cluster.mutual_tls else None,
        securityContext=security.pod(security.UNPRIVILEGED_USER),
    )


def service(cluster: Topology) -> Manifest:
    """Service through which HAProxy finds the parallel server proxy."""
    return workload.cluster_ip(
        names.PARALLEL_SERVER_PROXY,
        cluster.namespace,
        workload.app(names.PARALLEL_SERVER_PROXY),
        [cluster.parallel_server_proxy_port],
    )
