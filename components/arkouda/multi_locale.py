"""A server whose locales are pods: the server starts its processes there over SSH, and they talk over UDP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.arkouda import access, names, pods
from components.arkouda.defaults import NEWEST_TAG
from components.arkouda.server_settings import MultiLocale
from components.arkouda.topology import Topology, ports
from components.shared import workload
from components.shared.manifest import CHECKSUM, Manifest, checksum, manifest
from components.shared.objects import PlannedObject, secret
from components.shared.workload import Port, mount

READ_BY_OWNER = 0o400
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
SSH = Port("ssh", names.SSH_PORT)


def locale_app(server: MultiLocale) -> str:
    """Name and `app` label of the locales."""
    return f"{server.name}{names.LOCALE_SUFFIX}"


def ssh_secret(server: MultiLocale) -> str:
    """Name of the Secret with the SSH keys."""
    return f"{server.name}{names.SSH_SUFFIX}"


def locale_hosts(cluster: Topology, server: MultiLocale) -> list[str]:
    """Names of the locales' pods. The server's own pod is the first locale and not among them."""
    service = f"{server.name}{names.LOCALES_SUFFIX}.{cluster.namespace}.svc"
    return [f"{locale_app(server)}-{index}.{service}" for index in range(server.locales - 1)]


def objects(cluster: Topology, server: MultiLocale, component: str) -> Iterator[PlannedObject]:
    """The server's objects; locales and server come last and at the same time."""
    yield from pods.claim_objects(cluster, server, component)
    yield from access.objects(cluster, server, component)
    yield PlannedObject(secret(ssh_secret(server), cluster.namespace), component)
    configuration = pods.configuration(cluster, server, locale_hosts(cluster, server))
    yield PlannedObject(configuration, component)
    yield PlannedObject(headless(cluster, server), component, skip_await=True)
    service = workload.cluster_ip(server.name, cluster.namespace, workload.app(server.name), ports(server))
    yield PlannedObject(service, component, skip_await=True)
    if server.survive_drains:
        yield PlannedObject(workload.budget(server.name, cluster.namespace), component)
        yield PlannedObject(workload.budget(locale_app(server), cluster.namespace), component)
    yield PlannedObject(locales(cluster, server, configuration), component, timeout=server.start_timeout)
    yield PlannedObject(deployment(cluster, server, configuration), component, timeout=server.start_timeout)


def headless(cluster: Topology, server: MultiLocale) -> Manifest:
    """Gives each locale a name, Ready or not: the server waits for them itself."""
    return manifest(
        "v1",
        "Service",
        f"{server.name}{names.LOCALES_SUFFIX}",
        cluster.namespace,
        spec={
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": workload.app(locale_app(server)),
            "ports": workload.service_ports([SSH]),
        },
    )


def _spread(server: MultiLocale) -> dict[str, Any]:
    """The affinity of the settings, and a node of its own for every locale."""
    if not server.spread:
        return {}
    apps = {"key": "app", "operator": "In", "values": [server.name, locale_app(server)]}
    term = {"labelSelector": {"matchExpressions": [apps]}, "topologyKey": "kubernetes.io/hostname"}
    apart = server.affinity.get("podAntiAffinity", {})
    terms = [*apart.get(_REQUIRED, ()), term]
    return {"affinity": {**server.affinity, "podAntiAffinity": {**apart, _REQUIRED: terms}}}


def _keys(server: MultiLocale) -> Manifest:
    return {"name": "ssh", "secret": {"secretName": ssh_secret(server), "defaultMode": READ_BY_OWNER}}


def _pod_ip() -> Manifest:
    return {"name": "ARKOUDA_POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def _parts(cluster: Topology, server: MultiLocale, script: str, ports_: tuple[Port, ...]) -> dict[str, Any]:
    """What the pod specs of server and locales have in common."""
    container = pods.container(
        server,
        server.image.reference(NEWEST_TAG),
        script,
        ports=ports_,
        mounts=[mount("ssh", names.SSH_DIR)],
        variables=[_pod_ip()],
    )
    return {
        "containers": [container],
        "volumes": [*pods.volumes(server), _keys(server)],
        "node_selector": server.node_selector,
        "tolerated": server.tolerations,
        "group": server,
        **_spread(server),
        **pods.pod(cluster, server),
    }


def deployment(cluster: Topology, server: MultiLocale, configuration: Manifest) -> Manifest:
    """The pod with the first locale, to which clients connect."""
    return workload.deployment(
        server.name,
        cluster.namespace,
        annotations={CHECKSUM: checksum(configuration["data"]), **access.pod_annotations(server)},
        strategy="Recreate",
        **_parts(cluster, server, pods.SERVER_SCRIPTS[0], (*ports(server), SSH)),
    )


def locales(cluster: Topology, server: MultiLocale, configuration: Manifest) -> Manifest:
    """The other locales. Their names stay when a pod is replaced, and all of them start at once."""
    app = locale_app(server)
    # Locales do not run the server's command line, so a change of it must not restart them.
    own = {name: configuration["data"][name] for name in (pods.SERVER_SCRIPTS[1], *pods.LOCALE_SCRIPTS)}
    template = workload.pod_template(
        workload.app(app),
        annotations={CHECKSUM: checksum(own)},
        **_parts(cluster, server, pods.LOCALE_SCRIPTS[1], (SSH,)),
    )
    return manifest(
        "apps/v1",
        "StatefulSet",
        app,
        cluster.namespace,
        labels=workload.app(app),
        spec={
            "serviceName": f"{server.name}{names.LOCALES_SUFFIX}",
            "replicas": server.locales - 1,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": workload.app(app)},
            "template": template,
        },
    )
