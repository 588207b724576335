"""Manifests of the ways in: parallel server proxy, HAProxy, pool proxies, load balancer (facts §3.5, §3.9, §7)."""

from __future__ import annotations

from components.matlab import names
from components.matlab.defaults import HAPROXY_TAG, PARALLEL_SERVER_PROXY_TAG
from components.matlab.manifests import common
from components.matlab.manifests.workers import pool_proxy_annotations
from components.matlab.topology import Topology
from components.shared import security
from components.shared.manifest import (
    CHECKSUM,
    Manifest,
    checksum,
    config_map,
    manifest,
    resources,
    tolerations,
    volume_source,
    yaml_text,
)

HAPROXY_FILE = "haproxy.cfg"
HAPROXY_DIR = "/usr/local/etc/haproxy"
VERBOSE_LOG_LEVEL = 4
POOL_PROXY_GRACE_PERIOD = 5


def parallel_server_proxy(cluster: Topology) -> Manifest:
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
        mounts = [common.mount("proxy-secret-vol", names.PROXY_CERTIFICATE_DIR)]
    else:
        args.append("-disableMutualTLS")
    if settings.log_level >= VERBOSE_LOG_LEVEL:
        args.append("-verbose")
    container: Manifest = {
        "name": names.PARALLEL_SERVER_PROXY,
        "image": images.parallel_server_proxy.reference(PARALLEL_SERVER_PROXY_TAG),
        "imagePullPolicy": str(images.parallel_server_proxy.pull_policy),
        "args": args,
        "resources": resources(settings.parallel_server_proxy.resources),
        "securityContext": security.container(),
        **({"volumeMounts": mounts} if mounts else {}),
    }
    return common.workload(
        cluster,
        cluster.parallel_server_proxy_name,
        containers=[container],
        volumes=volumes,
        annotations=common.credentials_annotation(cluster) if cluster.mutual_tls else None,
        securityContext=security.pod(security.UNPRIVILEGED_USER),
    )


def parallel_server_proxy_service(cluster: Topology) -> Manifest:
    """Service through which HAProxy finds the parallel server proxy."""
    return common.cluster_ip(
        cluster,
        names.PARALLEL_SERVER_PROXY,
        common.app(names.PARALLEL_SERVER_PROXY),
        [cluster.parallel_server_proxy_port],
    )


def pool_proxy_service(cluster: Topology, number: int) -> Manifest:
    """Service of pool proxy `number` (from 1); the controller makes the Deployment behind it."""
    labels = {**common.app(names.POOL_PROXY), names.POOL_PROXY_ID: str(number)}
    return common.cluster_ip(cluster, f"{names.POOL_PROXY}-{number}", labels, [cluster.pool_proxy_ports[number - 1]])


def pool_proxy_template(cluster: Topology) -> Manifest:
    """ConfigMap with the pod template of a pool proxy."""
    text = yaml_text(pool_proxy_pod_template(cluster))
    return config_map(names.POOL_PROXY_TEMPLATE, cluster.namespace, {names.TEMPLATE_FILE: text})


def pool_proxy_pod_template(cluster: Topology) -> Manifest:
    """The PodTemplateSpec of one pool proxy (facts §3.9); the controller adds port and log file."""
    settings, workers = cluster.settings, cluster.settings.workers
    secure = settings.security.use_secure_communication
    args = ["--loglevel", str(settings.log_level)]
    mounts = [common.mount("log-vol", names.LOG_DIR, read_only=False)]
    if secure:
        args += ["--certificate", f"{names.PROXY_CERTIFICATE_DIR}/{names.CERTIFICATE_FILE}"]
        mounts.append(common.mount(names.PROXY_CERTIFICATE_VOLUME, names.PROXY_CERTIFICATE_DIR))
    return {
        "metadata": {
            "labels": common.app(names.POOL_PROXY),
            "annotations": {**pool_proxy_annotations(cluster), "mjs/log-dir": names.LOG_DIR},
        },
        "spec": {
            **common.pods(cluster),
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": POOL_PROXY_GRACE_PERIOD,
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


def haproxy_config(cluster: Topology) -> Manifest:
    """ConfigMap with haproxy.cfg: one frontend and one backend per port, TCP throughout (facts §7)."""
    job_manager, proxy = names.JOB_MANAGER, names.PARALLEL_SERVER_PROXY
    routes: list[tuple[str, str, str, str, int]] = []  # frontend, backend, server, Service, port
    if cluster.uses_pool_proxies:
        lookup, manager = cluster.lookup_port, cluster.job_manager_port
        routes.append(("lookup", f"{job_manager}-lookup", f"{job_manager}-lookup", job_manager, lookup))
        routes.append(("jobmanager", f"{job_manager}-jm", f"{job_manager}-jm", job_manager, manager))
    if cluster.uses_parallel_server_proxy:
        number = cluster.parallel_server_proxy_port.number
        routes.append(("parallel-server-proxy", "parallel-server-proxy", proxy, proxy, number))
    if cluster.metrics_outside:
        server = f"{job_manager}-metrics"
        routes.append(("jobmanager-metrics", server, server, job_manager, cluster.metrics_port.number))
    for index, port in enumerate(cluster.pool_proxy_ports, 1):
        name = f"{names.POOL_PROXY}-{index}"
        routes.append((name, name, name, name, port.number))
    general = (common.FILES / HAPROXY_FILE).read_text(encoding="utf-8")
    sections = [general.replace("{idle}", str(cluster.settings.haproxy.idle_timeout))]
    for frontend, backend, server, service, number in routes:
        sections.append(
            f"frontend front-{frontend}\n    bind *:{number}\n    default_backend back-{backend}\n\n"
            f"backend back-{backend}\n"
            f"    server {server} {cluster.service_host(service)}:{number} resolvers kube_dns\n"
        )
    return config_map(names.INGRESS_PROXY_CONFIG, cluster.namespace, {HAPROXY_FILE: "\n".join(sections)})


def haproxy(cluster: Topology) -> Manifest:
    """HAProxy as ingress proxy."""
    images = cluster.settings.images
    container = {
        "name": names.HAPROXY,
        "image": images.haproxy.reference(HAPROXY_TAG),
        "imagePullPolicy": str(images.haproxy.pull_policy),
        "args": ["-f", f"{HAPROXY_DIR}/{HAPROXY_FILE}"],
        "resources": resources(cluster.settings.haproxy.resources),
        "securityContext": security.container(),
        "volumeMounts": [common.mount("config-volume", HAPROXY_DIR)],
    }
    return common.workload(
        cluster,
        names.INGRESS_PROXY,
        containers=[container],
        volumes=[{"name": "config-volume", "configMap": {"name": names.INGRESS_PROXY_CONFIG}}],
        annotations={CHECKSUM: checksum(haproxy_config(cluster)["data"])},
        securityContext=security.pod(security.HAPROXY_USER),
    )


def load_balancer(cluster: Topology) -> Manifest:
    """The Service for clients outside Kubernetes, with exactly the ports of the mode (facts §1.6)."""
    balancer = cluster.settings.network.load_balancer
    external = balancer.type == "LoadBalancer"
    spec: Manifest = {
        "type": balancer.type,
        "selector": common.app(names.INGRESS_PROXY),
        "ports": common.service_ports(cluster.load_balancer_ports, node_ports=balancer.type == "NodePort"),
    }
    if external and balancer.source_ranges:
        spec["loadBalancerSourceRanges"] = list(balancer.source_ranges)
    if external and balancer.load_balancer_class:
        spec["loadBalancerClass"] = balancer.load_balancer_class
    return manifest(
        "v1",
        "Service",
        names.INGRESS_PROXY,
        cluster.namespace,
        labels=common.app(names.INGRESS_PROXY),
        annotations=balancer.annotations,
        spec=spec,
    )
