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
    a_class_cannot_change(checkout)


def a_class_cannot_change(checkout: Checkout) -> None:
    """The API server used to reject it in the middle of `up`."""
    for changed in ("example.org/other", None):
        checkout.matlab["network"]["loadBalancer"]["class"] = changed
        checkout.write()
        before = checkout.writes()
        text = checkout.run("up", code=1)
        assert "matlab.network.loadBalancer.class" in text
        assert "was created with example.org/nobody, which cannot be changed" in text
        assert "kubectl -n mjs delete service mjs-ingress-proxy" in text
        assert checkout.writes() == before
    checkout.api.request("DELETE", "/api/v1/namespaces/mjs/services/mjs-ingress-proxy")
    checkout.matlab["network"]["loadBalancer"]["class"] = "example.org/other"
    checkout.write()
    said = "Somebody deleted objects of this stack in namespace mjs: Service/mjs-ingress-proxy. Run `pulumi refresh`"
    assert said in checkout.run("preview", code=1)
    checkout.run("pulumi", "--", "refresh", "--yes")
    assert "Somebody deleted" not in checkout.run("up")
    service = checkout.get("services", "mjs-ingress-proxy")
    assert service is not None
    assert service["spec"]["loadBalancerClass"] == "example.org/other"
