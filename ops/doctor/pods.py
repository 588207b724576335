"""What keeps pods from running."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from components.matlab import names
from components.shared.kube import Json
from components.shared.manifest import GPU
from components.shared.objects import Key, references
from components.shared.pod_status import container_statuses
from ops.doctor.findings import LOG, Finding
from ops.doctor.place import Place, app
from ops.doctor.snapshot import Snapshot, time

NOT_PULLED: Final = {"ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"}
RECENT: Final = 3600
"""Seconds for which a repeated event counts."""
REPEATED: Final = 3
"""A probe that has failed less often may be a slow start."""
SLOW_END: Final = 600
"""Seconds after its grace period in which a kubelet that works has ended a pod."""
_UNSCHEDULABLE: Final = re.compile(r"\d+/\d+ nodes are available: (?P<reasons>.*?)\.?( preemption:.*)?$", re.DOTALL)

_MISSED: Final = {"ConfigMap": "023", "Secret": "023", "PersistentVolumeClaim": "030"}
"""Number of the code for each kind. A missing ServiceAccount is a matter of rights (`objects.py`)."""

Problem = tuple[str, str, frozenset[Key]]
"""Number of the code, text, and what the pod needs."""


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about pods. Pods of one kind with the same problem are one finding."""
    pods = [pod for pod in snapshot.objects.get("Pod", ()) if app(pod) in place.apps]
    yield from _missing(place, pods, snapshot)
    yield from grouped(place, pods, lambda pod: _problems(place, pod))
    yield from grouped(place, pods, lambda pod: _ending(pod, snapshot))
    yield from _events(place, snapshot)


def grouped(place: Place, pods: Iterable[Json], problems: Callable[[Json], Iterable[Problem]]) -> Iterator[Finding]:
    """One finding for all pods of a kind with the same problem."""
    groups: dict[tuple[str, Problem], list[str]] = {}
    for pod in pods:
        for problem in problems(pod):
            groups.setdefault((app(pod), problem), []).append(pod["metadata"]["name"])
    for (_, (number, text, needs)), together in groups.items():
        yield Finding(place.code(number), ("Pod", min(together)), text, len(together), needs)


def _ending(pod: Json, snapshot: Snapshot) -> Iterator[Problem]:
    # The time at which it should have ended, with its grace period.
    end = pod["metadata"].get("deletionTimestamp")
    if end and (snapshot.taken - time(end)).total_seconds() > SLOW_END:
        yield "017", f"should have ended at {end}, but is still on node {pod['spec'].get('nodeName')}", frozenset()


def _problems(place: Place, pod: Json) -> Iterator[Problem]:
    if pod["metadata"].get("deletionTimestamp"):
        return
    needs = frozenset(references({"spec": pod["spec"]}))
    status = pod.get("status", {})
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield _unschedulable(pod, condition.get("message", ""), needs)
    log = frozenset({(LOG, app(pod))})
    for container in container_statuses(pod):
        yield from _container(container, needs, log)
    others = [one["name"] for one in _lasting(pod["spec"]) if not place.is_own_container(one["name"])]
    if others:
        yield "025", f"has a container that the stack did not define: {', '.join(others)}", frozenset()


def _lasting(spec: Json) -> Iterator[Json]:
    """The containers that run as long as the pod; meshes inject theirs as init containers that stay."""
    yield from spec["containers"]
    yield from (one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always")


def _missing(place: Place, pods: Iterable[Json], snapshot: Snapshot) -> Iterator[Finding]:
    """What pods cannot start without. An object that nobody may read counts as present."""
    first: dict[Key, str] = {}
    for spec, who in _starting(place, pods, snapshot):
        for kind, name in references({"spec": spec}):
            if kind in _MISSED and kind in snapshot.objects and name not in snapshot.of(kind):
                first.setdefault((kind, name), who)
    for key, who in first.items():
        yield Finding(place.code(_MISSED[key[0]]), key, f"does not exist, and {who} needs it")


def _starting(place: Place, pods: Iterable[Json], snapshot: Snapshot) -> Iterator[tuple[Json, str]]:
    """The specs of pods that start now, then of those that will: of a workload's next pod, and of the next worker."""
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        if pod.get("status", {}).get("phase") == "Pending" and not pod["metadata"].get("deletionTimestamp"):
            yield pod["spec"], f"pod {pod['metadata']['name']}"
    for kind in ("Deployment", "StatefulSet"):
        for name, item in snapshot.of(kind).items():
            if app(item["spec"]["template"]) in place.apps:
                yield item["spec"]["template"]["spec"], f"the next pod of {kind} {name}"
    if template := snapshot.of("ConfigMap").get(names.WORKER_TEMPLATE):
        yield worker_spec(template), "every new worker"


def worker_spec(template: Json) -> Json:
    """The spec in the ConfigMap from which MATLAB's controller makes workers; empty if somebody made it unreadable."""
    try:
        spec: Json = yaml.safe_load(template["data"][names.TEMPLATE_FILE])["spec"]
    except (KeyError, TypeError, yaml.YAMLError):
        return {}
    return spec


def _unschedulable(pod: Json, message: str, needs: frozenset[Key]) -> Problem:
    found = _UNSCHEDULABLE.match(message)
    reasons = (found["reasons"] if found else message).rstrip(".")
    number = "011" if GPU in reasons else "010"
    wanted = _requests(pod)
    asks = f" It requests {wanted}." if "Insufficient" in reasons and wanted else ""
    return number, f"cannot be scheduled: {reasons}.{asks}", needs


def _requests(pod: Json) -> str:
    requests: Mapping[str, str] = (pod["spec"]["containers"][0].get("resources") or {}).get("requests") or {}
    return ", ".join(f"{amount} {what}" for what, amount in sorted(requests.items()))


def _container(status: Json, needs: frozenset[Key], log: frozenset[Key]) -> Iterator[Problem]:
    state: Mapping[str, Any] = status.get("state") or {}
    waiting, last = state.get("waiting") or {}, (status.get("lastState") or {}).get("terminated") or {}
    reason = waiting.get("reason", "")
    if reason in NOT_PULLED:
        yield "020", f"cannot pull image {status['image']}: {waiting.get('message', reason)}", needs
    elif reason == "CreateContainerConfigError":
        yield "023", f"cannot start: {waiting.get('message', reason)}", needs
    elif last.get("reason") == "OOMKilled":
        yield "022", f"ran out of memory in container {status['name']}", frozenset()
    elif reason == "CrashLoopBackOff":
        why = f"exit code {last.get('exitCode')}" if last else "for an unknown reason"
        said = f": {last['message'].strip()}" if last.get("message") else ""
        yield "021", f"keeps exiting in container {status['name']} ({why}){said}", needs | log


def failed_workers(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Worker pods of MATLAB that a node evicted: the controller counts them, and does not delete them."""

    def problems(pod: Json) -> Iterator[Problem]:
        status = pod.get("status", {})
        if app(pod) == names.WORKER and status.get("phase") == "Failed":
            yield "014", f"has failed ({status.get('reason') or 'error'}) and was not deleted", frozenset()

    yield from grouped(place, snapshot.objects.get("Pod", ()), problems)


def _events(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """The last event of each kind about an object: earlier ones say the same in other numbers."""
    latest = {(finding.code, finding.subject): finding for finding in _every_event(place, snapshot)}
    yield from latest.values()


def recent_events(snapshot: Snapshot) -> Iterator[tuple[Json, Key, str]]:
    """The events of the last hour, each with the object that it is about and its message."""
    for event in snapshot.objects.get("Event", ()):
        last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
        if (snapshot.taken - time(last)).total_seconds() <= RECENT:
            subject = event["involvedObject"]
            yield event, (subject.get("kind", ""), subject.get("name", "")), event.get("message", "")


def _every_event(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    for event, key, message in recent_events(snapshot):
        pod = snapshot.of("Pod").get(key[1])
        if event.get("reason") == "FailedCreate":
            if place.is_own(key[1]) and not _has_its_pods(snapshot, *key):
                yield Finding(place.code("012"), key, f"cannot create pods: {message}")
        elif event.get("reason") == "FailedAttachVolume" and "Multi-Attach" in message and pod and not is_ready(pod):
            yield Finding(place.code("032"), key, f"waits for a volume: {message}")
        elif event.get("reason") == "Unhealthy" and pod and not is_ready(pod) and _count(event) >= REPEATED:
            log = frozenset({(LOG, app(pod))})
            yield Finding(place.code("024"), key, f"fails a probe: {message.strip()}", needs=log)


def _has_its_pods(snapshot: Snapshot, kind: str, name: str) -> bool:
    """Tell whether a ReplicaSet or StatefulSet has created all its pods since; the event stays for an hour."""
    if kind == "ReplicaSet":
        # A ReplicaSet is named after its Deployment and the hash of the pods.
        found, count = snapshot.of("Deployment").get(name.rpartition("-")[0]), "updatedReplicas"
    else:
        found, count = snapshot.of("StatefulSet").get(name), "replicas"
    return found is not None and found.get("status", {}).get(count, 0) >= found["spec"].get("replicas", 1)


def _count(event: Json) -> int:
    return int(event.get("count") or (event.get("series") or {}).get("count") or 1)


def is_ready(pod: Json) -> bool:
    """Tell whether a pod is Ready."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
