"""Who reaches the cluster: guards count only where something enforces them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.matlab import load_balancer, network_policies
from components.matlab.rules import warnings
from components.matlab.topology import Topology
from components.shared import pem
from components.shared.hosts import share
from components.shared.mistakes import ConfigError
from components.shared.survey import NOTHING
from tests.pem import pair
from tests.unit.clusters import LDAP, LDAPS, MODES, Values, cluster, merged, mode_values

OPEN: Values = {"parallelServerProxy": {"useMutualTLS": False}}
NETWORKS = st.sampled_from(
    [
        *("192.0.2.0/24", "10.0.0.0/8", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/2", "0.0.0.0/0"),
        *("2001:db8::/32", "2600::/12", "2000::/3", "::/0"),
    ]
)
BALANCERS = st.fixed_dictionaries(
    {},
    optional={
        "create": st.booleans(),
        "type": st.sampled_from(["LoadBalancer", "NodePort", "ClusterIP"]),
        "sourceRanges": st.lists(NETWORKS, max_size=3),
    },
)


def refusals(values: Values) -> list[str]:
    try:
        cluster(base=values)
    except ConfigError as error:
        return [mistake.path for mistake in error.mistakes]
    return []


@given(mode=st.sampled_from(sorted(MODES)), balancer=BALANCERS)
def test_a_proxy_without_mutual_tls_is_behind_ranges_that_something_enforces(mode: str, balancer: Values) -> None:
    """Otherwise it is an open SOCKS relay into the Kubernetes cluster (B37)."""
    values = merged(mode_values(mode, OPEN), {"network": {"clusterHost": "mjs.example.org", "loadBalancer": balancer}})
    if refusals(values):
        return
    here = cluster(base=values)
    if not here.uses_parallel_server_proxy:
        return
    ranges = load_balancer.service(here)["spec"]["loadBalancerSourceRanges"]
    assert load_balancer.service(here)["spec"]["type"] == "LoadBalancer"
    assert share(ranges, 4) < 0.02
    assert share(ranges, 6) < 0.001
    entrance = {item.manifest["metadata"]["name"]: item.manifest for item in network_policies.objects(here, NOTHING)}
    ingress = entrance["mjs-ingress-proxy"]["spec"]["ingress"]
    assert [{source["ipBlock"]["cidr"] for source in rule["from"]} for rule in ingress] == [set(ranges)]


@pytest.mark.parametrize(
    "ranges",
    [
        ["0.0.0.0/0"],
        ["0.0.0.0/1", "128.0.0.0/1"],
        ["0.0.0.0/1"],
        [f"{number}.0.0.0/8" for number in range(1, 224) if number != 127],
        ["::/0"],
        ["::/1", "8000::/1"],
        ["2000::/3"],
        ["2400::/12", "2600::/12", "2800::/12", "2a00::/12", "2c00::/12"],
        ["192.0.2.0/24", "::/0"],
    ],
)
def test_ranges_that_let_nearly_everybody_in_protect_nothing(ranges: list[str]) -> None:
    open_to = {"network": {"loadBalancer": {"sourceRanges": ranges}}}
    assert refusals(mode_values("new-proxy-mode", OPEN, open_to)) == ["matlab.network.loadBalancer.sourceRanges"]


@pytest.mark.parametrize("ranges", [["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], ["2001:db8::/32"]])
def test_the_networks_of_a_company_protect_it(ranges: list[str]) -> None:
    open_to = {"network": {"loadBalancer": {"sourceRanges": ranges}}}
    assert refusals(mode_values("new-proxy-mode", OPEN, open_to)) == []


def ldap(here: Values, **changed: Any) -> Values:
    values = merged(mode_values("new-proxy-mode", here), {"ldap": changed})
    return {**values, "ldap": {key: value for key, value in values["ldap"].items() if value is not None}}


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        ("ldap://ldap.example.org", (389,)),
        ("ldap://ldap.example.org:10389", (10389,)),
        ("ldap://one.example.org ldap://two.example.org:1389", (389, 1389)),
        ("ldap://one ldap://two", (389,)),
        ("ldap://[2001:db8::1]", (389,)),
    ],
)
def test_policies_open_the_port_of_every_ldap_server(url: str, ports: tuple[int, ...]) -> None:
    here: Topology = cluster(base=ldap(LDAP, url=url))
    assert here.ldap_ports == ports


def test_a_wrong_ldap_url_is_no_reason_to_remove_the_certificate() -> None:
    assert refusals(ldap(LDAPS, url="ldaps:/ldap.example.org")) == ["matlab.ldap.url"]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (ldap(LDAPS, certificate=None), "matlab.ldap.certificate"),
        (ldap(LDAP, securityPrincipalFormat=None), "matlab.ldap.securityPrincipalFormat"),
        (ldap(LDAP, securityPrincipalFormat="admin"), "matlab.ldap.securityPrincipalFormat"),
        ({**ldap(LDAP), "security": {}}, "matlab.security.adminPassword"),
        ({**ldap(LDAP), "security": {"level": 1}}, "matlab.security.level"),
        (ldap(LDAP, certificate=pair().certificate), "matlab.ldap.certificate"),
    ],
)
def test_ldap_needs_everything_that_mathworks_documents(values: Values, path: str) -> None:
    assert refusals(values) == [path]


def test_passwords_in_clear_on_the_network_deserve_a_word() -> None:
    said = [[text for text in warnings(cluster(base=ldap(here)).settings) if "ldap" in text] for here in (LDAP, LDAPS)]
    assert [len(texts) for texts in said] == [1, 0]


DAY = timedelta(days=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def authority(**times: timedelta) -> Values:
    made = pair("ca", **times)
    return mode_values(
        "new-proxy-mode", {"security": {"authority": {"certificate": made.certificate, "key": made.key}}}
    )


@pytest.mark.parametrize(
    ("times", "refused", "warned"),
    [
        ({}, [], 0),
        ({"ends": 59 * DAY}, [], 1),
        ({"ends": 61 * DAY}, [], 0),
        ({"ends": -DAY}, ["matlab.security.authority.certificate"], 0),
        ({"begins": DAY, "ends": 700 * DAY}, ["matlab.security.authority.certificate"], 0),
        ({"begins": timedelta(minutes=5), "ends": 700 * DAY}, [], 0),
    ],
)
def test_a_ca_is_valid_today_and_its_end_is_announced(
    times: dict[str, timedelta], refused: list[str], warned: int
) -> None:
    values = authority(**times)
    assert refusals(values) == refused
    if not refused:
        texts = [text for text in warnings(cluster(base=values).settings) if "expires on" in text]
        assert len(texts) == warned


@pytest.mark.parametrize("surrounded", ["{}", "\n\n{}\n\n", "Bag Attributes\n  friendlyName: ca\n{}", "{}" + " " * 4])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_what_surrounds_the_lines_of_a_certificate_or_key_is_left_out(surrounded: str, line_break: str) -> None:
    made = pair("ca")
    texts = [surrounded.format(text).replace("\n", line_break) for text in made]
    kept = cluster({"security": {"authority": {"certificate": texts[0], "key": texts[1]}}}).settings.security.authority
    assert kept.certificate == made.certificate
    assert kept.key is not None
    assert kept.key.get_secret_value() == made.key


def test_the_dates_of_a_certificate_are_its_own() -> None:
    made = pair("ca").certificate
    assert pem.invalid_now(made, NOW + 40 * 365 * DAY)
    assert pem.invalid_now(made, NOW - 40 * 365 * DAY)
