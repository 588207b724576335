"""What was asked of the API server, by its own account."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass

from local.cluster import ControlPlane
from tests.e2e.checkout import ADMINISTRATOR

WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Calls:
    """What an administrator asked of the API server."""

    writes: Counter[str]
    reads: Counter[str]
    left_out: Counter[str]

    @property
    def written(self) -> int:
        """How many calls may have changed something."""
        return self.writes.total()

    def __str__(self) -> str:
        return _listed(self.writes + self.reads) + (f"; besides {_listed(self.left_out)}" if self.left_out else "")


def _listed(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {verb}" for verb, count in calls.most_common()) or "nothing"


class AuditLog:
    """Counts the calls from now on."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._path = control_plane.audit_log
        self._start, self._file = self._path.stat().st_size, self._path.stat().st_ino

    def calls(self) -> Calls:
        """What came since. Every request once: a watch is logged when it begins and when it ends."""
        with self._path.open("rb") as log:
            assert os.fstat(log.fileno()).st_ino == self._file, "the audit log was rotated"
            log.seek(self._start)
            events = {event["auditID"]: event for event in map(json.loads, log)}
        calls = Calls(Counter(), Counter(), Counter())
        for event in events.values():
            verb, uri = event["verb"], event["requestURI"]
            if event["user"].get("username") != ADMINISTRATOR or "fieldManager=embedded-cluster" in uri:
                continue
            if "dryRun=All" in uri:
                calls.left_out["dry run"] += 1
            elif "accessreviews" in uri or "selfsubject" in uri:
                calls.left_out["access review"] += 1
            elif verb in WRITES:
                calls.writes[verb] += 1
            else:
                calls.reads[verb if event.get("objectRef") else "discovery"] += 1
        return calls
