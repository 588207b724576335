"""Clients behind a Gateway: routes, policies, the address, and what a Gateway can lack."""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.matlab import gateway, names
from components.matlab.controller import config_json
from components.matlab.gateway_acceptance import unaccepted
from components.matlab.system import SYSTEM
from components.matlab.topology import Topology
from components.preflight import named, namespaces
from components.shared.inventory import Inventory
from components.shared.kube import ApiError, KubernetesApi
from components.shared.manifest import Manifest
from components.shared.passwords import plain_fingerprint
from components.shared.state import State
from components.shared.survey import NOTHING, Survey
from components.shared.survey import survey as read
from components.stack import load_stack
from ops.rights import manifests as roles
from tests.unit.clusters import Values, cluster, manifests, merged, mode_values

WANTED = ("Gateway", "gateways", "shared")
GATEWAY: Values = {"network": {"gateway": {"name": "shared", "namespace": "gateways"}}}
HOST: Values = {"network": {"clusterHost": "mjs.example.org"}}
ADDRESS = {"type": "IPAddress", "value": "192.0.2.77"}


def listener(port: int = 1080, **more: Any) -> dict[str, Any]:
    allowed = {"namespaces": {"from": "All"}}
    return {"name": f"tcp-{port}", "port": port, "protocol": "TCP", "allowedRoutes": allowed, **more}


def a_gateway(*listeners: Any, addresses: tuple[Any, ...] = (ADDRESS,)) -> dict[str, Any]:
    metadata = {"namespace": "gateways", "name": "shared"}
    return {"metadata": metadata, "spec": {"listeners": listeners}, "status": {"addresses": addresses}}


def survey(*found: Any, unknown: tuple[str, ...] = (), labels: dict[str, str] | None = None) -> Survey:
    """What was found of the Gateway; nothing where you may not read it."""
    itself = None if labels is None else {"metadata": {"labels": labels}}
    inventory = Inventory(frozenset(), itself, True, {}, frozenset(unknown))
    return Survey({"mjs": inventory}, named=dict(zip([WANTED], found, strict=False)))


def problems(here: Topology, found: Survey) -> list[str]:
    return [mistake.problem for mistake in gateway.objections(here, found)]


def kinds(here: Topology, kind: str) -> list[Manifest]:
    return [item for (own, _), item in manifests(here).items() if own == kind]


@pytest.mark.parametrize("mode", ["legacy-proxy-mode", "backwards-compatible-mode", "new-multi-proxy-mode"])
def test_each_port_has_a_route_to_the_same_port_of_the_service(mode: str) -> None:
    here = cluster(base=mode_values(mode, GATEWAY))
    routes = kinds(here, "TCPRoute")
    assert len(routes) > 1
    assert [route["spec"]["parentRefs"][0]["port"] for route in routes] == [
        port.number for port in here.load_balancer_ports
    ]
    for route in routes:
        (parent,), (rule,) = route["spec"]["parentRefs"], route["spec"]["rules"]
        assert (parent["namespace"], parent["name"]) == ("gateways", "shared")
        assert rule["backendRefs"] == [{"name": names.INGRESS_PROXY, "port": parent["port"]}]


def test_the_service_behind_a_gateway_gets_no_address_of_its_own() -> None:
    service = manifests(cluster(GATEWAY))["Service", names.INGRESS_PROXY]
    assert service["spec"]["type"] == "ClusterIP"


def test_without_a_gateway_there_is_no_route() -> None:
    assert kinds(cluster(), "TCPRoute") == []


def entrance(here: Topology) -> Manifest:
    found: Manifest = manifests(here)["NetworkPolicy", names.INGRESS_PROXY]["spec"]["ingress"][0]
    return found


def test_only_the_pods_of_the_gateway_may_enter_where_their_namespace_is_known() -> None:
    assert "from" not in entrance(cluster(GATEWAY))
    narrow = cluster(merged(GATEWAY, {"network": {"gateway": {"podNamespace": "envoy"}}}))
    own_name = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["envoy"]}
    assert entrance(narrow)["from"] == [{"namespaceSelector": {"matchExpressions": [own_name]}}]


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ([ADDRESS], "192.0.2.77"),
        ([{"value": "192.0.2.78"}, ADDRESS], "192.0.2.78"),
        ([{"type": "Hostname", "value": "gw.example.org"}], "gw.example.org"),
        ([{"value": "2001:db8::1"}, ADDRESS], "192.0.2.77"),
        ([{"type": "NamedAddress", "value": "x"}, ADDRESS], "192.0.2.77"),
        ([], gateway.UNKNOWN_ADDRESS),
    ],
)
def test_the_controller_is_told_the_address_of_the_gateway(addresses: list[Any], expected: str) -> None:
    """Without it, the controller waits without end for a load balancer (B26)."""
    settings = cluster(GATEWAY).settings
    here = gateway.topology(settings, survey(a_gateway(listener(), addresses=tuple(addresses))))
    assert config_json(here)["Network"]["ClusterHost"] == expected
    assert not here.needs_load_balancer_address


def test_a_host_in_the_settings_comes_before_the_address_of_the_gateway() -> None:
    settings = cluster(GATEWAY, HOST).settings
    assert gateway.topology(settings, survey(a_gateway(listener()))).client_host == "mjs.example.org"


def test_a_rendering_without_a_cluster_names_no_address_that_resolves() -> None:
    planned = SYSTEM.objects(cluster(GATEWAY).settings, plain_fingerprint, NOTHING)
    config = next(item.manifest for item in planned if item.key == ("ConfigMap", names.CONTROLLER_CONFIG))
    assert gateway.UNKNOWN_ADDRESS in config["data"]["config.json"]


SAME = {"allowedRoutes": {"namespaces": {"from": "Same"}}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([a_gateway(listener())], []),
        ([None], ["namespace gateways has no Gateway shared"]),
        ([], ["your user is not allowed to read Gateway gateways/shared, so its address is unknown"]),
        ([a_gateway(listener(), addresses=())], ["Gateway gateways/shared has no IPv4 address and no host name yet"]),
        ([a_gateway(listener(80))], ["Gateway gateways/shared has no TCP listener on port 1080"]),
        ([a_gateway(listener(protocol="TLS"))], ["Gateway gateways/shared has no TCP listener on port 1080"]),
        *(
            ([a_gateway(listener(**closed))], ["the listeners of Gateway gateways/shared on port 1080 admit no"])
            for closed in (
                SAME,
                {"allowedRoutes": {}},
                {"allowedRoutes": {"namespaces": {"from": "None"}}},
                {"allowedRoutes": {"namespaces": {"from": "All"}, "kinds": [{"kind": "TLSRoute"}]}},
            )
        ),
        ([a_gateway(listener(**SAME), listener(name="open"))], []),
    ],
)
def test_what_a_gateway_lacks_is_said_before_anything_is_changed(found: list[Any], expected: list[str]) -> None:
    said = problems(cluster(GATEWAY), survey(*found))
    assert len(said) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, said, strict=True))


def test_an_older_gateway_api_is_named() -> None:
    """TCPRoute became v1 with version 1.6."""
    said = problems(cluster(GATEWAY), survey(None, unknown=("TCPRoute",)))
    assert said == ["the Kubernetes cluster has no TCPRoutes of version v1"]


def test_with_a_host_nobody_needs_the_address() -> None:
    here = cluster(GATEWAY, HOST)
    assert problems(here, survey()) == []
    assert problems(here, survey(a_gateway(listener(), addresses=()))) == []
    assert any("its listeners were not checked" in text for text in gateway.concerns(here, survey()))


@pytest.mark.parametrize(
    ("selector", "admitted"),
    [
        ({"matchLabels": {"team": "vision"}}, True),
        ({"matchLabels": {"team": "other"}}, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["vision"]}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["vision"]}]}, False),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, False),
        ({}, True),
    ],
)
def test_a_listener_can_select_namespaces_by_label(selector: dict[str, Any], admitted: bool) -> None:
    selects = listener(allowedRoutes={"namespaces": {"from": "Selector", "selector": selector}})
    there = survey(a_gateway(selects), labels={"team": "vision"})
    assert (problems(cluster(GATEWAY), there) == []) == admitted
    # A namespace that the stack will create gets labels that nobody knows yet.
    assert problems(cluster(GATEWAY), survey(a_gateway(selects))) == []


@pytest.mark.parametrize("preview", [True, False])
def test_both_accounts_may_read_this_gateway_alone(preview: bool) -> None:
    matlab = {"release": "r2026a", "workers": {"max": 4}, "namespace": {"create": False}, **GATEWAY}
    stack = load_stack("lab", {"kubernetes": {"context": "lab"}, "matlab": matlab}, set())
    items = roles(stack, preview=preview)
    (role,) = (item for item in items if item["kind"] == "Role" and item["metadata"]["namespace"] == "gateways")
    assert role["rules"] == [
        {
            "apiGroups": ["gateway.networking.k8s.io"],
            "resources": ["gateways"],
            "verbs": ["get"],
            "resourceNames": ["shared"],
        }
    ]


def route(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "status": {"parents": [{"conditions": list(conditions)}]}}


ACCEPTED = {"type": "Accepted", "status": "True", "observedGeneration": 2}
RESOLVED = {"type": "ResolvedRefs", "status": "True"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (route(ACCEPTED, RESOLVED), None),
        (
            route({**ACCEPTED, "observedGeneration": 1}, RESOLVED),
            "the Gateway controller has not said whether the route is Accepted",
        ),
        (route({**ACCEPTED, "status": "False", "reason": "NoMatchingParent"}, RESOLVED), "NoMatchingParent"),
        (route(ACCEPTED, {**RESOLVED, "status": "False", "reason": "BackendNotFound", "message": "gone"}),
         "BackendNotFound: gone"),
        (route(ACCEPTED), "the Gateway controller has not said whether the route is ResolvedRefs"),
        ({"metadata": {"generation": 1}}, "no Gateway controller has responded"),
    ],
)  # fmt: skip
def test_a_route_counts_when_its_gateway_has_taken_it_as_it_is_now(found: dict[str, Any], expected: str | None) -> None:
    assert unaccepted(found) == expected


class Server:
    """An API server that has one Gateway and nothing else."""

    def __init__(self, *, forbidden: bool = False) -> None:
        self.forbidden = forbidden

    def get(self, path: str, **_: Any) -> dict[str, Any] | None:
        if path == "/apis/gateway.networking.k8s.io/v1/namespaces/gateways/gateways/shared":
            if self.forbidden:
                raise ApiError(403, "Forbidden", "no")
            return a_gateway(listener())
        return {"items": []}


@pytest.mark.parametrize("forbidden", [False, True])
def test_the_gateway_is_read_in_its_own_namespace(forbidden: bool) -> None:
    matlab = {"release": "r2026a", "workers": {"max": 4}, **GATEWAY}
    stack = load_stack("lab", {"kubernetes": {"context": "lab"}, "matlab": matlab}, set())
    found = read(cast("KubernetesApi", Server(forbidden=forbidden)), namespaces(stack), State(), named(stack))
    assert found.named == ({} if forbidden else {WANTED: a_gateway(listener())})
