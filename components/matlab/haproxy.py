"""HAProxy, the way in where clients need more than one port."""

from __future__ import annotations

from collections.abc import Iterator

from components.matlab import names, pods
from components.matlab.controller import START_TIMEOUT
from components.matlab.defaults import HAPROXY_TAG
from components.matlab.security import HAPROXY_USER
from components.matlab.topology import Topology
from components.shared import security, workload
from components.shared.manifest import CHECKSUM, Manifest, checksum, config_map, resources
from components.shared.objects import PlannedObject

COMPONENT = "ingress-proxy"
HAPROXY_FILE = "haproxy.cfg"
HAPROXY_DIR = "/usr/local/etc/haproxy"


def objects(cluster: Topology) -> Iterator[PlannedObject]:
    """Its ConfigMap and Deployment, in the modes that use it."""
    if cluster.uses_haproxy:
        yield PlannedObject(configuration(cluster), COMPONENT)
        yield PlannedObject(deployment(cluster), COMPONENT, timeout=START_TIMEOUT)


def configuration(cluster: Topology) -> Manifest:
    """ConfigMap with haproxy.cfg: one frontend and one backend per port, TCP throughout."""
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
    general = (pods.FILES / HAPROXY_FILE).read_text(encoding="utf-8")
    sections = [general.replace("{idle}", str(cluster.settings.haproxy.idle_timeout))]
    # One socket for both families; a kernel without IPv6 refuses it.
    listen, families = ("::", " v4v6") if cluster.settings.haproxy.bind_ipv6 else ("*", "")
    for frontend, backend, server, service, number in routes:
        sections.append(
            f"frontend front-{frontend}\n    bind {listen}:{number}{families}\n    default_backend back-{backend}\n\n"
            f"backend back-{backend}\n"
            f"    server {server} {cluster.service_host(service)}:{number} resolvers kube_dns\n"
        )
    return config_map(names.INGRESS_PROXY_CONFIG, cluster.namespace, {HAPROXY_FILE: "\n".join(sections)})


def listens(cluster: Topology) -> list[str]:
    """The command that succeeds while HAProxy listens.

    It opens all of its ports or none, so one port tells. A connection to it would reach the Service behind it. In the
    kernel's table, a socket that listens has the state 0A (https://docs.kernel.org/networking/proc_net_tcp.html).
    """
    table = "/proc/net/tcp6" if cluster.settings.haproxy.bind_ipv6 else "/proc/net/tcp"
    return ["grep", "-q", f":{cluster.load_balancer_ports[0].number:04X} 0*:0000 0A ", table]


def deployment(cluster: Topology) -> Manifest:
    """HAProxy as ingress proxy."""
    images = cluster.settings.images
    container = {
        "name": names.HAPROXY,
        "image": images.reference(images.haproxy, HAPROXY_TAG),
        "imagePullPolicy": str(images.haproxy.pull_policy),
        "args": ["-f", f"{HAPROXY_DIR}/{HAPROXY_FILE}"],
        "resources": resources(cluster.settings.haproxy.resources),
        "readinessProbe": {"exec": {"command": listens(cluster)}, "periodSeconds": 5, "timeoutSeconds": 5},
        "securityContext": security.container(),
        "volumeMounts": [workload.mount("config-volume", HAPROXY_DIR)],
    }
    return pods.deployment(
        cluster,
        names.INGRESS_PROXY,
        cluster.settings.haproxy,
        containers=[container],
        volumes=[{"name": "config-volume", "configMap": {"name": names.INGRESS_PROXY_CONFIG}}],
        annotations={CHECKSUM: checksum(configuration(cluster)["data"])},
        securityContext=security.pod(HAPROXY_USER),
    )
