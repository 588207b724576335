"""What only a MATLAB cluster can have: its Deployments, the Service for clients, pool proxies, workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.matlab import names
from components.matlab.job_queue import PAUSED
from components.shared.quantities import quantity
from ops.doctor import credentials, pods
from ops.doctor.findings import Finding
from ops.doctor.objects import PATIENCE
from ops.doctor.place import Place, app
from ops.doctor.snapshot import Snapshot, time

LONGEST_UPDATE: Final = 3600
"""Seconds for which a paused queue is no reason to worry."""


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about a MATLAB cluster alone."""
    yield from _deployments(place, snapshot)
    yield from _queue(snapshot)
    yield from pods.failed_workers(place, snapshot)
    yield from _services(snapshot)
    yield from _pool_proxies(snapshot)
    yield from _largest_node(snapshot)
    yield from credentials.findings(snapshot)


def _deployments(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """The controller and the job manager belong to every cluster."""
    present = snapshot.of("Deployment")
    has_pods = any(app(pod) in place.apps for pod in snapshot.objects.get("Pod", ()))
    if "Deployment" in snapshot.objects and (present.keys() & place.apps or has_pods):
        for name in (names.JOB_MANAGER, names.CONTROLLER):
            if name not in present:
                yield Finding("MJS026", ("Deployment", name), "is missing")


def _queue(snapshot: Snapshot) -> Iterator[Finding]:
    """A pause that an update has left behind. A queue that somebody else paused looks like one that runs."""
    found = snapshot.of("Deployment").get(names.JOB_MANAGER, {"metadata": {}})
    since = (found["metadata"].get("annotations") or {}).get(PAUSED)
    if since and (snapshot.taken - time(since)).total_seconds() > LONGEST_UPDATE:
        yield Finding("MJS029", ("Deployment", names.JOB_MANAGER), f"has had a paused queue since {since}")


def _services(snapshot: Snapshot) -> Iterator[Finding]:
    key = ("Service", names.INGRESS_PROXY)
    service = snapshot.of("Service").get(names.INGRESS_PROXY)
    if service is None:
        if "Service" in snapshot.objects and names.INGRESS_PROXY in snapshot.of("Deployment"):
            yield Finding("MJS041", key, "is missing")
        return
    ports = service["spec"].get("ports") or ()
    if moved := [f"{port['port']} → {port['targetPort']}" for port in ports if port["targetPort"] != port["port"]]:
        yield Finding("MJS042", key, f"maps ports to other numbers: {', '.join(moved)}")
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


def _largest_node(snapshot: Snapshot) -> Iterator[Finding]:
    """A worker that fits on no node, even on an empty one."""
    template = snapshot.of("ConfigMap").get(names.WORKER_TEMPLATE)
    nodes = snapshot.objects.get("Node")
    if template is None or not nodes:
        return
    containers = pods.worker_spec(template).get("containers") or [{}]
    requests = (containers[0].get("resources") or {}).get("requests") or {}
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
