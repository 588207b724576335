"""Runs that are killed, cut off or rejected: the next one converges, nothing is orphaned, lost or created twice."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.shared.manifest import STACK as STACK_LABEL
from components.shared.target import EMBEDDED_CONTEXT
from tests.e2e.checkout import NAMESPACE, STACK, Checkout
from tests.e2e.disturbance import (
    a_policy_against,
    every_node_labelled,
    exported,
    in_the_state,
    kill,
    kill_at_every_object,
    kill_when,
    of_the_stack,
    path_of,
    started,
    wait_for,
)
from tests.e2e.relay import Relay

LONG = "LONG" in os.environ
POINTS = 20
CUTS = 3
UP = (
    "PersistentVolumeClaim/mjs-checkpoint",
    "Secret/mjs-shared-secret",
    "Deployment/mjs-job-manager",
    "Deployment/mjs-controller",
)
KEPT_KINDS = ("Namespace", "PersistentVolumeClaim")
KEPT_SECRETS = ("mjs-admin-password", "mjs-worker-user", "mjs-shared-secret", "mjs-parallel-server-proxy-secret")
LOCK_REMOVED = "Removed the lock of a run that was killed"


@pytest.fixture
def remote(checkout: Checkout) -> Checkout:
    """A project that names the cluster by its context: `up` would restart an API server of its own."""
    checkout.target(EMBEDDED_CONTEXT, checkout.control_plane.kubeconfig)
    checkout.write()
    return checkout


class Witness:
    """Credentials and claims from the first moment that they were seen: none may vanish or become another one."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._first: dict[str, Any] = {}

    def look(self) -> None:
        """Compare with all that was seen before."""
        found = self._seen()
        for name, first in self._first.items():
            assert name in found or name.startswith("profile"), f"{name} is lost"
            assert found.get(name, first) == first, f"{name} was made twice"
        self._first = {**found, **self._first}

    def _seen(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(of_the_stack(self._checkout.api, KEPT_KINDS))
        for name in KEPT_SECRETS:
            if secret := self._checkout.get("secrets", name):
                found[f"Secret/{name}"] = secret["metadata"]["uid"], secret["data"]
        # A destroy takes it, and the next one must say the same.
        if profile := self._checkout.secret("mjs-cluster-profile"):
            found["profile"] = profile
        for entry in exported(self._checkout):
            if entry["type"].endswith(":PrivateKey"):
                found[entry["urn"]] = entry["outputs"]["publicKeyPem"]
        return found


def nothing_is_orphaned(checkout: Checkout) -> None:
    """The cluster and the state have the same objects, and the state holds nothing that is half done."""
    assert in_the_state(checkout) == of_the_stack(checkout.api)
    for entry in exported(checkout):
        assert entry.get("status", "ready") == "ready"
        assert not entry.get("initErrors")


def a_run_writes_nothing(checkout: Checkout) -> None:
    """The cluster is as the stack file says."""
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []


def test_a_killed_run_is_taken_up_by_the_next(checkout: Checkout) -> None:
    """A full machine, a closed laptop: the lock, half made objects and keys stay behind."""
    witness = Witness(checkout)
    killed = 0
    for name in UP:
        path = path_of(name)
        if checkout.api.get(path):
            continue  # the run before came further than that
        printed = kill_when(checkout, lambda: checkout.api.get(path) is not None, "up")  # noqa: B023 - called at once
        assert (LOCK_REMOVED in printed) == (killed > 0)
        witness.look()
        killed += 1
    assert killed >= 3
    assert LOCK_REMOVED in checkout.run("up")
    witness.look()
    nothing_is_orphaned(checkout)
    gone = path_of("Service/mjs-workers")
    kill_when(checkout, lambda: checkout.api.get(gone) is None, "destroy")
    witness.look()
    assert LOCK_REMOVED in checkout.run("destroy")
    witness.look()
    nothing_is_orphaned(checkout)
    checkout.run("up")
    witness.look()
    nothing_is_orphaned(checkout)
    a_run_writes_nothing(checkout)


def test_the_second_of_two_runs_is_refused(checkout: Checkout) -> None:
    """Two people type `make up`: the second learns who was first. Then the first is killed."""
    # The first one cannot end before the second is refused: it waits for a pod that no node takes.
    checkout.matlab["jobManager"] = {"nodeSelector": {"no": "such-node"}}
    checkout.write()
    namespace = path_of(f"Namespace/{NAMESPACE}")
    with started(checkout, "up") as first:
        wait_for(lambda: checkout.api.get(namespace) is not None)
        with started(checkout, "up") as second:
            text, _ = second.communicate(timeout=60)
        assert first.poll() is None, "the first run ended before the second was refused"
        kill(first)
    del checkout.matlab["jobManager"]
    checkout.write()
    assert second.returncode not in (0, None)
    assert "the stack is currently locked by 1 lock" in text
    assert "(pid " in text
    assert "Traceback" not in text
    assert LOCK_REMOVED in checkout.run("up")
    nothing_is_orphaned(checkout)


def test_ctrl_c_ends_the_run_and_the_next_one_carries_on(checkout: Checkout) -> None:
    """Pulumi finishes what is under way and gives up its lock; nothing is left to be repaired."""
    checkout.matlab["jobManager"] = {"nodeSelector": {"no": "such-node"}}
    checkout.write()
    pods = path_of("Deployment/mjs-job-manager")
    with started(checkout, "up", own_group=True) as process:
        wait_for(lambda: (checkout.api.get(pods) or {}).get("status", {}).get("unavailableReplicas") == 1)
        # As a terminal does: to everything that runs in front.
        os.killpg(process.pid, signal.SIGINT)
        text, _ = process.communicate(timeout=60)
    assert process.returncode == 130, text
    assert "Traceback" not in text
    del checkout.matlab["jobManager"]
    checkout.write()
    assert LOCK_REMOVED not in checkout.run("up")
    nothing_is_orphaned(checkout)
    a_run_writes_nothing(checkout)


@pytest.mark.skipif(not LONG, reason="make test-disturbed runs it")
def test_killed_at_every_object(checkout: Checkout) -> None:
    """One kill per object that appears or vanishes, twenty and more, until every command has come to its end."""
    points: list[str] = []
    while len(points) < POINTS:
        witness = Witness(checkout)
        for action in ("up", "destroy", "up"):
            for point in kill_at_every_object(checkout, action):
                witness.look()
                points.append(point)
            witness.look()
            nothing_is_orphaned(checkout)
        a_run_writes_nothing(checkout)
        points += kill_at_every_object(checkout, "destroy", "--purge", CONFIRM=STACK)
        assert of_the_stack(checkout.api) == in_the_state(checkout) == {}
    print(f"killed at {len(points)} points: {', '.join(points)}")


def test_the_api_server_is_restarted(remote: Checkout) -> None:
    """An upgrade of the control plane in the middle of an `up`: a sentence or patience, and the next one converges."""
    witness = Witness(remote)
    claim = path_of("PersistentVolumeClaim/mjs-checkpoint")
    with started(remote, "up") as process:
        wait_for(lambda: remote.api.get(claim) is not None)
        remote.control_plane.kill("kube-apiserver")
        remote.control_plane.up()
        text, _ = process.communicate(timeout=240)
    if process.returncode:
        assert any(words in text for words in ("does not answer", "connection refused", "connection reset", "EOF"))
    witness.look()
    remote.run("up")
    witness.look()
    nothing_is_orphaned(remote)
    a_run_writes_nothing(remote)


def everything_else_is_written(checkout: Checkout) -> None:
    """Keys take seconds on a busy machine, and a request that is under way fails with the API server."""
    wait_for(lambda: checkout.get("secrets", "mjs-parallel-server-proxy-secret") is not None)
    before: list[str] | None = None
    while (now := checkout.writes()) != before:
        before = now
        time.sleep(2)


def test_a_create_whose_answer_was_lost_is_repeated(checkout: Checkout) -> None:
    """The API server had made the claim when it went down; Pulumi's state has neither the claim nor a pending create.

    Every later `up` used to be rejected, with the remedy to run `up`.
    """
    checkout.run("up")
    forget(checkout, "mjs-checkpoint", "mjs-worker-config")
    witness = Witness(checkout)
    witness.look()
    checkout.run("up")
    witness.look()
    nothing_is_orphaned(checkout)
    for kind, name in (("persistentvolumeclaims", "mjs-checkpoint"), ("configmaps", "mjs-worker-config")):
        found = checkout.get(kind, name)
        assert found is not None
        appliers = [entry for entry in found["metadata"]["managedFields"] if entry["operation"] == "Apply"]
        assert len(appliers) == 1, "what a later config drops would stay, if another manager had it too"
    a_run_writes_nothing(checkout)


def test_a_namespace_whose_answer_was_lost_is_taken(checkout: Checkout) -> None:
    """The very first create of all: the namespace is there and empty, and there is no state at all."""
    labels = {STACK_LABEL: STACK}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    apply = {"query": {"fieldManager": "pulumi-kubernetes-0a1b2c3d"}, "content_type": "application/apply-patch+yaml"}
    checkout.api.request("PATCH", path_of(f"Namespace/{NAMESPACE}"), body, **apply)
    checkout.run("up")
    nothing_is_orphaned(checkout)
    appliers = [
        entry
        for entry in checkout.api.request("GET", path_of(f"Namespace/{NAMESPACE}"))["metadata"]["managedFields"]
        if entry["operation"] == "Apply"
    ]
    assert len(appliers) == 1
    a_run_writes_nothing(checkout)


def forget(checkout: Checkout, *names: str) -> None:
    """Take Kubernetes objects out of the state, and let them live."""
    file = checkout.root / "exported.json"
    checkout.run("pulumi", "--", "stack", "export", "--file", str(file))
    document = json.loads(file.read_text())
    resources = document["deployment"]["resources"]
    kept = [entry for entry in resources if entry["urn"].rpartition("::")[2] not in names]
    assert len(kept) == len(resources) - len(names)
    for entry in kept:
        entry["dependencies"] = [urn for urn in entry.get("dependencies", ()) if urn.rpartition("::")[2] not in names]
    document["deployment"]["resources"] = kept
    file.write_text(json.dumps(document))
    checkout.run("pulumi", "--", "stack", "import", "--file", str(file))


def test_the_api_server_is_restarted_while_an_address_is_awaited(remote: Checkout) -> None:
    """The program itself asks for the address (docs/adr/0004-address.md), and a cloud takes minutes to give one."""
    remote.matlab["network"] = {"loadBalancer": {"class": "example.org/late", "addressTimeout": 90}}
    remote.write()
    service, pods = path_of("Service/mjs-ingress-proxy"), path_of("Deployment/mjs-job-manager")
    with started(remote, "up") as process:
        wait_for(lambda: (remote.api.get(pods) or {}).get("status", {}).get("availableReplicas") == 1)
        everything_else_is_written(remote)
        remote.control_plane.kill("kube-apiserver")
        time.sleep(2)
        remote.control_plane.up()
        assert process.poll() is None, process.communicate()[0]
        status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
        remote.api.request("PATCH", f"{service}/status", status, content_type="application/merge-patch+json")
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert remote.outputs()["externalAddress"]["host"] == "192.0.2.7"
    nothing_is_orphaned(remote)


def test_connections_break_off(remote: Checkout) -> None:
    """A firewall forgets what is idle, a load balancer is replaced: `up` goes on where it waits, watches included."""
    witness = Witness(remote)
    deployment = path_of("Deployment/mjs-job-manager")
    direct, through = remote.control_plane.kubeconfig.read_text(), remote.root / "kubeconfig"
    port = urlsplit(remote.api.server).port
    assert port is not None
    remote.target(EMBEDDED_CONTEXT, through)
    remote.matlab["jobManager"] = {"nodeSelector": {"disturbed": "over"}}
    remote.write()
    try:
        with Relay(port) as relay, ExitStack() as ready:
            through.write_text(direct.replace(f":{port}", f":{relay.port}"))
            process = ready.enter_context(started(remote, "up"))
            wait_for(lambda: (remote.api.get(deployment) or {}).get("status", {}).get("unavailableReplicas") == 1)
            everything_else_is_written(remote)
            broken = 0
            for _ in range(CUTS):
                time.sleep(1)
                broken += relay.cut()
            assert broken
            assert process.poll() is None, "the command ended while nothing could be ready"
            ready.enter_context(every_node_labelled(remote.api, disturbed="over"))
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
    finally:
        # The state names the file: what is left to do goes to the API server itself.
        through.write_text(direct)
    witness.look()
    nothing_is_orphaned(remote)
    a_run_writes_nothing(remote)


def test_a_request_is_refused(remote: Checkout) -> None:
    """The cluster's administrators allow all but one object: the message says which, and `up` goes on later."""
    witness = Witness(remote)
    with a_policy_against(remote.api, "ConfigMap", "mjs-controller-config"):
        text = remote.run("up", code=1)
    assert "mjs-controller-config" in text
    assert "not in this cluster" in text
    witness.look()
    remote.run("up")
    witness.look()
    nothing_is_orphaned(remote)
