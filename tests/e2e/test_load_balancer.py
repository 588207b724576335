"""The external address of a cluster, where nobody gives one."""

from __future__ import annotations

from tests.e2e.checkout import Checkout


def test_no_load_balancer_answers(checkout: Checkout) -> None:
    """The person learns what is missing, and the other way (design, decision 4)."""
    checkout.matlab["network"] = {"loadBalancer": {"class": "example.org/nobody", "addressTimeout": 3}}
    checkout.write()
    text = checkout.run("up", code=1)
    assert "address" in text
    assert "clusterHost" in text
    checkout.matlab["network"] = {"clusterHost": "mjs.example.org", "loadBalancer": {"class": "example.org/nobody"}}
    checkout.write()
    checkout.run("up")
    assert checkout.outputs()["externalAddress"]["host"] == "mjs.example.org"
