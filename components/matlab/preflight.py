"""What a cluster says against one MATLAB cluster on it: foreign objects, missing claims, unfit storage, wrong ports.

Upstream checks some of this in its templates, and only where they can query the cluster (facts §2 X4 to X6, B22, B43).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.matlab import names
from components.matlab.rules import NO_WORKER_STARTS, RESTRICTED
from components.matlab.storage import own_claims
from components.matlab.topology import Topology
from components.shared.fields import quantity
from components.shared.groups import AccessMode, Volume
from components.shared.inventory import Inventory, owner
from components.shared.kube import Json
from components.shared.mistakes import Mistake, dotted
from components.shared.namespace import ENFORCE

ONE_NODE_PROVISIONERS: Final = {
    "disk.csi.azure.com",
    "docker.io/hostpath",
    "ebs.csi.aws.com",
    "kubernetes.io/aws-ebs",
    "kubernetes.io/azure-disk",
    "kubernetes.io/gce-pd",
    "pd.csi.storage.gke.io",
    "rancher.io/local-path",
}
"""Provisioners of block or local storage: a claim that many nodes shall mount stays Pending for ever."""
VOLUME_PATHS: Final = {
    names.CHECKPOINT_CLAIM: "matlab.storage.checkpoint",
    names.LOG_CLAIM: "matlab.storage.log",
    names.WORKER_LOG_CLAIM: "matlab.storage.workerLog",
}


def objections(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    """Every reason not to touch the cluster."""
    yield from _namespace(cluster, found)
    yield from _foreign(cluster, found)
    yield from _claims(cluster, found)
    yield from _secrets(cluster, found)
    yield from _load_balancer(cluster, found)


def doubts(cluster: Topology, found: Inventory) -> Iterator[str]:
    """What deserves a warning."""
    if found.storage_classes is None and own_claims(cluster):
        yield "matlab.storage: your user may not read StorageClasses, so they were not checked."


def _namespace(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    name, path = cluster.namespace, "matlab.namespace"
    if not found.namespace_readable:
        return
    if found.namespace is None:
        if not cluster.settings.namespace.create:
            yield Mistake(
                f"{path}.name", f"namespace {name} does not exist", f"Create it, or set {path}.create to true."
            )
        return
    if found.namespace.get("status", {}).get("phase") == "Terminating":
        yield Mistake(f"{path}.name", f"namespace {name} is being deleted", "Wait until it is gone, then try again.")
    elif cluster.settings.namespace.create and not found.is_ours(found.namespace):
        yield Mistake(
            f"{path}.create",
            f"is true, but namespace {name} exists and belongs to {owner(found.namespace)}",
            "Set it to false to use that namespace as it is, or choose another name.",
        )
    elif not cluster.settings.namespace.create:
        labels = found.namespace["metadata"].get("labels") or {}
        if labels.get(ENFORCE) == RESTRICTED:
            yield Mistake(
                f"{path}.name",
                f"the Pod Security level of namespace {name} {NO_WORKER_STARTS}",
                f"Set its label {ENFORCE} to baseline, or choose another namespace.",
            )


def _foreign(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    brought = {("Service", names.INGRESS_PROXY)} if not cluster.settings.network.load_balancer.create else set()
    if cluster.settings.metrics.bring_own_certificates:
        brought |= {("Secret", names.METRICS_SECRET), ("Secret", names.METRICS_CLIENT_SECRET)}
    fixed = {value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)}
    kinds = {
        "Deployment": found.deployments,
        "Service": found.services,
        "ConfigMap": found.config_maps,
        "Secret": found.secrets,
        "PersistentVolumeClaim": _wanted(cluster, found.claims),
    }
    foreign: dict[str, list[str]] = {}
    for kind, items in kinds.items():
        for name, item in (items or {}).items():
            if name in fixed and (kind, name) not in brought and not _is_ours(found, item):
                foreign.setdefault(owner(item), []).append(f"{kind}/{name}")
    for who, objects in foreign.items():
        yield Mistake(
            "matlab.namespace.name",
            f"namespace {cluster.namespace} already holds MJS objects of {who}: {', '.join(sorted(objects))}",
            "Choose another namespace; names are fixed, so a namespace holds one MATLAB cluster.",
        )


def _is_ours(found: Inventory, item: Json) -> bool:
    # The controller rewrites a profile without its labels (B38), and owns what it writes.
    controller = (found.deployments or {}).get(names.CONTROLLER)
    owners = [reference["uid"] for reference in item["metadata"].get("ownerReferences", [])]
    written = controller is not None and controller["metadata"]["uid"] in owners
    return found.is_ours(item) or (written and controller is not None and found.is_ours(controller))


def _wanted(cluster: Topology, claims: dict[str, Json] | None) -> dict[str, Json]:
    # Only a claim that the stack would make: one that the config names may be anybody's.
    return {name: claim for name, claim in (claims or {}).items() if name in own_claims(cluster)}


def _claims(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    if found.claims is None:
        return
    for path, name in _named_claims(cluster):
        if name not in found.claims:
            yield Mistake(
                path,
                f"namespace {cluster.namespace} has no PersistentVolumeClaim {name}",
                "Create it, or correct the name.",
            )
    own = own_claims(cluster)
    for name, volume in own.items():
        if name in found.claims:
            yield from _changed(name, volume, found.claims[name])
        else:
            yield from _storage_class(VOLUME_PATHS[name], volume, found)
    named = {name for _, name in _named_claims(cluster)}
    for name, claim in found.claims.items():
        if name in VOLUME_PATHS and name not in own and name not in named and found.is_ours(claim):
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


def _changed(name: str, volume: Volume, claim: Json) -> Iterator[Mistake]:
    """Changes that would replace a claim, and so lose its data."""
    path, spec = VOLUME_PATHS[name], claim["spec"]
    keep = "Keep it, or move the data as docs/data.md says."
    if sorted(spec.get("accessModes", [])) != sorted(map(str, volume.access_modes)):
        modes = ", ".join(spec.get("accessModes", []))
        yield Mistake(f"{path}.accessModes", f"claim {name} has {modes}, which cannot be changed", keep)
    if volume.storage_class and volume.storage_class != spec.get("storageClassName"):
        given = spec.get("storageClassName")
        yield Mistake(f"{path}.storageClass", f"claim {name} has {given}, which cannot be changed", keep)
    size = spec.get("resources", {}).get("requests", {}).get("storage", "0")
    if quantity(volume.size) < quantity(size):
        yield Mistake(f"{path}.size", f"claim {name} has {size}, and a claim never shrinks", f"Write {size} or more.")


def _storage_class(path: str, volume: Volume, found: Inventory) -> Iterator[Mistake]:
    if found.storage_classes is None:
        return
    known = ", ".join(sorted(found.storage_classes)) or "none"
    name = volume.storage_class or found.default_storage_class()
    if name is None:
        yield Mistake(
            f"{path}.storageClass",
            "the cluster has no default StorageClass",
            f"Name one of its classes ({known}), or an existing claim in {path}.claim.",
        )
    elif name not in found.storage_classes:
        yield Mistake(
            f"{path}.storageClass", f"the cluster has no StorageClass {name}", f"Name one of its classes: {known}."
        )
    elif (
        AccessMode.READ_WRITE_MANY in volume.access_modes
        and found.storage_classes[name].get("provisioner") in ONE_NODE_PROVISIONERS
    ):
        provisioner = found.storage_classes[name]["provisioner"]
        yield Mistake(
            f"{path}.storageClass",
            f"class {name} ({provisioner}) gives storage for one node, and this claim is for many (ReadWriteMany)",
            f"Name a class of a shared file system, or set {path}.persistent to false.",
        )


def _secrets(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    if found.secrets is None:
        return
    settings = cluster.settings
    wanted = [(f"matlab.images.pullSecrets[{index}]", name) for index, name in enumerate(settings.images.pull_secrets)]
    if settings.metrics.bring_own_certificates:
        wanted.append(("matlab.metrics.bringOwnCertificates", names.METRICS_SECRET))
    for path, name in wanted:
        if name not in found.secrets:
            yield Mistake(path, f"namespace {cluster.namespace} has no Secret {name}", "Create it first.")


def _load_balancer(cluster: Topology, found: Inventory) -> Iterator[Mistake]:
    network, path = cluster.settings.network, "matlab.network.loadBalancer.create"
    if network.load_balancer.create or not cluster.open_to_outside or found.services is None:
        return
    service = found.services.get(names.INGRESS_PROXY)
    if service is None:
        yield Mistake(
            path,
            f"is false, but namespace {cluster.namespace} has no Service {names.INGRESS_PROXY}",
            "Create it with the ports of docs/network.md, or set this to true.",
        )
        return
    # The controller refuses a port that differs from its target port, and misses some ports (facts §4.5, B5).
    ports = {port["port"]: port.get("targetPort") for port in service["spec"].get("ports", [])}
    missing = [str(port.number) for port in cluster.load_balancer_ports if port.number not in ports]
    moved = [f"{port} → {target}" for port, target in ports.items() if target != port]
    if missing:
        yield Mistake(path, f"Service {names.INGRESS_PROXY} lacks port {', '.join(missing)}", "Add it to the Service.")
    if moved:
        yield Mistake(
            path,
            f"Service {names.INGRESS_PROXY} sends ports elsewhere: {', '.join(moved)}",
            "Make every targetPort the number of its port.",
        )
