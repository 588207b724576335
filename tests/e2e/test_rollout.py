"""`up` ends when the pods of an update run, and says so when they do not."""

from __future__ import annotations

from tests.e2e.checkout import Checkout

TOO_MUCH = "50"
"""CPUs that no node has."""


def test_a_job_manager_that_does_not_come_back(checkout: Checkout) -> None:
    checkout.run("up")
    checkout.matlab["jobManager"] = {"resources": {"cpuRequest": TOO_MUCH}, "startTimeout": 15}
    checkout.write()
    for why in ("the first time", "and again: Pulumi finds nothing to change"):
        text = checkout.run("up", code=1)
        reason = "is not Ready after 15 seconds: 0 of 1 new pods are Ready (0/4 nodes are available: 4 Insufficient cpu"
        assert f"Deployment mjs/mjs-job-manager {reason}" in text, why
    del checkout.matlab["jobManager"]
    checkout.write()
    checkout.run("up")
    assert checkout.deployment("mjs-job-manager")["status"]["readyReplicas"] == 1
