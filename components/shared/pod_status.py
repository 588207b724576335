"""What the status of a pod says, for everything that waits for one."""

from __future__ import annotations

from collections.abc import Iterator

from components.shared.kube import Json


def is_over(pod: Json) -> bool:
    """Whether the pod has ended for good."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def without_node(pod: Json) -> str | None:
    """Why no node takes the pod, in the words of Kubernetes; None: one has, or nobody has looked yet."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message") or condition.get("reason"))
    return None


def container_statuses(pod: Json) -> Iterator[Json]:
    """The status of each container, in the order in which they start."""
    status = pod.get("status") or {}
    yield from (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))


def waiting(pod: Json) -> Json | None:
    """Reason and message of the first container that waits."""
    states = (((container.get("state") or {}).get("waiting") or {}) for container in container_statuses(pod))
    return next((state for state in states if state), None)
