"""Checks a MATLAB cluster against its Kubernetes cluster: missing claims, unsuitable storage, wrong ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.matlab import metrics, names, rotation, snapshots
from components.matlab.job_queue import paused_since
from components.matlab.rules import NO_WORKER_STARTS, RESTRICTED
from components.matlab.storage import own_claims
from components.matlab.topology import Topology
from components.shared import claims, classes, namespace
from components.shared.existing import missing
from components.shared.inventory import Inventory
from components.shared.kube import Json
from components.shared.mistakes import MISSING, MISSING_KIND, NAMESPACE, Mistake, dotted
from components.shared.network_policy import closed_ports
from components.shared.survey import Survey

VOLUME_PATHS: Final = {
    names.CHECKPOINT_CLAIM: "matlab.storage.checkpoint",
    names.LOG_CLAIM: "matlab.storage.log",
    names.WORKER_LOG_CLAIM: "matlab.storage.workerLog",
}


def objections(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    """Every reason not to touch the cluster."""
    yield from _namespace(cluster, inventory)
    yield from _claims(cluster, inventory)
    yield from _secrets(cluster, inventory)
    yield from _files(cluster, inventory)
    yield from _load_balancer(cluster, inventory)
    yield from _ip_families(cluster, inventory)
    yield from _snapshots(cluster, inventory)
    yield from classes.of_groups(cluster.settings, "matlab", inventory)


def concerns(cluster: Topology, survey: Survey) -> Iterator[str]:
    """What deserves a warning."""
    yield from rotation.announcement(cluster.settings.security, survey.certificates)
    yield from metrics.concerns(cluster, survey)
    if since := paused_since(survey, cluster.namespace):
        yield f"An interrupted run has left the queue of the job manager paused since {since}. `up` resumes it."
    if survey.inventories[cluster.namespace].of("StorageClass") is None and own_claims(cluster):
        yield "matlab.storage: your user is not allowed to read StorageClasses, so they were not checked."
    inventory = survey.inventories[cluster.namespace]
    if cluster.settings.updates.snapshot.snapshot_class and inventory.of(snapshots.CLASS) is None:
        yield (
            "matlab.updates.snapshot.class: your user is not allowed to read VolumeSnapshotClasses, so it was not "
            "checked."
        )
    policies = cluster.settings.network.policies
    if policies.enabled:
        path = "matlab.network.policies"
        yield from closed_ports(
            f"{path}.apiServerPorts", "the API server", policies.api_server_ports, survey.api_server_ports
        )
        yield from closed_ports(f"{path}.dnsPorts", "cluster DNS", policies.dns_ports, survey.dns_ports)


def _namespace(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    settings, path = cluster.settings.namespace, "matlab.namespace"
    yield from namespace.objections(settings, path, inventory)
    if not settings.create and inventory.namespace:
        labels = inventory.namespace["metadata"].get("labels") or {}
        if labels.get(namespace.ENFORCE) == RESTRICTED:
            yield Mistake(
                f"{path}.name",
                f"the Pod Security level of namespace {settings.name} {NO_WORKER_STARTS}",
                f"Set its label {namespace.ENFORCE} to baseline, or choose another namespace.",
                NAMESPACE,
            )


def _claims(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    existing = inventory.of("PersistentVolumeClaim")
    if existing is None:
        return
    yield from missing("PersistentVolumeClaim", _named_claims(cluster), cluster.namespace, inventory)
    own = own_claims(cluster)
    for name, volume in own.items():
        if name in existing:
            yield from claims.changed(VOLUME_PATHS[name], name, volume, existing[name])
        else:
            yield from claims.storage_class(VOLUME_PATHS[name], volume, inventory)
    named = {name for _, name in _named_claims(cluster)}
    for name in existing:
        is_used = name in own or name in named
        if name in VOLUME_PATHS and not is_used and inventory.is_ours("PersistentVolumeClaim", name):
            yield Mistake(
                VOLUME_PATHS[name],
                f"no longer uses PersistentVolumeClaim {name}, which holds data of this stack and is protected",
                "Move the data and remove the claim as docs/data.md says, or restore the setting.",
            )


def _named_claims(cluster: Topology) -> Iterator[tuple[str, str]]:
    """Config path and name of every claim that the user brings."""
    settings, installation = cluster.settings, cluster.settings.installation
    storage = settings.storage
    for path, volume in zip(VOLUME_PATHS.values(), (storage.checkpoint, storage.log, storage.worker_log), strict=True):
        if volume.claim:
            yield f"{path}.claim", volume.claim
    if installation.claim:
        yield "matlab.installation.claim", installation.claim
    if installation.java_claim:
        yield "matlab.installation.javaClaim", installation.java_claim
    for index, name in enumerate(installation.additional_claims):
        yield f"matlab.installation.additionalClaims[{index}]", name
    for name in settings.workers.claims:
        yield dotted(["matlab", "workers", "claims", name]), name


def _files(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    """ConfigMaps and Secrets that pods mount: a worker without one never starts, and only its own events say so."""
    settings = cluster.settings
    for group, pods in (("workers", settings.workers), ("jobManager", settings.job_manager)):
        for setting, kind, mounted in (
            ("configMaps", "ConfigMap", pods.config_maps),
            ("secrets", "Secret", pods.secrets),
        ):
            named = [(dotted(["matlab", group, setting, name]), name) for name in mounted]
            yield from missing(kind, named, cluster.namespace, inventory)


def _secrets(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    settings = cluster.settings
    named = [(f"matlab.images.pullSecrets[{index}]", name) for index, name in enumerate(settings.images.pull_secrets)]
    if settings.metrics.bring_own_certificates:
        brought = [names.METRICS_SECRET, *([names.METRICS_CLIENT_SECRET] if settings.metrics.service_monitor else [])]
        named += [("matlab.metrics.bringOwnCertificates", name) for name in brought]
    yield from missing("Secret", named, cluster.namespace, inventory)


def _snapshots(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    name, path = cluster.settings.updates.snapshot.snapshot_class, "matlab.updates.snapshot.class"
    if name is None:
        return
    if snapshots.CLASS in inventory.unknown_kinds:
        yield Mistake(
            path,
            "the Kubernetes cluster has no VolumeSnapshots",
            "Install https://github.com/kubernetes-csi/external-snapshotter, or remove it.",
            MISSING_KIND,
        )
    else:
        yield from missing(snapshots.CLASS, [(path, name)], "", inventory)


def _load_balancer(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    path = "matlab.network.loadBalancer.create"
    services = inventory.of("Service")
    if not cluster.open_to_outside or cluster.uses_gateway or services is None:
        return
    service = services.get(names.INGRESS_PROXY)
    if cluster.settings.network.load_balancer.create:
        if service is not None:
            yield from _load_balancer_class(cluster, service)
        return
    if service is None:
        yield Mistake(
            path,
            f"is false, but namespace {cluster.namespace} has no Service {names.INGRESS_PROXY}",
            "Create it with the ports of docs/network.md, or set this to true.",
            MISSING,
        )
        return
    # The controller rejects a port that differs from its target port, but does not notice every missing port (B5).
    ports = {port["port"]: port.get("targetPort") for port in service["spec"].get("ports", [])}
    missing = [str(port.number) for port in cluster.load_balancer_ports if port.number not in ports]
    moved = [f"{port} → {target}" for port, target in ports.items() if target != port]
    if missing:
        yield Mistake(path, f"Service {names.INGRESS_PROXY} lacks port {', '.join(missing)}", "Add it to the Service.")
    if moved:
        yield Mistake(
            path,
            f"Service {names.INGRESS_PROXY} maps ports to other numbers: {', '.join(moved)}",
            "Make every targetPort the number of its port.",
        )


def _ip_families(cluster: Topology, inventory: Inventory) -> Iterator[Mistake]:
    # https://kubernetes.io/docs/concepts/services-networking/dual-stack/: the first family of a Service never changes.
    wanted = cluster.settings.network.ip_families
    services = {
        name: service["spec"].get("ipFamilies")
        for name, service in (inventory.of("Service") or {}).items()
        if inventory.is_ours("Service", name)
    }
    others = {name: present[0] for name, present in services.items() if wanted and present and present[0] != wanted[0]}
    if others:
        first, *_ = others.values()
        yield Mistake(
            "matlab.network.ipFamilies",
            f"Service {', '.join(sorted(others))} has {first} as its first family, which cannot be changed",
            f"List {first} first, or delete the Services and run `pulumi refresh`; the external address then changes.",
        )


def _load_balancer_class(cluster: Topology, service: Json) -> Iterator[Mistake]:
    # https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class: once set, it cannot change.
    balancer, spec = cluster.settings.network.load_balancer, service["spec"]
    if not balancer.type == "LoadBalancer" == spec.get("type"):
        return
    present, wanted = spec.get("loadBalancerClass"), balancer.load_balancer_class
    # Without the setting, the class that a cloud added stays; one that was applied would be removed.
    removed = wanted is None and present and _was_applied(service, "loadBalancerClass")
    if removed or (wanted is not None and wanted != present):
        yield Mistake(
            "matlab.network.loadBalancer.class",
            f"Service {names.INGRESS_PROXY} was created with {present or 'the default class'}, which cannot be changed",
            f"Restore the setting. Or run `kubectl -n {cluster.namespace} delete service {names.INGRESS_PROXY}` and "
            "`pulumi refresh` first; the external address then changes, and users need the new profile.",
        )


def _was_applied(item: Json, field: str) -> bool:
    """Whether a field of `spec` came with an apply, and not from the API server or from a webhook."""
    managers = item["metadata"].get("managedFields") or ()
    applied = (entry.get("fieldsV1", {}) for entry in managers if entry.get("operation") == "Apply")
    return any(f"f:{field}" in fields.get("f:spec", {}) for fields in applied)
