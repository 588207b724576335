"""No false alarm: every stack file that the project ships is healthy when its pods run. A large one takes no time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.kube import Json
from components.shared.objects import references
from components.stack import load_file
from components.stack_file import stack_name
from ops.doctor.command import examined
from ops.doctor.place import Place, places
from ops.doctor.snapshot import IN_CLUSTER, IN_NAMESPACE, Snapshot
from tests.golden.test_golden import STACK_FILES, rendering

OLD = "2026-01-01T00:00:00Z"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECONDS = 5.0
NODE: Json = {
    "metadata": {"name": "node"},
    "spec": {},
    "status": {
        "allocatable": {
            "cpu": "100k",
            "memory": "1Pi",
            "pods": "100k",
            "ephemeral-storage": "1Pi",
            "nvidia.com/gpu": "100k",
        }
    },
}


def nodes(place: Place) -> list[Json]:
    """Eight large nodes for each pool that the pods ask for."""
    pools = [group.spec.get("nodeSelector") or {} for group in place.groups]
    return [
        {**NODE, "metadata": {"name": f"pool-{pool}-{index}", "labels": labels}}
        for pool, labels in enumerate(pools)
        for index in range(8)
    ]


def running(name: str, template: Json, number: int) -> Json:
    """A pod of a workload that is Ready."""
    spec = template["spec"]
    statuses = [{"name": one["name"], "image": one["image"], "state": {"running": {}}} for one in spec["containers"]]
    return {
        "metadata": {"name": f"{name}-{number}", "creationTimestamp": OLD, "labels": template["metadata"]["labels"]},
        "spec": spec,
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": statuses,
        },
    }


def healthy(stack_file: Path, place: Place) -> Snapshot:
    """The namespace as Kubernetes reports it once everything runs. Nobody may read its Secrets."""
    files, _ = rendering(stack_file)
    objects: dict[str, list[Json]] = {kind: [] for kind in (*IN_NAMESPACE, *IN_CLUSTER) if kind != "Secret"}
    everything = [yaml.safe_load(text) for text in files.values()]
    for item in everything:
        if item["metadata"].get("namespace") == place.namespace and item["kind"] in objects:
            item["metadata"]["creationTimestamp"] = OLD
            objects[item["kind"]].append(item)
    for claim in objects["PersistentVolumeClaim"]:
        claim["status"] = {"phase": "Bound"}
    for service in objects["Service"]:
        service["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    templates = {
        item["metadata"]["name"]: item["spec"]["template"]
        for item in everything
        if item["metadata"].get("namespace") == place.namespace and "template" in (item.get("spec") or {})
    }
    for item in place.planned.values():
        if item.pod_template:
            templates[item.manifest["metadata"]["name"]] = item.pod_template
    objects["Pod"] = [running(name, template, 0) for name, template in templates.items()]
    for template in templates.values():
        for kind, name in references(template):
            if kind in {"PersistentVolumeClaim", "ConfigMap"} and name not in names(objects[kind]):
                objects[kind].append(brought(kind, name))
    objects["Node"] = nodes(place)
    namespace = {"metadata": {"name": place.namespace}, "status": {"phase": "Active"}}
    return Snapshot(place.namespace, namespace, objects, NOW, exists=True)


def names(items: list[Json]) -> set[str]:
    return {item["metadata"]["name"] for item in items}


def brought(kind: str, name: str) -> Json:
    """An object that the user has made before."""
    body: dict[str, Any] = {"metadata": {"name": name, "creationTimestamp": OLD}, "spec": {}}
    return body if kind == "ConfigMap" else {**body, "status": {"phase": "Bound"}}


@pytest.mark.parametrize("stack_file", STACK_FILES, ids=stack_name)
def test_a_healthy_example_has_no_findings(stack_file: Path) -> None:
    here = places(load_file(stack_file))
    assert here
    for place in here:
        report = examined(place, healthy(stack_file, place))
        assert [(one.cause.code, one.cause.sentence) for one in report.diagnoses] == []
        assert (report.unseen, report.remarks) == (["Secret"], [])


def test_a_deleted_pod_template_of_an_example_is_noticed() -> None:
    """The test above can fail: its clusters are looked at in earnest."""
    stack_file = next(file for file in STACK_FILES if file.stem == "production")
    (place,) = places(load_file(stack_file))
    found = healthy(stack_file, place)
    found.objects["Deployment"].clear()
    assert {one.cause.code for one in examined(place, found).diagnoses} == {"MJS026"}


def test_a_thousand_workers_are_looked_at_in_seconds() -> None:
    """A person on call waits for it. To read them from an API server takes a second more."""
    stack_file = next(file for file in STACK_FILES if file.stem == "thousand-workers")
    (place,) = places(load_file(stack_file))
    found = healthy(stack_file, place)
    template = next(item.pod_template for item in place.planned.values() if item.pod_template)
    found.objects["Pod"].extend(running("mjs-worker", template, number) for number in range(1, 1001))
    begin = time.monotonic()
    assert examined(place, found).diagnoses == []
    assert time.monotonic() - begin < SECONDS
