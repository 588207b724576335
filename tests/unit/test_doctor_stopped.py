"""What looks healthy, and is stopped, paused or about to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from components.matlab.job_queue import PAUSED
from components.matlab.names import TEMPLATE_FILE
from components.shared.kube import Json
from ops.doctor import pods
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
    template = {"metadata": {}, "spec": {"containers": []}}
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


def test_what_the_next_worker_needs_is_missed_while_all_runs() -> None:
    template = {"spec": {"containers": [], "volumes": [{"secret": {"secretName": "gone"}}]}}
    optional = {"configMap": {"name": "perhaps", "optional": True}}
    template["spec"]["volumes"].append(optional)
    worker = {**item("mjs-worker-template", {}), "data": {TEMPLATE_FILE: yaml.safe_dump(template)}}
    objects = {"ConfigMap": [worker], "Secret": [], "Pod": []}
    found = pods.findings(Place("matlab", "mjs"), Snapshot("mjs", {"metadata": {}}, objects, NOW, exists=True))
    assert [(one.code, one.sentence) for one in found] == [
        ("MJS023", "Secret gone does not exist, and every new worker needs it")
    ]


@pytest.mark.parametrize("data", [{}, {TEMPLATE_FILE: "spec: ["}, {TEMPLATE_FILE: "text"}])
def test_a_worker_template_that_somebody_broke_ends_no_command(data: Json) -> None:
    broken = {**item("mjs-worker-template", {}), "data": data}
    assert pods.worker_spec(broken) == {}
