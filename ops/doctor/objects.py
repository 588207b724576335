"""Namespace, claims, and objects that somebody deleted: what every system can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.shared.inventory import owner
from components.shared.kube import Json
from components.shared.objects import references
from ops.doctor.findings import Finding
from ops.doctor.place import Place
from ops.doctor.snapshot import Snapshot

PATIENCE: Final = 60
"""Seconds that binding a claim or finding an address may take."""
CLAIM: Final = "PersistentVolumeClaim"
RIGHTS: Final = ("Role", "RoleBinding", "ServiceAccount")
_MARKS: Final = ("Deployment", "StatefulSet", "Job", "Service", "ConfigMap", CLAIM, "Pod")
"""Kinds that show whether the system is deployed at all."""


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about the namespace, its claims, and what is missing in it."""
    yield from _namespace(place, snapshot)
    yield from _claims(place, snapshot)
    yield from _deleted(place, snapshot)
    yield from _stopped(place, snapshot)


def _namespace(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    itself = ("Namespace", snapshot.name)
    if (snapshot.namespace or {}).get("status", {}).get("phase") == "Terminating":
        yield Finding(place.code("001"), itself, "is being deleted")
    found = [
        item
        for kind in (*_MARKS, "EndpointSlice", "Secret", *RIGHTS)
        for name, item in snapshot.of(kind).items()
        if (kind in _MARKS and name.startswith("mjs-") if place.system == "matlab" else (kind, name) in place.planned)
    ]
    expected = _MARKS if place.system == "matlab" else {kind for kind, _ in place.planned}
    if not found and (snapshot.exists is False or any(kind in snapshot.objects for kind in expected)):
        yield Finding(place.code("002"), itself, f"holds no {place.name}")
    owners = {owner(item) for item in found}
    known = sorted(who for who in owners if who.startswith(("stack ", "Helm release ")))
    if len(known) > 1:
        yield Finding(place.code("003"), itself, f"holds objects of {' and '.join(known)}")


def _claims(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    classes = snapshot.of("StorageClass")
    used = _mounted_claims(snapshot)
    for name, claim in snapshot.of(CLAIM).items():
        phase, key, code = claim.get("status", {}).get("phase"), (CLAIM, name), place.code("031")
        wanted = claim["spec"].get("storageClassName")
        if phase == "Lost":
            yield Finding(code, key, "has lost its volume")
        if not (name in used or name.startswith("mjs-") or key in place.planned):
            continue
        if "deletionTimestamp" in claim["metadata"]:
            words = "is being deleted, and will be gone when no pod uses it any more"
            yield Finding(place.code("033"), key, words, remedy=_keep(claim["spec"].get("volumeName")))
        if phase != "Pending":
            continue
        if "StorageClass" in snapshot.objects and wanted and wanted not in classes:
            known = ", ".join(sorted(classes)) or "none"
            yield Finding(code, key, f"is not bound: there is no StorageClass {wanted} (available: {known})")
        elif not wanted and claim["spec"].get("volumeName") is None and wanted != "":
            yield Finding(code, key, "is not bound: it names no StorageClass, and the cluster has no default one")
        elif snapshot.age(claim) > PATIENCE and not _waits_for_a_pod(classes.get(wanted or "", {}), name in used):
            yield Finding(code, key, f"is not bound: {_last_event(snapshot, name) or 'nothing has provisioned it'}")


def _keep(volume: str | None) -> str:
    patch = f"kubectl patch persistentvolume {volume or 'VOLUME'} --patch"
    retain, free = ('{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}', '{"spec":{"claimRef":null}}')
    return (
        f"Do not stop or restart its pods. First run `{patch} '{retain}'`, so that the data outlives the claim. When "
        f"the claim is gone, run `{patch} '{free}'`, and create a claim that names this volume (spec.volumeName)."
    )


def _waits_for_a_pod(storage_class: Json, used: bool) -> bool:
    return storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and not used


def _mounted_claims(snapshot: Snapshot) -> set[str]:
    return {name for pod in snapshot.objects.get("Pod", ()) for kind, name in references(pod) if kind == CLAIM}


def _last_event(snapshot: Snapshot, name: str) -> str:
    events = [event for event in snapshot.objects.get("Event", ()) if event["involvedObject"].get("name") == name]
    return str(events[-1].get("message", "")).strip() if events else ""


def _deleted(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """What the stack has made, and somebody has deleted.

    MATLAB's other objects have rows of their own: pods miss Secrets and ConfigMaps, and the Service is for clients.
    """
    for kind, name in place.planned:
        if kind not in snapshot.objects or name in snapshot.of(kind):
            continue
        if kind in RIGHTS and place.system != "arkouda":
            yield Finding(place.code("027"), (kind, name), "is missing")
        elif place.system != "matlab":
            yield Finding(place.code("026"), (kind, name), "is missing")


def _stopped(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """What should run, and was scaled to nothing."""
    for kind in ("Deployment", "StatefulSet"):
        for name, item in snapshot.of(kind).items():
            planned = place.planned.get((kind, name))
            own = name in place.apps if planned is None else planned.manifest["spec"].get("replicas", 1) > 0
            if own and item["spec"].get("replicas", 1) == 0:
                yield Finding(place.code("028"), (kind, name), "is stopped: it has 0 replicas")
