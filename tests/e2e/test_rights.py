"""The role of docs/rights.md is enough to deploy a MATLAB cluster into a namespace of somebody else."""

from __future__ import annotations

from tests.e2e.checkout import Checkout
from tests.e2e.deployer import become_deployer


def test_this_role_is_enough(checkout: Checkout) -> None:
    """Preview, up, a change, and a destroy; the older release brings pool proxies along."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab"}}
    checkout.api.request("POST", "/api/v1/namespaces", body)
    try:
        become_deployer(checkout, "# Rights", "lab")
        checkout.matlab["namespace"] = {"name": "lab", "create": False}
        checkout.matlab["additionalSupportedReleases"] = ["r2025b"]
        checkout.matlab["updates"] = {"waitForJobs": 600}
        checkout.write()
        checkout.run("preview")
        checkout.run("up")
        checkout.matlab["workers"]["max"] = 6
        checkout.write()
        # The right to run commands is there; the hollow node runs none.
        assert "Running jobs are not waited for: no command runs in the job manager" in checkout.run("up")
        assert checkout.outputs()["maxWorkers"] == 6
        checkout.run("destroy", "--purge", CONFIRM="dev")
    finally:
        checkout.api.request("DELETE", "/api/v1/namespaces/lab")
