"""`up` ends when the pods of an update run, and says so when they do not."""

from __future__ import annotations

from tests.e2e.checkout import Checkout

TOO_MUCH = "50"
"""CPUs that no node has."""


def test_a_job_manager_that_does_not_come_back(checkout: Checkout) -> None:
    checkout.run("up")
    checkout.matlab["jobManager"] = {"resources": {"cpuRequest": TOO_MUCH}, "startTimeout": 40}
    checkout.write()
    for why in ("the first time", "and again: Pulumi may find nothing to change"):
        # Now and then the provider notices the new pods in time, and says it in its own words.
        assert "4 Insufficient cpu" in checkout.run("up", code=1), why
    del checkout.matlab["jobManager"]
    checkout.write()
    checkout.run("up")
    assert checkout.deployment("mjs-job-manager")["status"]["readyReplicas"] == 1
