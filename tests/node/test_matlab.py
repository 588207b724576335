"""The dev stack on a real node: pods that run, a job from a client through to a worker, and what happens in between."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.e2e.checkout import NAMESPACE, Checkout
from tests.node.client import Client, RefusedError
from tests.node.pods import Cluster, Pod
from tests.tools.container import eventually

IDLE_STOP = 3
GRACE = 20
SLOW_STOP = 8
"""Seconds that a job manager takes to stop in one of the tests."""


class Stack:
    """The cluster of a stack, as its users see it."""

    def __init__(self, checkout: Checkout, cluster: Cluster) -> None:
        self.checkout, self.cluster = checkout, cluster
        self.profile: str = checkout.outputs()["profile"]

    def ask(self, do: str, **values: Any) -> Any:
        with Client(self.profile) as client:
            return client.ask(do, **values)

    def job(self, number: int) -> dict[str, Any]:
        """A job, once it is finished."""

        def look() -> dict[str, Any] | None:
            try:
                job: dict[str, Any] = self.ask("status")["jobs"][number - 1]
            except (OSError, RefusedError):
                return None
            return job if job["state"] == "finished" else None

        found: dict[str, Any] = eventually(look, 90)
        return found

    def pod(self, app: str) -> Pod:
        return self.cluster.ready_pod(NAMESPACE, app)

    def workers(self) -> list[Pod]:
        return self.cluster.pods(NAMESPACE, "mjs-worker")


@pytest.fixture(scope="module")
def stack(checkout: Checkout, cluster: Cluster) -> Stack:
    small = {"cpuRequest": "50m", "memoryRequest": "128Mi"}
    checkout.matlab["jobManager"] = {"resources": small, "terminationGracePeriod": GRACE}
    checkout.matlab["workers"] |= {"resources": small, "idleStop": IDLE_STOP, "autoScalingPeriod": 1}
    checkout.write()
    begin = time.monotonic()
    print(checkout.run("up"))
    print("up took", time.monotonic() - begin)
    return Stack(checkout, cluster)


def test_pods_run_without_a_restart(stack: Stack) -> None:
    """Security contexts, seccomp, read-only roots, scripts and probes are good enough for containers to start."""
    for app in ("mjs-job-manager", "mjs-controller", "mjs-ingress-proxy"):
        assert restarts(stack.pod(app)) == 0, app


def test_a_client_without_a_certificate_is_refused(stack: Stack) -> None:
    with pytest.raises((RefusedError, OSError)):
        Client(stack.profile, certificate=False).ask("status")


def test_a_job_of_a_client_starts_a_worker_and_runs_as_the_worker_user(stack: Stack) -> None:
    """From the output `profile` through load balancer, proxy and mutual TLS to the job manager; idle workers go."""
    job = stack.job(stack.ask("submit", command="id --user --name; touch ~/file; hostname")["id"])
    assert job["code"] == 0
    user, host = job["output"].split()
    assert user == "matlab"
    worker = stack.workers()[0]["metadata"]["name"]
    assert host == worker
    stack.ask("want", workers=2)
    eventually(lambda: len(stack.ask("status")["workers"]) == 2)
    stack.ask("want", workers=0)
    eventually(lambda: stack.workers() == [] and stack.ask("status")["workers"] == [])


def test_a_worker_has_a_name_before_it_is_ready(stack: Stack) -> None:
    """MJS looks the name up before the worker joins; others have to find it then, too."""
    stack.ask("want", workers=1)
    worker = eventually(stack.workers)[0]["metadata"]["name"]
    script = f"import socket; print(socket.gethostbyname('{worker}.mjs-workers.{NAMESPACE}.svc.cluster.local'))"
    manager = stack.pod("mjs-job-manager")

    def look_up() -> str:
        return stack.cluster.execute(manager, "python3", "-c", script).stdout.strip()

    found = eventually(look_up)
    running = stack.cluster.running(NAMESPACE, worker)
    assert found == running["status"]["podIP"]


def test_a_deleted_job_manager_hands_over_its_jobs_and_its_successor_waits_for_it(stack: Stack) -> None:
    """Two job managers used to write one database for the length of the grace period."""
    job = stack.ask("submit", command="true")["id"]
    stack.job(job)
    old = stack.pod("mjs-job-manager")
    write = f"echo {SLOW_STOP} >/mjs/database/stop-takes"
    assert stack.cluster.execute(old, "bash", "-c", write).returncode == 0
    begin = time.monotonic()
    stack.cluster.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{old['metadata']['name']}")
    new = stack.pod("mjs-job-manager")
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert time.monotonic() - begin > SLOW_STOP
    assert "waiting for another job manager" in stack.cluster.log(new)
    assert restarts(new) == 0
    assert stack.job(job)["state"] == "finished"
    stack.cluster.execute(new, "rm", "/mjs/database/stop-takes")
    assert stack.job(stack.ask("submit", command="echo again")["id"])["output"] == "again\n"


def test_everything_comes_back_after_the_node_crashed(stack: Stack) -> None:
    """SIGKILL to the first process of the node ends every process on it at once."""
    done = stack.ask("submit", command="echo kept")["id"]
    stack.job(done)
    cluster = stack.cluster
    cluster.node.crash()
    with pytest.raises(OSError):
        stack.ask("status")
    cluster.node.start()
    for app in ("mjs-job-manager", "mjs-controller", "mjs-ingress-proxy"):
        stack.cluster.ready_pod(NAMESPACE, app, 120)
    assert stack.job(done)["output"] == "kept\n"
    assert stack.job(stack.ask("submit", command="echo new")["id"])["output"] == "new\n"


def restarts(pod: Pod) -> int:
    return sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
