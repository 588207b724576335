"""The queue of a running job manager, through the commands in its container."""

from __future__ import annotations

import hashlib
import json
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from components.matlab import names
from components.shared.inventory import FORBIDDEN
from components.shared.kube import ApiError, Json, KubernetesApi, Unreachable
from components.shared.pod_exec import Place, execute
from components.shared.rights import Right
from components.shared.survey import Survey

PAUSED: Final = "clusters.pulumi/queue-paused"
"""Annotation of the job manager's Deployment while an update keeps the queue paused; its value is the time."""
FIELD_MANAGER: Final = "clusters-updates"
COMMAND_TIMEOUT: Final = 60.0
"""Seconds for one command: a few more than files/queue.sh allows."""
IDLE: Final = "idle"
_TIMED_OUT: Final = 124
"""The exit code of `timeout` in files/queue.sh."""
_LONGEST_MESSAGE: Final = 300
_SCRIPT: Final = Path(__file__).parent / "files" / "queue.sh"


class NoAnswerError(Exception):
    """The job manager does not run, or does not answer; the text says which.

    `may_have_run` tells that the command could have had its effect all the same.
    """

    def __init__(self, text: str, *, may_have_run: bool = False) -> None:
        super().__init__(text)
        self.may_have_run = may_have_run


@dataclass(frozen=True)
class QueueStatus:
    """What the job manager says about its workers."""

    wanted: int
    """Workers that the queue needs now."""
    connected: int
    busy: int
    """Workers that run a task, or belong to an open parallel pool."""


def rights(namespace: str) -> list[Right]:
    """What a user needs to run commands in the job manager.

    `get` is how a WebSocket begins, and since 1.35 the API server demands `create` as well.
    """
    return [
        Right("", "pods", "list", namespace),
        Right("", "pods/exec", "get", namespace),
        Right("", "pods/exec", "create", namespace),
    ]


class JobQueue:
    """The queue of the job manager in a namespace. Every method asks the API server and blocks."""

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def pause(self) -> None:
        """Start no further task; running ones go on. Raises NoAnswerError, and ApiError where a right is missing."""
        self._run("pause")

    def resume(self) -> None:
        """Start tasks again; without effect on a queue that is not paused. Raises as `pause` does."""
        self._run("resume")

    def status(self) -> QueueStatus:
        """Ask what the workers do. Raises as `pause` does."""
        return queue_status(self._run("status"))

    def is_ready(self) -> bool:
        """Tell whether the job manager runs and is Ready. Raises ApiError and Unreachable."""
        return any(_is_ready(pod) for pod in self._pods(names.JOB_MANAGER))

    def mark(self, *, paused: bool) -> None:
        """Note on the job manager's Deployment that the queue is paused, or that it no longer is."""
        value = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if paused else None
        path = f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{names.JOB_MANAGER}"
        self._api.request(
            "PATCH",
            path,
            {"metadata": {"annotations": {PAUSED: value}}},
            query={"fieldManager": FIELD_MANAGER},
            content_type="application/merge-patch+json",
        )

    def outdated_workers(self, template: str) -> int:
        """How many workers run that the controller made from another template than this one, and will replace."""
        pods = self._pods(names.WORKER)
        current = worker_template_checksum(template)
        return sum(
            1
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
            and (pod["metadata"].get("annotations") or {}).get(names.TEMPLATE_CHECKSUM) != current
        )

    def _pods(self, app: str) -> list[Json]:
        path = f"/api/v1/namespaces/{self._namespace}/pods"
        items: list[Json] = self._api.request("GET", path, query={"labelSelector": f"app={app}"})["items"]
        return items

    def _run(self, action: str) -> str:
        pod = next((pod for pod in self._pods(names.JOB_MANAGER) if _is_ready(pod)), None)
        if pod is None:
            raise NoAnswerError("the job manager does not run")
        command = ["/bin/bash", "-c", _SCRIPT.read_text(encoding="utf-8"), f"{names.CONFIG_DIR}/common.sh", action]
        place = Place(self._namespace, pod["metadata"]["name"], names.JOB_MANAGER)
        try:
            done = execute(self._api, place, command, timeout=COMMAND_TIMEOUT)
        except Unreachable as error:
            raise NoAnswerError(f"the job manager does not answer: {error}", may_have_run=True) from error
        except ApiError as error:
            if error.status == FORBIDDEN:
                raise
            raise NoAnswerError(f"no command can be run in the job manager: {error}") from error
        if done.code:
            words = " ".join((done.errors or done.output).split())[:_LONGEST_MESSAGE]
            raise NoAnswerError(
                f"the job manager's command `{action}` ended with exit code {done.code}: {words}",
                may_have_run=done.code == _TIMED_OUT,
            )
        return done.output


def paused_since(survey: Survey, namespace: str) -> str | None:
    """When an update paused the queue that was interrupted before it could resume it; None: none was."""
    inventory = survey.inventories.get(namespace)
    deployments = (inventory and inventory.of("Deployment")) or {}
    metadata = deployments.get(names.JOB_MANAGER, {}).get("metadata", {})
    since: str | None = (metadata.get("annotations") or {}).get(PAUSED)
    return since


def queue_status(text: str) -> QueueStatus:
    """Read the answer of `resize status` (docs/upstream.md#one-round). Raises NoAnswerError for any other text."""
    try:
        (manager,) = json.loads(text)["jobManagers"]
        states = [worker["state"] for worker in manager["workers"]]
        wanted = int(manager["desiredWorkers"]["linux"])
    except (KeyError, TypeError, ValueError) as error:
        raise NoAnswerError(f"`resize status` did not print the list of workers: {text.strip()[:80]}") from error
    return QueueStatus(wanted, len(states), sum(state != IDLE for state in states))


def worker_template_checksum(template: str) -> str:
    """The mark that the controller puts on what it makes from a template (docs/upstream.md#templates)."""
    return b32encode(hashlib.sha256(template.encode()).digest()).decode().rstrip("=").lower()


def _is_ready(pod: Json) -> bool:
    containers = pod.get("status", {}).get("containerStatuses") or ()
    ready = any(container["name"] == names.JOB_MANAGER and container["ready"] for container in containers)
    return ready and "deletionTimestamp" not in pod["metadata"]
