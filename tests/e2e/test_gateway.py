"""Clients come through a Gateway, whose kinds are the real ones and whose controller is a stand-in."""

from __future__ import annotations

import json

from components.shared.kube import RESOURCES, Json
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.gateway_api import ADDRESS, GATEWAY, GatewayController, listener
from tests.e2e.gateway_api import NAMESPACE as GATEWAYS

ROUTE = f"{RESOURCES['TCPRoute'].path(NAMESPACE)}/mjs-ingress-proxy-1080"


def test_clients_come_through_a_gateway(checkout: Checkout) -> None:
    """Pulumi calls a route deployed that leads nowhere, and the controller would wait for an address without end."""
    checkout.matlab["network"] = {"gateway": {"name": GATEWAY, "namespace": GATEWAYS, "acceptTimeout": 5}}
    checkout.write()
    refused(checkout, "matlab.network.gateway: the Kubernetes cluster has no TCPRoutes of version v1. Install")
    controller = GatewayController(checkout.api)
    with controller.installed():
        what_could_not_work_is_refused(checkout, controller)
        controller.listen(listener(1080, source="Selector", selector=own_namespace()))
        with controller.running(NAMESPACE):
            checkout.run("preview")
            checkout.run("up")
            the_address_is_that_of_the_gateway(checkout)
            nothing_is_changed_again(checkout)
            another_address_reaches_the_controller_and_the_profile(checkout, controller)
            a_refused_route_fails_the_run(checkout, controller)
        # Back to a load balancer, while the kinds are still there.
        checkout.matlab["network"] = {}
        checkout.write()
        checkout.run("up")
        assert checkout.api.request("GET", RESOURCES["TCPRoute"].path(NAMESPACE))["items"] == []
        service = checkout.get("services", "mjs-ingress-proxy")
        assert service is not None
        assert service["spec"]["type"] == "LoadBalancer"


def refused(checkout: Checkout, *sentences: str) -> None:
    before = checkout.writes()
    text = checkout.run("up", code=1)
    for sentence in sentences:
        assert sentence in text
    assert checkout.writes() == before


def own_namespace() -> Json:
    return {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}


def what_could_not_work_is_refused(checkout: Checkout, controller: GatewayController) -> None:
    refused(checkout, f"matlab.network.gateway: namespace {GATEWAYS} has no Gateway {GATEWAY}. Create it")
    controller.create(listener(80))
    refused(
        checkout,
        f"Gateway {GATEWAYS}/{GATEWAY} has no TCP listener on port 1080. Add one to the Gateway",
        f"Gateway {GATEWAYS}/{GATEWAY} has no IPv4 address and no host name yet. Wait until its controller",
    )
    controller.listen(listener(1080, source="Same"))
    controller.give_address({"type": "IPAddress", "value": ADDRESS})
    closed = f"the listeners of Gateway {GATEWAYS}/{GATEWAY} on port 1080 admit no TCPRoute of namespace {NAMESPACE}"
    refused(checkout, closed)


def profile_host(checkout: Checkout) -> str:
    host: str = json.loads(checkout.outputs()["profile"])["SchedulerComponent"]["Host"]
    return host


def controller_host(checkout: Checkout) -> str:
    config = checkout.get("configmaps", "mjs-controller-config")
    assert config is not None
    host: str = json.loads(config["data"]["config.json"])["Network"]["ClusterHost"]
    return host


def the_address_is_that_of_the_gateway(checkout: Checkout) -> None:
    assert checkout.outputs()["externalAddress"]["host"] == ADDRESS
    assert profile_host(checkout) == f"mjs-job-manager:27350?proxy=socks5s://{ADDRESS}:1080"
    assert controller_host(checkout) == ADDRESS
    service = checkout.get("services", "mjs-ingress-proxy")
    assert service is not None
    assert service["spec"]["type"] == "ClusterIP"
    route = checkout.api.get(ROUTE)
    assert route is not None
    assert route["spec"]["parentRefs"][0]["name"] == GATEWAY


def nothing_is_changed_again(checkout: Checkout) -> None:
    """The definition fills fields with defaults, which are no difference."""
    before = checkout.writes()
    checkout.run("up")
    assert checkout.writes() == before


def another_address_reaches_the_controller_and_the_profile(checkout: Checkout, controller: GatewayController) -> None:
    controller.give_address(
        {"type": "example.org/named", "value": "x"}, {"type": "Hostname", "value": "gw.example.org"}
    )
    checkout.run("up")
    assert controller_host(checkout) == "gw.example.org"
    assert profile_host(checkout).endswith("socks5s://gw.example.org:1080")


def a_refused_route_fails_the_run(checkout: Checkout, controller: GatewayController) -> None:
    """The listener was closed after the preflight had seen it open, or only the Gateway's controller knows why."""
    controller.refuses = "NotAllowedByListeners"
    checkout.matlab["parallelServerProxy"] = {"port": 1090}
    checkout.write()
    controller.listen(listener(1090))
    text = checkout.run("up", code=1)
    assert "TCPRoute mjs/mjs-ingress-proxy-1090 does not work after 5 seconds: NotAllowedByListeners" in text
    assert "Traceback" not in text
    controller.refuses = None
    checkout.run("up")
