"""The Job that copies: start it, follow it, and say how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from components.matlab import names
from components.shared import pod_status
from components.shared.kube import RESOURCES, ApiError, Json
from ops.errors import CommandError
from ops.move_claim.installation import POLL_SECONDS, Installation
from ops.move_claim.move import FROM, GENERATION, TO

_GONE_SECONDS: Final = 60


class Copied(NamedTuple):
    """What a copy holds."""

    files: int
    bytes: int


class Copying:
    """The Job of one move. Every method asks the API server and blocks."""

    def __init__(self, installation: Installation) -> None:
        self._installation, self._api = installation, installation.api
        self._jobs = RESOURCES["Job"].path(installation.namespace)
        self._pods = RESOURCES["Pod"].path(installation.namespace)

    def running(self) -> bool:
        """Whether the Job exists. Raises CommandError if it copies something else."""
        found = self._job()
        if found is None:
            return False
        annotations = found["metadata"].get("annotations") or {}
        move, other = self._installation.move, (annotations.get(FROM), annotations.get(TO))
        if other != (move.source, move.target):
            raise CommandError(
                f"Job {names.MOVE_CLAIM} already copies claim {other[0]} to claim {other[1]}. "
                "Wait until it ends, or end it with --cancel. Nothing was changed."
            )
        return True

    def start(self, generation: int) -> None:
        """Create the Job, with the generation of the job manager that has stopped."""
        self._api.request("POST", self._jobs, self._installation.move.job(generation))

    def remove(self) -> None:
        """Delete the Job with its pods, and wait until they are gone: no two copies may write one claim."""
        if self._job() is not None:
            options: Json = {"propagationPolicy": "Foreground"}
            self._api.request("DELETE", f"{self._jobs}/{names.MOVE_CLAIM}", options)
        end = time.monotonic() + _GONE_SECONDS
        while self._job() is not None or self._pod() is not None:
            if time.monotonic() >= end:
                raise CommandError(f"Job {names.MOVE_CLAIM} was deleted, but its pod is still there.")
            time.sleep(POLL_SECONDS)

    def follow(self, tell: Callable[[str], None], start_limit: float) -> Copied:
        """Wait for the end of the copy, and tell its progress.

        Raises CommandError if it fails, or if its pod does not run within `start_limit` seconds.
        """
        end, told = time.monotonic() + start_limit, ""
        while True:
            job, pod = self._job(), self._pod()
            if job is None:
                raise CommandError(f"Somebody deleted Job {names.MOVE_CLAIM}.")
            if int(job["metadata"]["annotations"][GENERATION]) != self._installation.generation:
                raise CommandError("Somebody has started or changed the job manager during the copy.")
            conditions = _conditions(job)
            if "Complete" in conditions:
                if pod is None:
                    raise CommandError("The pod of the copy is gone, so it is not known what was copied.")
                return Copied(**json.loads(_result(pod)))
            if "Failed" in conditions:
                raise CommandError(f"The copy failed: {_result(pod) if pod else 'its pod is gone'}")
            running = pod is not None and pod.get("status", {}).get("phase") not in {None, "Pending"}
            word = self._last_line(pod) if running and pod else _waiting(pod)
            if word and word != told:
                tell(word)
                told = word
            if not running and time.monotonic() >= end:
                raise CommandError(f"The copy did not start within {start_limit:.0f} seconds: {_waiting(pod)}")
            time.sleep(POLL_SECONDS)

    def _job(self) -> Json | None:
        return self._api.get(f"{self._jobs}/{names.MOVE_CLAIM}")

    def _pod(self) -> Json | None:
        query = {"labelSelector": f"app={names.MOVE_CLAIM}"}
        found: list[Json] = self._api.request("GET", self._pods, query=query)["items"]
        # After an eviction there is more than one.
        return max(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)

    def _last_line(self, pod: Json) -> str:
        try:
            text = self._api.text(f"{self._pods}/{pod['metadata']['name']}/log", query={"tailLines": "1"})
        except ApiError:
            # The container has not started yet, or its node does not respond.
            return ""
        return text.strip()


def _conditions(job: Json) -> set[str]:
    found = job.get("status", {}).get("conditions") or ()
    return {item["type"] for item in found if item["status"] == "True"}


def _result(pod: Json) -> str:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    ended: Json = next((state for status in statuses if (state := status.get("state", {}).get("terminated"))), {})
    reason = pod.get("status", {}).get("message") or ended.get("reason") or "its pod reported nothing"
    return str(ended.get("message") or reason).strip()


def _waiting(pod: Json | None) -> str:
    """Why the pod does not run yet."""
    if pod is None:
        return "Waiting for the pod of the copy"
    if why := pod_status.without_node(pod):
        return f"Waiting for a node: {why}"
    if state := pod_status.waiting(pod):
        return f"Waiting: {state.get('reason')} {state.get('message', '')}".rstrip()
    return "Waiting for the volumes"
