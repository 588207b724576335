"""Snapshots of the job database before updates, on a real API server with a stand-in for the storage driver."""

from __future__ import annotations

from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.exec_node import ExecNode
from tests.e2e.snapshot_driver import SnapshotDriver

CLAIM = "mjs-checkpoint"
RESTORED = "mjs-checkpoint-restored"


def restart(checkout: Checkout, node: ExecNode, milliseconds: int) -> None:
    """Write a change that restarts the job manager and nothing else."""
    checkout.matlab["jobManager"]["resources"] = {"cpuRequest": f"{milliseconds}m"}
    checkout.write()
    node.events.clear()


def test_a_snapshot_is_made_before_the_job_manager_restarts(checkout: Checkout, node: ExecNode) -> None:
    driver = SnapshotDriver(checkout.api, NAMESPACE)
    checkout.matlab["updates"] = {"waitForJobs": 60, "snapshot": {"class": "fast", "timeout": 1}}
    restart(checkout, node, 101)
    assert "matlab.updates.snapshot.class: the Kubernetes cluster has no VolumeSnapshots" in checkout.run("up", code=1)
    with driver.installed():
        a_class_that_does_not_exist_is_rejected(checkout, driver)
        a_driver_that_does_nothing_stops_the_update(checkout, node, driver)
        checkout.matlab["updates"]["snapshot"] = {"class": "fast", "timeout": 60, "keep": 1}
        with driver.running():
            the_snapshot_is_ready_before_the_job_manager_ends(checkout, node, driver)
            what_replaces_workers_alone_makes_none(checkout, node, driver)
            old_ones_are_deleted_but_not_those_of_others(checkout, node, driver)


def test_a_driver_that_fails_never_blocks_the_cure(checkout: Checkout, node: ExecNode) -> None:
    driver = SnapshotDriver(checkout.api, NAMESPACE)
    checkout.matlab["updates"] = {"waitForJobs": 60, "snapshot": {"class": "fast", "timeout": 1}}
    with driver.installed():
        served(checkout)
        driver.add_class("fast")
        a_dead_job_manager_is_updated_without_a_snapshot(checkout, node, driver)
        without_waiting_a_job_manager_that_works_is_not_risked(checkout, node)


def test_the_old_database_comes_back(checkout: Checkout, node: ExecNode) -> None:
    """The steps of docs/updates.md#the-way-back."""
    driver = SnapshotDriver(checkout.api, NAMESPACE)
    checkout.matlab["updates"] = {"waitForJobs": 60, "snapshot": {"class": "fast", "timeout": 60}}
    with driver.installed():
        served(checkout)
        driver.add_class("fast")
        with driver.running():
            restart(checkout, node, 104)
            checkout.run("up")
            (snapshot,) = driver.snapshots()
            driver.restore(snapshot, RESTORED)
            the_restored_claim_takes_the_place_of_the_old_one(checkout, snapshot)
            driver.forget(RESTORED)


def served(checkout: Checkout) -> None:
    """Wait until the API server serves the new kinds."""
    wait_for(lambda: checkout.api.get("/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses") is not None)


def a_class_that_does_not_exist_is_rejected(checkout: Checkout, driver: SnapshotDriver) -> None:
    served(checkout)
    assert "matlab.updates.snapshot.class: the cluster has no VolumeSnapshotClass fast" in checkout.run("up", code=1)
    driver.add_class("fast")


def a_driver_that_does_nothing_stops_the_update(checkout: Checkout, node: ExecNode, driver: SnapshotDriver) -> None:
    assert "snapshot" not in checkout.run("preview")
    before = node.job_managers()
    text = checkout.run("up", code=1)
    assert "is not ready after 1 seconds: its driver gives no reason. The job manager was not restarted" in text
    assert "Traceback" not in text
    assert node.job_managers() == before
    assert node.events == ["pause", "status", "resume"]
    assert not node.paused
    assert driver.snapshots() == {}


def the_snapshot_is_ready_before_the_job_manager_ends(
    checkout: Checkout, node: ExecNode, driver: SnapshotDriver
) -> None:
    seen: list[tuple[bool, list[str]]] = []
    driver.on_snapshot = lambda: seen.append((node.paused, list(node.events)))
    restart(checkout, node, 102)
    text = checkout.run("up")
    assert seen == [(True, ["pause", "status"])]
    assert node.events == ["pause", "status", "end", "start", "resume"]
    ((name, snapshot),) = driver.snapshots().items()
    assert name.startswith(f"{CLAIM}-20")
    assert snapshot["spec"] == {
        "volumeSnapshotClassName": "fast",
        "source": {"persistentVolumeClaimName": CLAIM},
    }
    assert snapshot["metadata"]["labels"]["clusters.pulumi/stack"] == checkout.stack
    assert f"VolumeSnapshot {name} holds the job database as it was before this update." in text


def what_replaces_workers_alone_makes_none(checkout: Checkout, node: ExecNode, driver: SnapshotDriver) -> None:
    before = driver.snapshots()
    node.events.clear()
    checkout.matlab["workers"]["env"] = {"OMP_NUM_THREADS": "4"}
    checkout.write()
    checkout.run("up")
    assert node.events == ["pause", "status", "resume"]
    assert driver.snapshots() == before


def old_ones_are_deleted_but_not_those_of_others(checkout: Checkout, node: ExecNode, driver: SnapshotDriver) -> None:
    (first,) = driver.snapshots()
    by_hand = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": "by-hand"},
        "spec": {"source": {"persistentVolumeClaimName": CLAIM}},
    }
    checkout.api.request("POST", f"/apis/snapshot.storage.k8s.io/v1/namespaces/{NAMESPACE}/volumesnapshots", by_hand)
    restart(checkout, node, 103)
    checkout.run("up")
    left = driver.snapshots().keys()
    assert first not in left
    assert len(left) == 2
    assert "by-hand" in left


def the_restored_claim_takes_the_place_of_the_old_one(checkout: Checkout, snapshot: str) -> None:
    checkout.run("destroy")
    checkout.matlab["storage"]["checkpoint"] = {"claim": RESTORED}
    checkout.write()
    assert "no longer uses PersistentVolumeClaim mjs-checkpoint" in checkout.run("up", code=1)
    (urn,) = (
        item["urn"] for item in checkout.state()["resources"] if item["urn"].endswith(f"PersistentVolumeClaim::{CLAIM}")
    )
    checkout.run("pulumi", "--", "state", "unprotect", "--yes", urn)
    checkout.run("pulumi", "--", "state", "delete", "--yes", urn)
    checkout.run("up")
    pod = checkout.deployment("mjs-job-manager")["spec"]["template"]["spec"]
    claims = [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if "persistentVolumeClaim" in one]
    assert RESTORED in claims
    assert CLAIM not in claims
    assert checkout.get("persistentvolumeclaims", CLAIM) is not None
    restored = checkout.get("persistentvolumeclaims", RESTORED)
    assert restored is not None
    assert restored["status"]["phase"] == "Bound"
    assert restored["spec"]["dataSource"]["name"] == snapshot


def a_dead_job_manager_is_updated_without_a_snapshot(
    checkout: Checkout, node: ExecNode, driver: SnapshotDriver
) -> None:
    restart(checkout, node, 105)
    before = driver.snapshots().keys()
    node.dead.update(node.job_managers())
    wait_for(lambda: checkout.deployment("mjs-job-manager")["status"].get("readyReplicas", 0) == 0)
    text = checkout.run("up")
    assert "The job manager does not work, so the update continues, because it may fix the problem." in text
    assert node.events == ["end", "start"]
    assert driver.snapshots().keys() == before


def without_waiting_a_job_manager_that_works_is_not_risked(checkout: Checkout, node: ExecNode) -> None:
    checkout.matlab["updates"]["waitForJobs"] = 0
    restart(checkout, node, 106)
    assert "The job manager was not restarted" in checkout.run("up", code=1)
    assert node.events == []
