"""`pulumi stack rename`: a deployed stack goes on under another name."""

from __future__ import annotations

from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import in_the_state


def test_a_renamed_stack_keeps_its_objects(checkout: Checkout) -> None:
    """Objects were recognised by a label with the stack's name, so the program took its own for somebody else's."""
    checkout.run("up")
    before, profile = in_the_state(checkout), checkout.outputs()["profile"]
    pods = pods_of(checkout)
    checkout.run("pulumi", "--", "stack", "rename", "lab")
    checkout.name_stack("lab")
    assert checkout.stack_file.exists()
    checkout.run("up")
    assert in_the_state(checkout) == before
    assert checkout.outputs()["profile"] == profile
    service = checkout.get("services", "mjs-job-manager")
    assert service is not None
    assert service["metadata"]["labels"]["clusters.pulumi/stack"] == "lab"
    assert pods_of(checkout) == pods, "the name is in no pod"
    # The provider sometimes records a Deployment as its watch last saw it, before the update, and repeats the update.
    checkout.run("up")
    writes = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[writes:] == []
    assert pods_of(checkout) == pods


def pods_of(checkout: Checkout) -> set[str]:
    answer = checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods") or {}
    return {item["metadata"]["uid"] for item in answer["items"]}
