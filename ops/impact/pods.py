"""Which pods restart, keep running with old settings, or end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from components.arkouda import names as arkouda
from components.arkouda.objects import SERVER_TYPE
from components.julia import names as julia
from components.julia.objects import SESSION_TYPE
from components.matlab import names as matlab
from components.shared.manifest import Manifest
from ops.impact.findings import Finding, Patience
from ops.impact.plan import Change, Operation, Plan

MATLAB_PODS: Final[Mapping[str, str]] = {
    matlab.JOB_MANAGER: "job manager",
    matlab.CONTROLLER: "controller",
    matlab.PARALLEL_SERVER_PROXY: "parallel server proxy",
    matlab.HAPROXY: "HAProxy",
}
"""Kind of pod by its first container. The Deployment's name does not tell: two proxies take turns in one."""
TEMPLATES: Final[Mapping[str, str]] = {matlab.WORKER_TEMPLATE: "workers", matlab.POOL_PROXY_TEMPLATE: "pool proxies"}
"""Kind of pod by the ConfigMap with the template from which the controller makes it."""
ARKOUDA_PODS: Final[Mapping[str, str]] = {
    "": "server",
    arkouda.LOCALE_SUFFIX: "locales",
    arkouda.EXPORTER_SUFFIX: "exporter",
}
"""Kind of pod by what follows the server's name."""
SESSION, SCRIPT, POOL_WORKERS = "session", "script", "workers of a pool"
RESTARTS: Final[Mapping[str, str]] = {
    "job manager": "job-manager-restarts",
    "workers": "workers-replaced",
    "controller": "controller-restarts",
    "HAProxy": "haproxy-restarts",
    "parallel server proxy": "parallel-server-proxy-restarts",
    "pool proxies": "pool-proxies-replaced",
    "server": "server-restarts",
    "locales": "locales-restart",
    "exporter": "exporter-restarts",
    SESSION: "session-restarts",
    POOL_WORKERS: "pool-workers-restart",
    SCRIPT: "script-runs-again",
}
"""The rule for the restart of each kind of pod."""
OUTDATED: Final[Mapping[str, str]] = {SESSION: "session-outdated", POOL_WORKERS: "pool-workers-outdated"}
WORKLOADS: Final = {"Deployment", "StatefulSet", "Job"}
TEMPLATE: Final = ("spec", "template")
_GRACE_SECONDS: Final = 30
_PROBE: Final[Mapping[str, int]] = {"initialDelaySeconds": 0, "periodSeconds": 10, "failureThreshold": 3}
"""What Kubernetes assumes."""

Owner = tuple[str, str]
"""The component that pods belong to, and their kind. Every component of MATLAB's counts as one."""


def findings(plan: Plan) -> Iterator[Finding]:
    """Findings about pods."""
    before, after = dict(_pods(plan, old=True)), dict(_pods(plan, old=False))
    for owner, change in before.items():
        pod = owner[1]
        if owner not in after:
            yield Finding("pods-removed", change, f"No {pod} is left.", pod)
        else:
            yield from _changed(pod, change, after[owner])
    for change in plan.of("Deployment", matlab.CONTROLLER):
        if change.removes and ("", "workers") not in before:
            yield Finding("workers-replaced", change, "Workers and pool proxies are deleted with it.", "workers")


def _changed(pod: str, before: Change, after: Change) -> Iterator[Finding]:
    patience = _patience(before, after)
    if _restarts(before, after):
        code = OUTDATED.get(pod) if _waits(after) and not before.removes else None
        yield Finding(code or RESTARTS[pod], after, "", pod, None if code else patience)
    elif before.touches("spec", "updateStrategy") and not _waits(after):
        detail = "Only if an earlier change still waits for the deletion of its pods."
        yield Finding(RESTARTS[pod], after, detail, pod, patience)
    fewer, more = _replicas(after.new), _replicas(before.old)
    if before.kind == "StatefulSet" and fewer < more:
        yield Finding("pods-removed", after, f"{fewer} of {more} {pod} are left.", pod)


def _restarts(before: Change, after: Change) -> bool:
    if before is not after or before.operation is Operation.REPLACE:
        return True
    if before.kind == "ConfigMap":
        return before.touches("data")
    return before.touches(*TEMPLATE)


def _waits(change: Change) -> bool:
    """Whether pods take over a change only when somebody deletes them."""
    strategy = (change.new.get("spec") or {}).get("updateStrategy") or {}
    return change.kind == "StatefulSet" and strategy.get("type") == "OnDelete"


def _replicas(manifest: Manifest) -> int:
    return int((manifest.get("spec") or {}).get("replicas", 1))


def _pods(plan: Plan, *, old: bool) -> Iterator[tuple[Owner, Change]]:
    for change in plan.objects:
        manifest = change.old if old else change.new
        if manifest and (owner := owner_of(change, manifest)):
            yield owner, change


def owner_of(change: Change, manifest: Manifest) -> Owner | None:
    """Whose pods a workload makes, or a ConfigMap describes; None for pods that this command does not know."""
    if change.kind == "ConfigMap" and change.name in TEMPLATES:
        return "", TEMPLATES[change.name]
    if change.kind not in WORKLOADS:
        return None
    if change.parent_type == SERVER_TYPE:
        # Arkouda's components are called arkouda-NAME, and its workloads NAME with a suffix.
        pod = ARKOUDA_PODS.get(change.name.removeprefix(change.parent.removeprefix("arkouda-")))
        return (change.parent, pod) if pod else None
    if change.parent_type == SESSION_TYPE:
        session = change.parent.removeprefix(f"{julia.PREFIX}-")
        if change.kind == "Job":
            return change.parent, SCRIPT
        return change.parent, POOL_WORKERS if change.name == julia.worker(session) else SESSION
    containers = template(manifest).get("spec", {}).get("containers") or [{}]
    known = MATLAB_PODS.get(containers[0].get("name", ""))
    return ("", known) if known else None


def unknown(plan: Plan) -> list[Change]:
    """Workloads whose pods this command does not know: it cannot tell who notices."""
    return [
        change
        for change in plan.objects
        if change.kind in {*WORKLOADS, "DaemonSet", "CronJob", "Pod", "ReplicaSet"}
        and change.operation is not Operation.CREATE
        and owner_of(change, change.old) is None
    ]


def template(manifest: Manifest) -> Manifest:
    """The pod template that a workload has, or that a ConfigMap holds as text."""
    if manifest.get("kind") == "ConfigMap":
        found: Any = yaml.safe_load((manifest.get("data") or {}).get(matlab.TEMPLATE_FILE, ""))
        return found if isinstance(found, dict) else {}
    spec: Manifest = manifest.get("spec") or {}
    return spec.get("template") or {}


def _patience(before: Change, after: Change) -> Patience:
    """How long the pods may take, from their own manifests."""
    old, new = (template(manifest).get("spec") or {} for manifest in (before.old, after.new))
    probe = ((new.get("containers") or [{}])[0]).get("startupProbe")
    stop = int(old.get("terminationGracePeriodSeconds", _GRACE_SECONDS))
    if not probe:
        return Patience(stop, None)
    delay, period, failures = (int(probe.get(key, usual)) for key, usual in _PROBE.items())
    return Patience(stop, delay + period * failures)


def shell_settings(manifest: Manifest, file: str) -> dict[str, str]:
    """The variables of a file of assignments in a ConfigMap."""
    lines = str((manifest.get("data") or {}).get(file, "")).splitlines()
    return {name: "".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines)}
