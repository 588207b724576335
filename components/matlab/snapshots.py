"""Snapshots of the job database, so that an update has a way back (docs/updates.md)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from components.matlab import names
from components.matlab.settings import Settings
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi, Unreachable
from components.shared.rights import Right

KIND: Final = "VolumeSnapshot"
CLASS: Final = "VolumeSnapshotClass"
POLL_SECONDS: Final = 2.0
_VERBS: Final = ("get", "list", "create", "delete")


class SnapshotError(Exception):
    """Why there is no snapshot, as a sentence."""


def claim(settings: Settings) -> str:
    """The claim with the job database."""
    return settings.storage.checkpoint.claim or names.CHECKPOINT_CLAIM


def rights(settings: Settings) -> list[Right]:
    """What a user needs to make snapshots and to delete old ones; nothing without the setting."""
    if settings.updates.snapshot.snapshot_class is None:
        return []
    resource = RESOURCES[KIND]
    return [Right(resource.group, resource.plural, verb, settings.namespace.name) for verb in _VERBS]


def rights_to_check(settings: Settings) -> list[Right]:
    """What a user needs so that a preview finds out whether the class exists."""
    if settings.updates.snapshot.snapshot_class is None:
        return []
    resource = RESOURCES[CLASS]
    return [Right(resource.group, resource.plural, "list", "")]


@dataclass(frozen=True)
class Snapshots:
    """The snapshots that updates of one stack have made. Every method asks the API server and blocks."""

    api: KubernetesApi
    settings: Settings
    labels: Mapping[str, str]
    """Labels of the stack's own snapshots: no other one is ever deleted."""

    def take(self) -> list[str]:
        """Make a snapshot, wait until it can be used, and delete the oldest ones.

        Returns the names of all that are kept, newest first. Raises SnapshotError if it is not ready within the limit;
        then it is deleted, and no older one is.
        """
        name = f"{claim(self.settings)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        try:
            self.api.request("POST", self._path, self._manifest(name))
        except (ApiError, Unreachable) as error:
            raise SnapshotError(f"No snapshot of claim {claim(self.settings)} could be created: {error}") from error
        try:
            self._wait(name)
        except SnapshotError:
            self._delete(name)
            raise
        return self._prune(name)

    @property
    def _path(self) -> str:
        return RESOURCES[KIND].path(self.settings.namespace.name)

    def _manifest(self, name: str) -> Json:
        resource = RESOURCES[KIND]
        return {
            "apiVersion": f"{resource.group}/{resource.version}",
            "kind": KIND,
            "metadata": {"name": name, "labels": dict(self.labels)},
            "spec": {
                "volumeSnapshotClassName": self.settings.updates.snapshot.snapshot_class,
                "source": {"persistentVolumeClaimName": claim(self.settings)},
            },
        }

    def _wait(self, name: str) -> None:
        limit = self.settings.updates.snapshot.timeout
        end = time.monotonic() + limit
        said = "its driver gives no reason"
        while True:
            try:
                status = self.api.request("GET", f"{self._path}/{name}").get("status") or {}
                if status.get("readyToUse"):
                    return
                # The driver may try again after an error.
                said = (status.get("error") or {}).get("message") or said
            except (ApiError, Unreachable) as error:
                said = str(error)
            if time.monotonic() >= end:
                raise SnapshotError(f"Snapshot {name} is not ready after {limit} seconds: {said}")
            time.sleep(min(POLL_SECONDS, max(end - time.monotonic(), 0)))

    def _prune(self, newest: str) -> list[str]:
        selector = ",".join(f"{key}={value}" for key, value in self.labels.items())
        try:
            items = self.api.request("GET", self._path, query={"labelSelector": selector})["items"]
        except (ApiError, Unreachable):
            return [newest]
        source = {"persistentVolumeClaimName": claim(self.settings)}
        own = {item["metadata"]["name"]: item for item in items if item["spec"]["source"] == source}
        # A snapshot that is not ready was left by a run that was killed while it waited.
        ready = [name for name, item in own.items() if (item.get("status") or {}).get("readyToUse")]
        kept = sorted(ready, reverse=True)[: self.settings.updates.snapshot.keep]
        for name in own.keys() - set(kept):
            self._delete(name)
        return kept

    def _delete(self, name: str) -> None:
        # One snapshot too many is no reason to stop an update.
        with suppress(ApiError, Unreachable):
            self.api.request("DELETE", f"{self._path}/{name}")
