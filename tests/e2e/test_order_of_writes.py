"""What a rotation writes, in the order in which the API server saw it.

The controller recreates workers and pool proxies as soon as their template changes, with the Secrets and ConfigMaps
that exist at that moment. Nothing restarts them again, and a worker with old credentials can never join.
"""

from __future__ import annotations

import yaml

from components.shared.kube import RESOURCES
from components.shared.objects import references
from tests.e2e.checkout import Checkout
from tests.pem import pair

WORKERS, POOL_PROXIES = "mjs-worker-template", "mjs-pool-proxy-template"
JOB_MANAGER = "deployments/mjs-job-manager"
SHARED_SECRET = "secrets/mjs-shared-secret"


def test_what_pods_of_the_controller_read_is_written_before_their_template(checkout: Checkout) -> None:
    """An older release is served, so there are pool proxies too. They have certificates of their own."""
    checkout.matlab["additionalSupportedReleases"] = ["r2025b"]
    checkout.write()
    checkout.run("up")

    checkout.matlab["security"] = {"credentialsGeneration": 2}
    assert {SHARED_SECRET, JOB_MANAGER} <= read_before_written(checkout, WORKERS)

    ours = pair("our CA")
    checkout.matlab["security"]["authority"] = {"certificate": ours.certificate}
    checkout.set_secret("matlab.security.authority.key", ours.key)
    assert {SHARED_SECRET, JOB_MANAGER} <= read_before_written(checkout, WORKERS)

    checkout.set_secret("matlab.workers.password", "another one")
    assert "secrets/mjs-worker-user" in read_before_written(checkout, WORKERS)

    checkout.matlab["logLevel"] = 6
    assert "configmaps/mjs-worker-config" in read_before_written(checkout, WORKERS, POOL_PROXIES)


def read_before_written(checkout: Checkout, *templates: str) -> set[str]:
    """Run `up`; returns the objects that were written before each of the templates.

    Everything that the pods read, and that was written at all, must be among them.
    """
    before = len(checkout.writes())
    checkout.write()
    checkout.run("up")
    writes = ["/".join(write.split("?")[0].split("/")[-2:]) for write in checkout.writes()[before:]]
    common = set(writes)
    for name in templates:
        written = writes.index(f"configmaps/{name}")
        earlier, later = writes[:written], writes[written + 1 :]
        template = checkout.get("configmaps", name)
        assert template is not None
        (text,) = template["data"].values()
        reads = {f"{RESOURCES[kind].plural}/{own}" for kind, own in references(yaml.safe_load(text))}
        assert reads, name
        assert reads.isdisjoint(later), name
        common &= set(earlier)
    return common
