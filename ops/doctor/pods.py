"""What keeps pods from running."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from components.matlab import names
from components.shared.kube import Json
from components.shared.objects import Key, references
from ops.doctor.findings import Finding
from ops.doctor.snapshot import Snapshot, time

APPS: Final = (
    names.JOB_MANAGER,
    names.CONTROLLER,
    names.INGRESS_PROXY,
    names.PARALLEL_SERVER_PROXY,
    names.POOL_PROXY,
    names.WORKER,
)
"""`app` labels of a MATLAB cluster's pods."""
NOT_PULLED: Final = {"ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"}
RECENT: Final = 3600
"""Seconds for which a repeated event counts."""
REPEATED: Final = 3
"""A probe that has failed less often may be a slow start."""
_GPU: Final = "nvidia.com/gpu"
_UNSCHEDULABLE: Final = re.compile(r"\d+/\d+ nodes are available: (?P<reasons>.*?)\.?( preemption:.*)?$", re.DOTALL)


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about pods. Pods of one kind with the same problem are one finding."""
    pods = [pod for pod in snapshot.objects.get("Pod", ()) if _app(pod) in APPS]
    yield from _missing(pods, snapshot)
    yield from _grouped(pods, _problems)
    yield from _failed(pods)
    yield from _events(snapshot)
    yield from _missing_deployments(snapshot, pods)


def _app(pod: Json) -> str:
    return str((pod["metadata"].get("labels") or {}).get("app", ""))


Problem = tuple[str, str, frozenset[Key]]
"""Code, text, and what the pod needs."""


def _grouped(pods: Iterable[Json], problems: Callable[[Json], Iterable[Problem]]) -> Iterator[Finding]:
    groups: dict[tuple[str, Problem], list[str]] = {}
    for pod in pods:
        for problem in problems(pod):
            groups.setdefault((_app(pod), problem), []).append(pod["metadata"]["name"])
    for (_, (code, text, needs)), together in groups.items():
        yield Finding(code, ("Pod", min(together)), text, len(together), needs)


def _problems(pod: Json) -> Iterator[Problem]:
    if pod["metadata"].get("deletionTimestamp"):
        return
    needs = frozenset(references({"spec": pod["spec"]}))
    status = pod.get("status", {})
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield _unschedulable(pod, condition.get("message", ""), needs)
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        yield from _container(container, needs)
    if len(pod["spec"]["containers"]) > 1:
        others = [one["name"] for one in pod["spec"]["containers"] if not one["name"].startswith(_OURS)]
        if others:
            yield "MJS025", f"has a container that is not ours: {', '.join(others)}", frozenset()


_OURS: Final = ("mjs-", names.HAPROXY, "controller", "job-manager", "worker", "parallel-server-proxy", "pool-proxy")


def _missing(pods: Iterable[Json], snapshot: Snapshot) -> Iterator[Finding]:
    """What pods cannot start without. An object that nobody may read counts as present."""
    waiting: dict[Key, list[str]] = {}
    for pod in pods:
        if pod.get("status", {}).get("phase") == "Pending" and not pod["metadata"].get("deletionTimestamp"):
            for kind, name in references({"spec": pod["spec"]}):
                if kind in snapshot.objects and name not in snapshot.of(kind):
                    waiting.setdefault((kind, name), []).append(pod["metadata"]["name"])
    for key, names_of_pods in waiting.items():
        code = "MJS030" if key[0] == "PersistentVolumeClaim" else "MJS023"
        yield Finding(code, key, f"does not exist, and pod {min(names_of_pods)} needs it")


def _unschedulable(pod: Json, message: str, needs: frozenset[Key]) -> Problem:
    found = _UNSCHEDULABLE.match(message)
    reasons = (found["reasons"] if found else message).rstrip(".")
    code = "MJS011" if _GPU in reasons else "MJS010"
    wanted = _requests(pod)
    asks = f" It requests {wanted}." if "Insufficient" in reasons and wanted else ""
    return code, f"cannot be scheduled: {reasons}.{asks}", needs


def _requests(pod: Json) -> str:
    requests: Mapping[str, str] = (pod["spec"]["containers"][0].get("resources") or {}).get("requests") or {}
    return ", ".join(f"{amount} {what}" for what, amount in sorted(requests.items()))


def _container(status: Json, needs: frozenset[Key]) -> Iterator[Problem]:
    state: Mapping[str, Any] = status.get("state") or {}
    waiting, last = state.get("waiting") or {}, (status.get("lastState") or {}).get("terminated") or {}
    reason = waiting.get("reason", "")
    if reason in NOT_PULLED:
        yield "MJS020", f"cannot pull image {status['image']}: {waiting.get('message', reason)}", needs
    elif reason == "CreateContainerConfigError":
        yield "MJS023", f"cannot start: {waiting.get('message', reason)}", needs
    elif last.get("reason") == "OOMKilled":
        yield "MJS022", f"ran out of memory in container {status['name']}", frozenset()
    elif reason == "CrashLoopBackOff":
        why = f"exit code {last.get('exitCode')}" if last else "for an unknown reason"
        said = f": {last['message'].strip()}" if last.get("message") else ""
        yield "MJS021", f"keeps ending in container {status['name']} ({why}){said}", needs


def _failed(pods: Iterable[Json]) -> Iterator[Finding]:
    def problems(pod: Json) -> Iterator[Problem]:
        status = pod.get("status", {})
        if _app(pod) == names.WORKER and status.get("phase") == "Failed":
            yield "MJS014", f"has failed ({status.get('reason') or 'error'}) and was not deleted", frozenset()

    yield from _grouped(pods, problems)


def _events(snapshot: Snapshot) -> Iterator[Finding]:
    """The last event of each kind about an object: earlier ones say the same in other numbers."""
    latest = {(finding.code, finding.subject): finding for finding in _every_event(snapshot)}
    yield from latest.values()


def _every_event(snapshot: Snapshot) -> Iterator[Finding]:
    for event in snapshot.objects.get("Event", ()):
        subject, message = event["involvedObject"], event.get("message", "")
        last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
        if (snapshot.taken - time(last)).total_seconds() > RECENT:
            continue
        key = (subject.get("kind", ""), subject.get("name", ""))
        pod = snapshot.of("Pod").get(key[1])
        if event.get("reason") == "FailedCreate" and _is_ours(key[1]):
            yield Finding("MJS012", key, f"cannot create pods: {message}")
        elif event.get("reason") == "FailedAttachVolume" and "Multi-Attach" in message and pod:
            yield Finding("MJS032", key, f"waits for a volume: {message}")
        elif event.get("reason") == "Unhealthy" and pod and not _ready(pod) and _count(event) >= REPEATED:
            yield Finding("MJS024", key, f"fails a probe: {message.strip()}")


def _count(event: Json) -> int:
    return int(event.get("count") or (event.get("series") or {}).get("count") or 1)


def _ready(pod: Json) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _is_ours(name: str) -> bool:
    return name.startswith(APPS)


def _missing_deployments(snapshot: Snapshot, pods: Iterable[Json]) -> Iterator[Finding]:
    """The controller and the job manager belong to every cluster."""
    present = snapshot.of("Deployment")
    if "Deployment" in snapshot.objects and (present.keys() & APPS or any(True for _ in pods)):
        for name in (names.JOB_MANAGER, names.CONTROLLER):
            if name not in present:
                yield Finding("MJS026", ("Deployment", name), "is missing")
