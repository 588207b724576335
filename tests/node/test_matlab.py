"""The dev stack on a real node: pods that run, a job from a client through to a worker, and what happens in between."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.checkout import NAMESPACE
from tests.e2e.test_move_claim import move
from tests.node.client import Client, RefusedError
from tests.node.stack import Stack, restarts
from tests.waiting import eventually

SLOW_STOP = 8
"""Seconds that a job manager takes to stop in one of the tests."""


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


def test_the_host_name_of_a_worker_leads_to_it(stack: Stack) -> None:
    """MJS tells it to the job manager and to other workers."""
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


def test_the_job_database_moves_to_another_claim_with_its_jobs(stack: Stack) -> None:
    """The copy runs in a pod of its own, with the policies of the namespace, and MJS goes on from it."""
    done = stack.ask("submit", command="echo kept")["id"]
    stack.job(done)
    found = json.loads(move(stack.checkout, "--json", to="moved"))
    assert found["files"] > 0
    assert stack.cluster.pods(NAMESPACE, "mjs-job-manager") == []
    stack.checkout.matlab["storage"]["checkpoint"] = {"claim": "moved"}
    stack.checkout.write()
    stack.checkout.run("up")
    manager = stack.pod("mjs-job-manager")
    claims = [
        one["persistentVolumeClaim"]["claimName"]
        for one in manager["spec"]["volumes"]
        if "persistentVolumeClaim" in one
    ]
    assert "moved" in claims
    assert restarts(manager) == 0
    assert stack.job(done)["output"] == "kept\n"
    assert stack.job(stack.ask("submit", command="echo new")["id"])["output"] == "new\n"


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


def test_older_clients_come_in_through_haproxy(stack: Stack) -> None:
    """With an older release, HAProxy is in front of both ways in: SOCKS proxy, and the job manager's own ports."""
    checkout = stack.checkout
    checkout.matlab["additionalSupportedReleases"] = ["r2025b"]
    checkout.write()
    checkout.run("up")
    outputs = checkout.outputs()
    assert outputs["proxyMode"] == "backwards-compatible-mode"
    for app in ("mjs-job-manager", "mjs-controller", "mjs-ingress-proxy", "mjs-parallel-server-proxy"):
        assert restarts(stack.pod(app)) == 0, app
    for profile in (outputs["profile"], outputs["profileBeforeR2026a"]):
        with Client(profile) as client:
            assert client.ask("submit", command="true")["state"] == "queued"
        with pytest.raises((RefusedError, OSError)):
            Client(profile, certificate=False).ask("status")
    haproxy_is_ready_only_when_it_listens(stack)


def haproxy_is_ready_only_when_it_listens(stack: Stack) -> None:
    """The same pod once more, with a HAProxy that starts when a file says so."""
    found = stack.pod("mjs-ingress-proxy")["spec"]
    (container,) = found["containers"]
    wait = 'until [ -e /late/start ]; do sleep 0.1; done; exec /usr/sbin/haproxy -W -db "$@"'
    late = {
        **container,
        "command": ["sh", "-c", wait, "sh"],
        "volumeMounts": [*container["volumeMounts"], {"name": "late", "mountPath": "/late"}],
    }
    kept = {key: found[key] for key in ("securityContext", "automountServiceAccountToken")}
    volumes = [*found["volumes"], {"name": "late", "emptyDir": {}}]
    name = stack.cluster.run(NAMESPACE, "late", **kept, containers=[late], volumes=volumes)

    def status() -> Any:
        pod = stack.cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")
        return (pod or {})["status"].get("containerStatuses", [{}])[0]

    eventually(lambda: "running" in status().get("state", {}))
    time.sleep(container["readinessProbe"]["periodSeconds"] * 2)
    assert not status()["ready"]
    pod = {"metadata": {"namespace": NAMESPACE, "name": name}}
    assert stack.cluster.execute(pod, "touch", "/late/start").returncode == 0
    eventually(lambda: status()["ready"])
    stack.cluster.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")
