"""What the move finds in the namespace, and how the job manager stops and starts around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from components.matlab import job_queue, names
from components.shared.kube import RESOURCES, Json, KubernetesApi
from components.shared.objects import references
from components.shared.pod_status import is_over
from components.shared.rights import Right, missing_rights
from ops.errors import CommandError
from ops.managed_fields import rewrite
from ops.move_claim.move import Move

POLL_SECONDS: Final = 2.0
_STOP_MARGIN: Final = 60
"""Seconds that a pod may need in addition to its grace period until the API server no longer knows it."""
_MANAGER: Final = "clusters-move-claim"
"""Field manager of the scaling. It gives the field up at once: the next `up` could not start the job manager again."""
_MERGE: Final = "application/merge-patch+json"
_RIGHTS: Final = {
    "Deployment": ("get", "patch"),
    "PersistentVolumeClaim": ("get", "create", "patch"),
    "Job": ("get", "create", "delete"),
    "Pod": ("list",),
}


class Installation:
    """The MATLAB cluster whose claim moves. Every method asks the API server and blocks."""

    def __init__(self, api: KubernetesApi, move: Move) -> None:
        self.api, self.move = api, move
        self.namespace = move.cluster.namespace

    def require_rights(self) -> None:
        """Raise CommandError with every right that you lack."""
        wanted = [
            Right(RESOURCES[kind].group, RESOURCES[kind].plural, verb, self.namespace)
            for kind, verbs in _RIGHTS.items()
            for verb in verbs
        ]
        wanted.append(Right("", "pods/log", "get", self.namespace))
        if self.move.cluster.settings.updates.wait_for_jobs:
            wanted += job_queue.rights(self.namespace)
        lacking = missing_rights(self.api, wanted).get(self.namespace, {})
        if lacking:
            what = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in lacking.items())
            raise CommandError(f"Your user lacks rights in namespace {self.namespace}: {what}. Nothing was changed.")

    def claim(self, name: str) -> Json | None:
        """A claim."""
        return self.api.get(f"{RESOURCES['PersistentVolumeClaim'].path(self.namespace)}/{name}")

    def mark(self, claim: str, annotations: dict[str, str | None]) -> None:
        """Set annotations of a claim; None removes one."""
        path = f"{RESOURCES['PersistentVolumeClaim'].path(self.namespace)}/{claim}"
        self.api.request("PATCH", path, {"metadata": {"annotations": annotations}}, content_type=_MERGE)

    def job_manager(self) -> Json:
        """The job manager's Deployment. Raises CommandError if there is none."""
        found = self.api.get(self._job_manager)
        if found is None:
            raise CommandError(
                f"Namespace {self.namespace} has no Deployment {names.JOB_MANAGER}, so there is nothing to move."
            )
        return found

    @property
    def stopped(self) -> bool:
        """Whether the job manager is told not to run."""
        return bool(self.job_manager()["spec"].get("replicas", 1) == 0)

    @property
    def generation(self) -> int:
        """Changes with everything that is done to the job manager's Deployment, a start included."""
        return int(self.job_manager()["metadata"]["generation"])

    def job_managers_claims(self) -> set[str]:
        """The claims that the job manager's pods mount."""
        return _claims(self.job_manager()["spec"]["template"]["spec"])

    def mounts(self, claim: str) -> list[Json]:
        """The pods that use a claim, or will."""
        pods = self.api.request("GET", RESOURCES["Pod"].path(self.namespace))["items"]
        return [pod for pod in pods if not is_over(pod) and claim in _claims(pod["spec"])]

    def strangers(self, claim: str) -> Iterator[str]:
        """Names of the pods that use a claim and are neither the job manager's nor those of the copy."""
        for pod in self.mounts(claim):
            if (pod["metadata"].get("labels") or {}).get("app") not in {names.JOB_MANAGER, names.MOVE_CLAIM}:
                yield pod["metadata"]["name"]

    def stop(self, tell: Callable[[str], None]) -> None:
        """Stop the job manager and wait until nothing uses the old claim. Raises CommandError if it takes too long."""
        self._scale(0)
        limit = self.move.cluster.settings.job_manager.termination_grace_period + _STOP_MARGIN
        end = time.monotonic() + limit
        tell(f"Stopping the job manager, for {limit} seconds at most")
        while pods := [pod["metadata"]["name"] for pod in self.mounts(self.move.source)]:
            if time.monotonic() >= end:
                raise CommandError(f"After {limit} seconds, pod {', '.join(pods)} still uses claim {self.move.source}.")
            time.sleep(POLL_SECONDS)

    def start(self) -> None:
        """Let the job manager run again, with the claim that its Deployment names."""
        self._scale(1)

    def _scale(self, replicas: int) -> None:
        body = {"spec": {"replicas": replicas}}
        query = {"fieldManager": _MANAGER}
        live = self.api.request("PATCH", self._job_manager, body, query=query, content_type=_MERGE)
        rewrite(
            self.api,
            self._job_manager,
            live,
            lambda found: [entry for entry in found["metadata"]["managedFields"] if entry["manager"] != _MANAGER],
        )

    @property
    def _job_manager(self) -> str:
        return f"{RESOURCES['Deployment'].path(self.namespace)}/{names.JOB_MANAGER}"


def _claims(spec: Json) -> set[str]:
    return {name for kind, name in references({"spec": spec}) if kind == "PersistentVolumeClaim"}
