"""An API server that goes wrong, and clusters that cannot do what a stack needs.

Every run ends by itself with a sentence that names the object and what to do, and the next one converges with nothing
orphaned or lost. docs/reliability.md has the promises.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.shared.target import EMBEDDED_CONTEXT
from tests.e2e.checkout import NAMESPACE, STACK, Checkout
from tests.e2e.faulty import Choice, Fault, FaultyProxy, Request
from tests.e2e.test_disturbed import Witness, a_run_writes_nothing, nothing_is_orphaned

LONG = "LONG" in os.environ
MOST_RUNS = len(Fault) + 1
"""A fault costs one run at most, and the last run has none."""
EVERY = 25
"""Of so many requests one goes wrong in a storm, until each fault has happened."""
GO_ON = "did not finish. What it did is recorded"
PATIENCE = 5
"""Seconds that the job manager has to become ready, where it cannot."""


def nothing_goes_wrong(_: Request) -> None:
    """A proxy without faults."""


@pytest.fixture
def proxy(checkout: Checkout) -> Iterator[FaultyProxy]:
    """The project names the cluster by its context, and the proxy is in between."""
    kubeconfig = checkout.root / "kubeconfig"
    with FaultyProxy(checkout.control_plane.kubeconfig) as running:
        kubeconfig.write_text(running.kubeconfig())
        checkout.target(EMBEDDED_CONTEXT, kubeconfig)
        checkout.write()
        yield running
        running.choose = nothing_goes_wrong
        # The state names the file.
        checkout.remove()


def storm(seed: int) -> Choice:
    """Every so many requests another fault, whatever the request, until each has happened."""
    faults, count = iter(Fault), seed

    def choose(_: Request) -> Fault | None:
        nonlocal count
        count += 1
        return next(faults, None) if count % EVERY == 0 else None

    return choose


def until_it_succeeds(checkout: Checkout, action: str) -> int:
    """Run it again until it succeeds; returns how many runs that took. What a failed one says must be of use."""
    for run in range(1, MOST_RUNS + 1):
        start = time.monotonic()
        code, text = checkout.attempt(action)
        print(f"{action}: {code} after {time.monotonic() - start:.0f} s")
        assert "Traceback" not in text, text
        if code == 0:
            return run
        print(text)
        assert GO_ON in text or "Nothing was changed" in text or "Try again" in text, text
    pytest.fail(f"{action} did not succeed in {MOST_RUNS} runs")


def test_a_storm_of_faults(checkout: Checkout, proxy: FaultyProxy) -> None:
    """Every kind of fault, spread over `up` and over `destroy`."""
    witness = Witness(checkout)
    for seed, action in enumerate(("up", "destroy", "up")):
        proxy.choose = storm(seed)
        until_it_succeeds(checkout, action)
        proxy.choose = nothing_goes_wrong
        witness.look()
        nothing_is_orphaned(checkout)
    assert {fault for _, fault in proxy.happened} == set(Fault)
    a_run_writes_nothing(checkout)


PHASES: dict[str, tuple[str, Callable[[Request], bool]]] = {
    "the first look": ("up", lambda request: request.path == "/version"),
    "reading the namespace": ("up", lambda request: request.path.startswith(f"/api/v1/namespaces/{NAMESPACE}/secrets")),
    "creating a claim": ("up", lambda request: "persistentvolumeclaims" in request.path and _creates(request)),
    "creating a Secret": ("up", lambda request: "secrets" in request.path and _creates(request)),
    "creating a Deployment": ("up", lambda request: "deployments" in request.path and _creates(request)),
    "waiting": ("up", lambda request: request.waits),
    "deleting a Deployment": ("destroy", lambda request: "deployments" in request.path and request.method == "DELETE"),
    "deleting a Secret": ("destroy", lambda request: "secrets" in request.path and request.method == "DELETE"),
    "waiting for a deletion": ("destroy", lambda request: request.waits),
}
"""Command and requests of each phase."""


def _creates(request: Request) -> bool:
    return request.method in {"POST", "PATCH"} and "dryRun" not in request.path


def once(matches: Callable[[Request], bool], fault: Fault) -> Choice:
    """The fault, at the first request that matches."""
    waiting = [fault]
    return lambda request: waiting.pop() if waiting and matches(request) else None


@pytest.mark.skipif(not LONG, reason="make test-disturbed runs it")
@pytest.mark.parametrize("fault", Fault)
def test_each_fault_in_each_phase(checkout: Checkout, proxy: FaultyProxy, fault: Fault) -> None:
    for phase, (action, matches) in PHASES.items():
        witness = Witness(checkout)
        if action == "destroy":
            until_it_succeeds(checkout, "up")
        before = len(proxy.happened)
        proxy.choose = once(matches, fault)
        runs = until_it_succeeds(checkout, action)
        print(f"{fault} while {phase}: {runs} runs")
        assert len(proxy.happened) == before + 1, f"no request of the phase {phase}"
        proxy.choose = nothing_goes_wrong
        witness.look()
        nothing_is_orphaned(checkout)
        # Claims and Secrets too: the next phase may be their creation.
        checkout.run("destroy", "--purge", CONFIRM=STACK)


@pytest.fixture
def impatient(checkout: Checkout) -> Checkout:
    """A stack that does not wait for long."""
    checkout.matlab["jobManager"] = {"startTimeout": PATIENCE}
    checkout.write()
    return checkout


def fails(checkout: Checkout, *sentences: str) -> None:
    """`up` names the object and the cause, and says how to go on."""
    text = checkout.run("up", code=1)
    for sentence in (*sentences, GO_ON):
        assert sentence in text, text
    assert "Traceback" not in text


def then_it_succeeds(checkout: Checkout) -> None:
    """The cause is gone: the next run carries on, and leaves nothing behind."""
    del checkout.matlab["jobManager"]
    checkout.write()
    checkout.run("up")
    nothing_is_orphaned(checkout)
    a_run_writes_nothing(checkout)


def create(checkout: Checkout, path: str, kind: str, name: str, **rest: Any) -> None:
    version = "storage.k8s.io/v1" if kind == "StorageClass" else "v1"
    checkout.api.request("POST", path, {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest})


def test_a_quota_is_exceeded(impatient: Checkout) -> None:
    """By a claim, which the API server rejects, and by a pod, which only its Deployment hears of."""
    namespace = f"/api/v1/namespaces/{NAMESPACE}"
    create(impatient, "/api/v1/namespaces", "Namespace", NAMESPACE)
    try:
        impatient.matlab["namespace"] = {"create": False}
        impatient.write()
        hard = {"persistentvolumeclaims": "2", "requests.memory": "1Gi"}
        create(impatient, f"{namespace}/resourcequotas", "ResourceQuota", "small", spec={"hard": hard})
        fails(impatient, "persistentvolumeclaims", "exceeded quota: small", "is forbidden")
        patch = {"spec": {"hard": {"persistentvolumeclaims": "3"}}}
        quota = f"{namespace}/resourcequotas/small"
        impatient.api.request("PATCH", quota, patch, content_type="application/merge-patch+json")
        fails(impatient, "mjs-job-manager", "exceeded quota: small")
        impatient.api.request("DELETE", quota)
        then_it_succeeds(impatient)
        impatient.remove()
    finally:
        impatient.api.request("DELETE", namespace)
        impatient.wait_until_gone()


def test_a_claim_never_binds(impatient: Checkout) -> None:
    """Its class exists, but nothing provides its volumes. Claims that wait for their first pod are created at once."""
    classes = "/apis/storage.k8s.io/v1/storageclasses"
    rest = {"provisioner": "example.org/nobody", "volumeBindingMode": "WaitForFirstConsumer"}
    create(impatient, classes, "StorageClass", "nobodys", **rest)
    try:
        impatient.matlab["storage"]["checkpoint"]["storageClass"] = "nobodys"
        impatient.write()
        fails(impatient, "mjs-job-manager", "mjs-checkpoint")
    finally:
        impatient.api.request("DELETE", f"{classes}/nobodys")
