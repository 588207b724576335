"""When an object counts as ready, and why it is not yet.

The rules are those of pulumi-kubernetes (provider/pkg/await and its annotations) in effect. One is left out on
purpose: the 10 seconds for which it watches the endpoints of each Service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from components.shared.kube import ApiError
from local.engine.errors import EngineError, NeedsCli
from local.engine.kubernetes_api import Api, title
from local.engine.values import Json

DEFAULT_TIMEOUT = 600.0
ANNOTATIONS = "pulumi.com/"
KNOWN_ANNOTATIONS = {"skipAwait", "waitFor", "timeoutSeconds", "deletionPropagationPolicy", "autonamed", "patchForce"}

Check = Callable[[Json], str | None]
"""From a live object to what it still lacks, or None when it is ready."""

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\['([^']+)'\]|\[(\d+)\]")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(duration: str) -> float | None:
    """A Go duration such as 1h30m in seconds, None for the empty one."""
    if not duration:
        return None
    parts = _DURATION.findall(duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise EngineError(f"{duration!r} is not a duration such as 10m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def annotation(manifest: Mapping[str, Any], name: str) -> str:
    """The value of a pulumi.com annotation, or the empty string."""
    return str((manifest["metadata"].get("annotations") or {}).get(ANNOTATIONS + name, ""))


def check_annotations(manifest: Json) -> None:
    """Refuse what the provider would act on and this engine does not."""
    names = [
        key.removeprefix(ANNOTATIONS)
        for key in manifest["metadata"].get("annotations") or {}
        if key.startswith(ANNOTATIONS)
    ]
    for name in names:
        value = annotation(manifest, name)
        propagation = name == "deletionPropagationPolicy" and value.lower() != "foreground"
        if name not in KNOWN_ANNOTATIONS or propagation:
            raise NeedsCli(f"{title(manifest)} has the annotation {ANNOTATIONS}{name}: {value}")
    readiness(manifest)


def timeout(manifest: Json, custom: float | None) -> float:
    """The seconds to wait: the program's custom timeout, the annotation, or ten minutes."""
    text = annotation(manifest, "timeoutSeconds")
    if text and not text.isdecimal():
        raise EngineError(f"{title(manifest)}: pulumi.com/timeoutSeconds must be a number of seconds, not {text!r}")
    return custom or float(text or DEFAULT_TIMEOUT)


def readiness(manifest: Json) -> Check | None:
    """How to see that an object is ready; None for a kind that is ready at once."""
    if annotation(manifest, "skipAwait").lower() == "true":
        return None
    if expression := annotation(manifest, "waitFor"):
        expressions = json.loads(expression) if expression.startswith("[") else [expression]
        checks = [wait_for(item) for item in expressions]
        return lambda live: next((lack for check in checks if (lack := check(live))), None)
    if manifest["kind"] == "Service" and manifest.get("spec", {}).get("type") != "LoadBalancer":
        return None
    return _RULES.get((manifest["apiVersion"].partition("/")[0], manifest["kind"]))


def wait_for(expression: str) -> Check:
    """Read `jsonpath={.a.b[0].c}`, the same with `=value`, or `condition=Type`. NeedsCli for more of JSONPath."""
    kind, _, rest = str(expression).partition("=")
    if kind == "condition" and rest:
        name, _, status = rest.partition("=")
        return lambda live: _condition(live, name, status or "True")
    found = re.fullmatch(r"\{?(\$?(?:\.[^{}=]+|\[[^{}=]+)+)\}?(?:=(.*))?", rest)
    steps = list(_STEP.finditer(found[1].removeprefix("$"))) if found else []
    if kind != "jsonpath" or not found or "".join(step[0] for step in steps) != found[1].removeprefix("$"):
        raise NeedsCli(
            f"pulumi.com/waitFor: {expression!r} is more than a path of names and indexes, or condition=Type"
        )
    wanted = found[2]

    def check(live: Json) -> str | None:
        value: Any = live
        for step in steps:
            key: Any = int(step[3]) if step[3] else step[1] or step[2]
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return f"{found[1]} is not there yet"
        text = value if isinstance(value, str) else json.dumps(value)
        return f"{found[1]} is {text}, not {wanted}" if wanted is not None and text != wanted else None

    return check


def _condition(live: Json, name: str, status: str = "True") -> str | None:
    for entry in live.get("status", {}).get("conditions", ()):
        if entry["type"] == name:
            if entry["status"] == status:
                return None
            return f"condition {name} is {entry['status']}: {entry.get('message') or entry.get('reason', '')}"
    return f"no condition {name} yet"


def _workload(live: Json) -> str | None:
    spec, status = live["spec"], live.get("status", {})
    wanted = spec.get("replicas", 1)
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return "its controller has not seen it yet"
    if status.get("updatedReplicas", 0) < wanted:
        failure = _condition(live, "ReplicaFailure", "False")
        trouble = f" ({failure})" if failure and "is True" in failure else ""
        return f"{status.get('updatedReplicas', 0)} of {wanted} pods are of the new revision{trouble}"
    if status.get("replicas", 0) > wanted:
        return f"{status['replicas'] - wanted} pods of the old revision still run"
    ready = status.get("availableReplicas", 0)
    return f"{ready} of {wanted} pods are available" if ready < wanted else None


def _deployment(live: Json) -> str | None:
    return _workload(live) or (_condition(live, "Available") if live["spec"].get("replicas", 1) else None)


def _daemon_set(live: Json) -> str | None:
    status = live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return "its controller has not seen it yet"
    wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    return (
        f"{ready} of {wanted} pods are available"
        if min(ready, status.get("updatedNumberScheduled", 0)) < wanted
        else None
    )


def _pod(live: Json) -> str | None:
    if live.get("status", {}).get("phase") == "Succeeded":
        return None
    return _condition(live, "Ready")


def _claim(live: Json) -> str | None:
    phase = live.get("status", {}).get("phase", "Pending")
    return None if phase == "Bound" else f"the claim is {phase}"


def _load_balancer(live: Json) -> str | None:
    return None if live.get("status", {}).get("loadBalancer", {}).get("ingress") else "no address yet"


_RULES: Mapping[tuple[str, str], Check] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _workload,
    ("apps", "DaemonSet"): _daemon_set,
    ("v1", "Pod"): _pod,
    ("batch", "Job"): lambda live: _condition(live, "Complete"),
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Service"): _load_balancer,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): lambda live: _condition(live, "Established"),
}


def waits_for_consumer(api: Api, claim: Json) -> bool:
    """True when the claim's StorageClass binds only once a pod uses it, so that waiting for it would be for ever."""
    name = claim["spec"].get("storageClassName")
    root = "/apis/storage.k8s.io/v1/storageclasses"
    try:
        if name is not None:
            found = api.get(f"{root}/{name}") if name else None
            if found is None and name:
                raise EngineError(f"{title(claim)}: the cluster has no StorageClass {name}")
            return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"
        default = "storageclass.kubernetes.io/is-default-class"
        classes = [
            item for item in api.request("GET", root)["items"]
            if item["metadata"].get("annotations", {}).get(default) == "true"
        ]  # fmt: skip
    except ApiError:
        # Without the right to read StorageClasses nobody can tell; the claim is then not waited for.
        return True
    return any(item.get("volumeBindingMode") == "WaitForFirstConsumer" for item in classes)


def why(api: Api, live: Json) -> str:
    """What the pods of a workload are stuck in, from their own status and events; empty when nothing is known."""
    kind = live["kind"]
    if kind == "PersistentVolumeClaim":
        return _last_warning(api, live)
    if kind == "Pod":
        return _pod_trouble(api, live)
    labels = live.get("spec", {}).get("selector", {}).get("matchLabels") if kind != "Service" else None
    if not isinstance(labels, dict):
        return ""
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    path = f"/api/v1/namespaces/{live['metadata']['namespace']}/pods"
    try:
        pods = api.request("GET", path, query={"labelSelector": selector})["items"]
    except ApiError as error:
        return f"its pods cannot be read: {error}"
    return next((_pod_trouble(api, pod) for pod in pods if _pod(pod) or _waits(pod)), "")


def _waits(pod: Json) -> bool:
    # A hollow node reports even a pod as Ready whose containers were never started (kubemark's FakeManager).
    return any(
        container.get("state", {}).get("waiting") for container in pod.get("status", {}).get("containerStatuses", ())
    )


def _pod_trouble(api: Api, pod: Json) -> str:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    for entry in status.get("conditions", ()):
        if entry["type"] == "PodScheduled" and entry["status"] != "True":
            return f"pod {name} cannot be scheduled: {entry.get('message', entry.get('reason', ''))}"
    for container in [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]:
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            reason, message = waiting.get("reason", "waiting"), waiting.get("message", "")
            if reason in ("ContainerCreating", "PodInitializing"):
                message = _last_warning(api, pod) or message
            return f"pod {name}, container {container['name']}: {reason}{': ' + message if message else ''}"
    warning = _last_warning(api, pod)
    return f"pod {name} is {status.get('phase', 'Pending')}{': ' + warning if warning else ''}"


def _last_warning(api: Api, live: Json) -> str:
    metadata = live["metadata"]
    query = {"fieldSelector": f"involvedObject.uid={metadata['uid']},type=Warning"}
    try:
        events = api.request("GET", f"/api/v1/namespaces/{metadata['namespace']}/events", query=query)["items"]
    except ApiError:
        return ""
    events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return f"{events[-1]['reason']}: {events[-1]['message']}" if events else ""


def timed_out(live: Json, lack: str, reason: str, limit: float) -> str:
    """The sentence of a wait that ended without success."""
    if live["kind"] == "Service" and not live.get("status", {}).get("loadBalancer", {}).get("ingress"):
        metadata = live["metadata"]
        return (
            f"no load-balancer implementation gave the Service {metadata['namespace']}/{metadata['name']} an address "
            f"within {limit:.0f} seconds; install one, or set clusterHost of the system in the stack config"
        )
    return f"{title(live)} exists but was not ready within {limit:.0f} seconds: {lack}{'; ' + reason if reason else ''}"
