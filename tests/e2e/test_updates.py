"""Updates and running jobs: the queue of a job manager whose commands really run, through the API server."""

from __future__ import annotations

import hashlib
import threading
import time

from components.matlab.job_queue import PAUSED, worker_template_checksum
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import kill_when, wait_for
from tests.e2e.exec_node import ExecNode

RUNS_AGAIN = "The queue of the job manager runs again."
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


def restart(checkout: Checkout, node: ExecNode, milliseconds: int) -> None:
    """Write a change that restarts the job manager and nothing else."""
    checkout.matlab["jobManager"]["resources"] = {"cpuRequest": f"{milliseconds}m"}
    checkout.write()
    node.events.clear()


def mark(checkout: Checkout) -> str | None:
    """Return since when the queue is marked as paused."""
    found: str | None = checkout.deployment("mjs-job-manager")["metadata"].get("annotations", {}).get(PAUSED)
    return found


def test_no_update_interrupts_a_job(checkout: Checkout, node: ExecNode) -> None:
    assert node.events == ["start"]
    an_idle_queue_is_paused_and_resumes(checkout, node)
    what_restarts_nothing_pauses_nothing(checkout, node)
    a_busy_queue_is_waited_for(checkout, node)
    the_limit_stops_the_update(checkout, node)
    the_limit_does_not_stop_an_update_that_may_interrupt(checkout, node)
    replaced_workers_get_no_task(checkout, node)
    credentials_change_after_the_pause(checkout, node)
    a_dead_job_manager_is_updated_at_once(checkout, node)
    a_job_manager_that_fails_is_updated_at_once(checkout, node)
    an_interrupted_run_is_repaired_by_the_next(checkout, node)
    switched_off_nothing_waits(checkout, node)


def an_idle_queue_is_paused_and_resumes(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 101)
    assert RUNS_AGAIN not in checkout.run("preview")
    assert node.events == []
    text = checkout.run("up")
    assert node.events == ["pause", "status", "end", "start", "resume"]
    assert "The queue is paused, and no worker is busy." in text
    assert RUNS_AGAIN in text
    assert not node.paused
    assert mark(checkout) is None


def what_restarts_nothing_pauses_nothing(checkout: Checkout, node: ExecNode) -> None:
    """The controller restarts for one, and labels of every object change for the other."""
    node.events.clear()
    checkout.matlab["workers"]["idleStop"] = 301
    checkout.matlab["controller"] = {"resources": {"cpuRequest": "150m"}}
    checkout.write()
    checkout.run("up")
    checkout.run("up")
    assert node.events == []


def a_busy_queue_is_waited_for(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 102)
    node.busy(2)
    ended: list[bool] = []

    def end_jobs() -> None:
        wait_for(lambda: "status" in node.events)
        time.sleep(3)
        ended.append("end" not in node.events)
        node.busy(0)

    jobs = threading.Thread(target=end_jobs)
    jobs.start()
    text = checkout.run("up")
    jobs.join()
    assert ended == [True]
    assert "The queue is paused, and 2 workers are busy; the update waits 60 seconds at most." in text
    assert node.events[-3:] == ["end", "start", "resume"]


def the_limit_stops_the_update(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 103)
    checkout.matlab["updates"]["waitForJobs"] = 1
    checkout.write()
    node.busy(1)
    before = node.job_managers()
    text = checkout.run("up", code=1)
    assert "Workers are still busy after 1 seconds. Neither the job manager nor a worker was restarted" in text
    assert "Traceback" not in text
    assert node.job_managers() == before
    assert node.events[-1] == "resume"
    assert not {"start", "end"} & set(node.events)
    assert not node.paused
    assert mark(checkout) is None


def the_limit_does_not_stop_an_update_that_may_interrupt(checkout: Checkout, node: ExecNode) -> None:
    node.events.clear()
    checkout.matlab["updates"]["whenJobsRemain"] = "continue"
    checkout.write()
    text = checkout.run("up")
    assert "After 1 seconds workers are still busy. The update interrupts their jobs." in text
    assert node.events[0] == "pause"
    assert node.events[-3:] == ["end", "start", "resume"]
    node.busy(0)
    checkout.matlab["updates"] = {"waitForJobs": 60}


def replaced_workers_get_no_task(checkout: Checkout, node: ExecNode) -> None:
    """The controller deletes them up to a period after the template has changed."""
    template = checkout.get("configmaps", "mjs-worker-template")
    assert template is not None
    annotations = {"checksum/template": worker_template_checksum(template["data"]["pod-template.yaml"])}
    labels = {"app": "mjs-worker"}
    container = {"name": "mjs-worker", "image": "worker"}
    worker = {
        "metadata": {"name": "mjs-worker-1", "labels": labels, "annotations": annotations},
        "spec": {"schedulerName": "nobody", "containers": [container]},
    }
    checkout.api.request("POST", PODS, worker)
    node.events.clear()
    checkout.matlab["workers"]["env"] = {"OMP_NUM_THREADS": "4"}
    checkout.write()
    paused: list[bool] = []

    def controller() -> None:
        def changed() -> bool:
            now = checkout.get("configmaps", "mjs-worker-template")
            return now is not None and now["data"] != template["data"]

        wait_for(changed)
        time.sleep(7)
        paused.append(node.paused)
        checkout.api.request("DELETE", f"{PODS}/mjs-worker-1")

    replacing = threading.Thread(target=controller)
    replacing.start()
    checkout.run("up")
    replacing.join()
    assert paused == [True]
    assert node.events == ["pause", "status", "resume"]


def credentials_change_after_the_pause(checkout: Checkout, node: ExecNode) -> None:
    """A kubelet would put the new shared secret into the job manager while its commands still need the old one."""
    before = hashlib.sha256(checkout.secret("mjs-shared-secret")["secret.json"].encode()).digest()
    node.events.clear()
    node.busy(1)
    checkout.matlab["security"] = {"credentialsGeneration": 2}
    checkout.write()
    unchanged: list[bool] = []

    def end_jobs() -> None:
        wait_for(lambda: "status" in node.events)
        time.sleep(2)
        now = hashlib.sha256(checkout.secret("mjs-shared-secret")["secret.json"].encode()).digest()
        unchanged.append(now == before)
        node.busy(0)

    jobs = threading.Thread(target=end_jobs)
    jobs.start()
    checkout.run("up")
    jobs.join()
    assert unchanged == [True]
    assert node.events[0] == "pause"
    assert node.events[-3:] == ["end", "start", "resume"]


def a_dead_job_manager_is_updated_at_once(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 104)
    node.dead.update(node.job_managers())
    wait_for(lambda: checkout.deployment("mjs-job-manager")["status"].get("readyReplicas", 0) == 0)
    text = checkout.run("up")
    assert "Running jobs are not waited for: the job manager does not run. The update continues" in text
    assert node.events == ["end", "start"]
    assert mark(checkout) is None


def a_job_manager_that_fails_is_updated_at_once(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 105)
    node.behave("pausejobmanager", "echo no lookup process >&2; exit 3")
    text = checkout.run("up")
    assert "command `pause` ended with exit code 3: no lookup process. The update continues" in text
    assert node.events == ["pause", "end", "start"]
    assert mark(checkout) is None


def an_interrupted_run_is_repaired_by_the_next(checkout: Checkout, node: ExecNode) -> None:
    """Killed while it waits; then the change is taken back, so nothing of the next run would restart anything."""
    restart(checkout, node, 106)
    node.busy(1)
    kill_when(checkout, lambda: "status" in node.events, "up")
    assert node.paused
    assert mark(checkout) is not None
    node.busy(0)
    checkout.matlab["jobManager"]["resources"] = {"cpuRequest": "105m"}
    checkout.write()
    node.events.clear()
    preview = checkout.run("preview")
    assert "has left the queue of the job manager paused since 20" in preview
    assert node.events == []
    assert RUNS_AGAIN in checkout.run("up")
    assert node.events == ["resume"]
    assert not node.paused
    assert mark(checkout) is None
    assert "paused" not in checkout.run("preview")


def switched_off_nothing_waits(checkout: Checkout, node: ExecNode) -> None:
    restart(checkout, node, 107)
    checkout.matlab["updates"] = {"waitForJobs": 0}
    checkout.write()
    node.busy(1)
    checkout.run("up")
    assert node.events == ["end", "start"]
