"""Which connections NetworkPolicies allow: docs/flows.md is read from them in this way."""

from __future__ import annotations

import pytest

from components.shared.manifest import Manifest
from components.shared.network_flows import ALL, ALL_PODS, ANYWHERE, OTHER_PODS, Flow, Ports, flows
from components.shared.network_policy import (
    ANY_NAMESPACE,
    ANY_POD,
    block,
    default_deny,
    pods,
    pods_of,
    policy,
    tcp,
    tcp_range,
)

HTTP = {"ports": tcp(80)}


def between(egress: list[Manifest], ingress: list[Manifest]) -> set[Ports]:
    """Ports on which `client`, with these egress rules, reaches `server`, with these ingress rules."""
    policies = [
        policy("client", "lab", ingress=[], egress=egress),
        policy("server", "lab", ingress=ingress, egress=[]),
        default_deny("lab"),
    ]
    return {flow.ports for flow in flows(policies) if (flow.source, flow.target) == ("client", "server")}


@pytest.mark.parametrize(
    ("egress", "ingress", "ports"),
    [
        pytest.param([{"to": [pods("server")]}], [], set(), id="no way in"),
        pytest.param([], [{"from": [pods("client")]}], set(), id="no way out"),
        pytest.param([{"to": [pods("server")]}], [{"from": [pods("client")]}], set(ALL), id="no ports means all"),
        pytest.param([{"to": [pods("other")]}], [{"from": [pods("client")]}], set(), id="another target"),
        pytest.param([{"to": [pods("server")]}], [{"from": [ANY_NAMESPACE], **HTTP}], {Ports("TCP", 80, 80)}, id="any"),
        pytest.param([HTTP], [{}], {Ports("TCP", 80, 80)}, id="no peers means all"),
        pytest.param(
            [{"to": [pods("server")], "ports": tcp_range(1, 90)}],
            [{"from": [pods("client")], "ports": tcp_range(80, 100)}],
            {Ports("TCP", 80, 90)},
            id="what both allow",
        ),
        pytest.param([{"to": [block("0.0.0.0/0")]}], [HTTP], {Ports("TCP", 80, 80)}, id="pods have addresses too"),
        pytest.param([HTTP], [{"from": [ANY_POD]}], {Ports("TCP", 80, 80)}, id="any pod of the namespace"),
        pytest.param([HTTP], [{"from": [pods_of("jupyter")]}], set(), id="pods of another namespace"),
    ],
)
def test_a_connection_needs_a_rule_at_both_ends(
    egress: list[Manifest], ingress: list[Manifest], ports: set[Ports]
) -> None:
    assert between(egress, ingress) == ports


def test_a_connection_with_a_stranger_needs_a_rule_at_one_end() -> None:
    found = flows([policy("app", "lab", ingress=[HTTP, {"from": [ANY_NAMESPACE], **HTTP}], egress=[])])
    assert found == {Flow(peer, "app", Ports("TCP", 80, 80)) for peer in (ANYWHERE, ALL_PODS)}
    found = flows([policy("app", "lab", ingress=[], egress=[{"to": [block("0.0.0.0/0")], **HTTP}])])
    assert found == {Flow("app", "0.0.0.0/0 except 169.254.169.254/32", Ports("TCP", 80, 80))}


def test_pods_of_others_are_named() -> None:
    peers = [ANY_POD, pods_of("jupyter", "lab")]
    found = flows([policy("app", "lab", ingress=[{"from": peers, **HTTP}], egress=[])])
    names = (OTHER_PODS, "pods of namespace jupyter or lab")
    assert found == {Flow(name, "app", Ports("TCP", 80, 80)) for name in names}


def test_a_peer_that_nobody_can_describe_is_an_error() -> None:
    unknown = {"namespaceSelector": {"matchLabels": {"team": "blue"}}}
    with pytest.raises(KeyError):
        flows([policy("app", "lab", ingress=[{"from": [unknown]}], egress=[])])


def test_a_port_inside_a_range_is_listed_once() -> None:
    wide = {"ports": tcp_range(1, 100)}
    assert flows([policy("app", "lab", ingress=[HTTP, wide], egress=[])]) == {
        Flow(ANYWHERE, "app", Ports("TCP", 1, 100))
    }
