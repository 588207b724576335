"""Namespace, claims, Services and capacity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml

from components.matlab import names
from components.shared.inventory import owner
from components.shared.kube import Json
from components.shared.quantities import quantity
from ops.doctor.findings import Finding
from ops.doctor.snapshot import Snapshot

PATIENCE: Final = 60
"""Seconds that binding a claim or finding an address may take."""


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about everything but pods and credentials."""
    yield from _namespace(snapshot)
    yield from _claims(snapshot)
    yield from _services(snapshot)
    yield from _pool_proxies(snapshot)
    yield from _capacity(snapshot)


def _namespace(snapshot: Snapshot) -> Iterator[Finding]:
    itself = ("Namespace", snapshot.name)
    if (snapshot.namespace or {}).get("status", {}).get("phase") == "Terminating":
        yield Finding("MJS001", itself, "is being deleted")
    found = [
        item
        for kind in ("Deployment", "Service", "ConfigMap", "PersistentVolumeClaim", "Pod")
        for name, item in snapshot.of(kind).items()
        if name.startswith("mjs-")
    ]
    if not found:
        yield Finding("MJS002", itself, "holds no MATLAB cluster")
    owners = {owner(item) for item in found}
    known = sorted(who for who in owners if who.startswith(("stack ", "Helm release ")))
    if len(known) > 1:
        yield Finding("MJS003", itself, f"holds objects of {' and '.join(known)}")


def _claims(snapshot: Snapshot) -> Iterator[Finding]:
    classes = snapshot.of("StorageClass")
    used = _mounted_claims(snapshot)
    for name, claim in snapshot.of("PersistentVolumeClaim").items():
        phase, key = claim.get("status", {}).get("phase"), ("PersistentVolumeClaim", name)
        wanted = claim["spec"].get("storageClassName")
        if phase == "Lost":
            yield Finding("MJS031", key, "has lost its volume")
        if phase != "Pending" or not (name in used or name.startswith("mjs-")):
            continue
        if "StorageClass" in snapshot.objects and wanted and wanted not in classes:
            known = ", ".join(sorted(classes)) or "none"
            yield Finding("MJS031", key, f"is not bound: there is no StorageClass {wanted} (there is: {known})")
        elif not wanted and claim["spec"].get("volumeName") is None and wanted != "":
            yield Finding("MJS031", key, "is not bound: it names no StorageClass, and the cluster has no default one")
        elif snapshot.age(claim) > PATIENCE and not _waits_for_a_pod(classes.get(wanted or "", {}), name in used):
            yield Finding("MJS031", key, f"is not bound: {_last_event(snapshot, name) or 'nothing has provided it'}")


def _waits_for_a_pod(storage_class: Json, used: bool) -> bool:
    return storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and not used


def _mounted_claims(snapshot: Snapshot) -> set[str]:
    volumes = [volume for pod in snapshot.objects.get("Pod", ()) for volume in pod["spec"].get("volumes") or ()]
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}


def _last_event(snapshot: Snapshot, name: str) -> str:
    events = [event for event in snapshot.objects.get("Event", ()) if event["involvedObject"].get("name") == name]
    return str(events[-1].get("message", "")).strip() if events else ""


def _services(snapshot: Snapshot) -> Iterator[Finding]:
    key = ("Service", names.INGRESS_PROXY)
    service = snapshot.of("Service").get(names.INGRESS_PROXY)
    if service is None:
        if "Service" in snapshot.objects and names.INGRESS_PROXY in snapshot.of("Deployment"):
            yield Finding("MJS041", key, "is missing")
        return
    ports = service["spec"].get("ports") or ()
    if moved := [f"{port['port']} → {port['targetPort']}" for port in ports if port["targetPort"] != port["port"]]:
        yield Finding("MJS042", key, f"sends ports elsewhere: {', '.join(moved)}")
    if service["spec"].get("type") != "LoadBalancer" or snapshot.age(service) < PATIENCE:
        return
    # With a profile, clients already have another address: network.clusterHost.
    if not (service.get("status", {}).get("loadBalancer") or {}).get("ingress") and not _has_profile(snapshot):
        yield Finding("MJS040", key, "has no external address, so there is no profile")


def _has_profile(snapshot: Snapshot) -> bool:
    return "Secret" in snapshot.objects and names.PROFILE_SECRET in snapshot.of("Secret")


def _pool_proxies(snapshot: Snapshot) -> Iterator[Finding]:
    for name, item in snapshot.of("Deployment").items():
        if name.startswith(f"{names.POOL_PROXY}-") and not item["metadata"].get("ownerReferences"):
            yield Finding("MJS043", ("Deployment", name), "has no owner")


def _capacity(snapshot: Snapshot) -> Iterator[Finding]:
    """A worker that fits on no node, even on an empty one."""
    template = snapshot.of("ConfigMap").get(names.WORKER_TEMPLATE)
    nodes = snapshot.objects.get("Node")
    if template is None or not nodes:
        return
    spec = yaml.safe_load(template["data"][names.TEMPLATE_FILE])["spec"]
    requests = (spec["containers"][0].get("resources") or {}).get("requests") or {}
    for what in ("cpu", "memory"):
        if what not in requests:
            continue
        largest = max((node["status"]["allocatable"][what] for node in nodes), key=quantity)
        if quantity(str(requests[what])) > quantity(largest):
            yield Finding(
                "MJS013",
                ("ConfigMap", names.WORKER_TEMPLATE),
                f"requests {requests[what]} of {what} for each worker, and the largest node offers {largest}",
            )
