"""`up` ends when the pods of an update run, and says so when they do not."""

from __future__ import annotations

import asyncio

import pulumi
import pytest

from components.shared.rollout import until_rolled_out
from tests.e2e.checkout import Checkout

TOO_MUCH = "50"
"""CPUs that no node has."""
PROVIDER = "kubernetes:apps/v1:Deployment mjs-job-manager **updating failed**"


def test_a_job_manager_that_does_not_come_back(checkout: Checkout) -> None:
    checkout.run("up")
    checkout.matlab["jobManager"] = {"resources": {"cpuRequest": TOO_MUCH}, "startTimeout": 40}
    checkout.write()
    for why in ("the first time", "and again: Pulumi may find nothing to change"):
        # Now and then the provider notices the new pods in time, and says it in its own words.
        text = checkout.run("up", code=1)
        assert "Deployment mjs/mjs-job-manager is not Ready after 40 seconds" in text or PROVIDER in text, why
        assert "4 Insufficient cpu" in text, why
    reason = r"after 1 seconds: 0 of 1 new pods are Ready \(0/4 nodes are available: 4 Insufficient cpu"
    with pytest.raises(pulumi.RunError, match=f"Deployment mjs/mjs-job-manager is not Ready {reason}"):
        asyncio.run(until_rolled_out(checkout.api, "mjs", "mjs-job-manager", 1))
    del checkout.matlab["jobManager"]
    checkout.write()
    checkout.run("up")
    asyncio.run(until_rolled_out(checkout.api, "mjs", "mjs-job-manager", 1))
    assert checkout.deployment("mjs-job-manager")["status"]["readyReplicas"] == 1
