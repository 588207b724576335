"""What looks healthy, and is stopped, paused or about to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.matlab.job_queue import PAUSED
from components.shared.kube import Json
from ops.doctor.command import examined
from ops.doctor.place import Place
from ops.doctor.snapshot import Snapshot

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def ago(minutes: int) -> str:
    return f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def item(name: str, spec: Json, **metadata: Any) -> Json:
    return {"metadata": {"name": name, "creationTimestamp": ago(500), **metadata}, "spec": spec, "status": {}}


def codes(
    *, replicas: int = 1, annotations: Json | None = None, pod: Json | None = None, claim: Json | None = None
) -> Any:
    template = {"spec": {"containers": []}}
    manager = item("mjs-job-manager", {"replicas": replicas, "template": template}, annotations=annotations or {})
    worker = item("mjs-worker-1", {"nodeName": "n", "containers": []}, labels={"app": "mjs-worker"}, **(pod or {}))
    data = item("mjs-checkpoint", {"volumeName": "pv-1"}, **(claim or {}))
    objects = {
        "Deployment": [manager, item("mjs-controller", {"replicas": 1, "template": template})],
        "Pod": [worker],
        "PersistentVolumeClaim": [data],
    }
    report = examined(Place("matlab", "mjs"), Snapshot("mjs", {"metadata": {}}, objects, NOW, exists=True))
    return {diagnosis.cause.code: diagnosis.cause for diagnosis in report.diagnoses}


def test_a_job_manager_with_0_replicas_is_stopped() -> None:
    assert codes() == {}
    assert codes(replicas=0)["MJS028"].sentence == "Deployment mjs-job-manager is stopped: it has 0 replicas"


@pytest.mark.parametrize(("minutes", "found"), [(59, False), (61, True)])
def test_a_queue_that_is_paused_for_more_than_an_hour_was_forgotten(minutes: int, found: bool) -> None:
    assert ("MJS029" in codes(annotations={PAUSED: ago(minutes)})) == found


@pytest.mark.parametrize(("minutes", "found"), [(9, False), (11, True)])
def test_a_pod_that_outlives_its_grace_period_by_ten_minutes_does_not_end(minutes: int, found: bool) -> None:
    assert ("MJS017" in codes(pod={"deletionTimestamp": ago(minutes)})) == found


def test_a_claim_that_is_being_deleted_names_its_volume_in_the_way_out() -> None:
    found = codes(claim={"deletionTimestamp": ago(1)})["MJS033"]
    assert "kubectl patch persistentvolume pv-1 --patch" in str(found.remedy)
