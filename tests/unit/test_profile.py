"""The documents that MATLAB and the proxies read."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.matlab import credentials, profile
from components.matlab.cluster import nameable
from components.matlab.profile import Certificate
from tests.unit.clusters import MODES, in_mode

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES
LEAF = Certificate("LEAF", "KEY", "CA")
GUARDED = {"network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}}}


def test_a_profile_has_exactly_upstreams_fields_in_upstreams_order() -> None:
    """The controller rewrites a profile that says anything else, and the next apply meets a conflict."""
    text = profile.profile('Lab "A" & B\'s', "198.51.100.7:27350", LEAF)
    assert json.loads(text) == {
        "Version": 1,
        "Name": 'Lab "A" & B\'s',
        "ClusterType": "MJS",
        "SchedulerComponent": {
            "Host": "198.51.100.7:27350",
            "Name": 'Lab "A" & B\'s',
            "Certificate": "CA",
            "ClientCertificate": "LEAF",
            "ClientPrivateKey": "KEY",
            "Metadata": {"SubType": "kubernetes"},
        },
        "ProjectComponent": {},
    }
    assert list(json.loads(text)) == ["Version", "Name", "ClusterType", "SchedulerComponent", "ProjectComponent"]
    fields = ["Host", "Name", "Certificate", "ClientCertificate", "ClientPrivateKey", "Metadata"]
    assert list(json.loads(text)["SchedulerComponent"]) == fields


def test_without_a_certificate_its_three_fields_are_empty() -> None:
    component = json.loads(profile.profile("MJS", "host:27350", None))["SchedulerComponent"]
    assert [component[name] for name in ("Certificate", "ClientCertificate", "ClientPrivateKey")] == ["", "", ""]


def test_certificate_files_have_upstreams_fields() -> None:
    assert json.loads(credentials.shared_secret("CA", "CA KEY")) == {"serverCert": "CA", "serverKey": "CA KEY"}
    document = {"clientCert": "LEAF", "clientKey": "KEY", "serverCert": "CA"}
    assert json.loads(credentials.certificate_file(LEAF)) == document


CLUSTER, OLD = "mjs-cluster-profile", "mjs-pre26a-cluster-profile"
HOST = "198.51.100.7"
SOCKS_TLS = f"mjs-job-manager:27350?proxy=socks5s://{HOST}:1080"
SOCKS = f"mjs-job-manager:27350?proxy=socks5://{HOST}:1080"
DIRECT = f"{HOST}:27350"
INSIDE = "mjs-job-manager.mjs.svc.cluster.local:27350"
NO_CERTIFICATE = {"security": {"requireClientCertificate": False}}
NO_MUTUAL_TLS = {**GUARDED, "parallelServerProxy": {"useMutualTLS": False}}


@pytest.mark.parametrize(
    ("mode", "settings", "profiles"),
    [
        (NO_PROXY, {}, [(CLUSTER, INSIDE, True)]),
        (NO_PROXY, NO_CERTIFICATE, [(CLUSTER, INSIDE, False)]),
        (LEGACY, {}, [(CLUSTER, DIRECT, True)]),
        (LEGACY, NO_CERTIFICATE, [(CLUSTER, DIRECT, False)]),
        (BACKWARDS, {}, [(CLUSTER, SOCKS_TLS, True), (OLD, DIRECT, True)]),
        (BACKWARDS, NO_CERTIFICATE, [(CLUSTER, SOCKS_TLS, True), (OLD, DIRECT, False)]),
        (BACKWARDS, NO_MUTUAL_TLS, [(CLUSTER, SOCKS, True), (OLD, DIRECT, True)]),
        (NEW, {}, [(CLUSTER, SOCKS_TLS, True)]),
        (NEW, NO_CERTIFICATE, [(CLUSTER, SOCKS_TLS, True)]),
        (NEW, {**NO_CERTIFICATE, **NO_MUTUAL_TLS}, [(CLUSTER, SOCKS, False)]),
        (NEW_MULTI, {}, [(CLUSTER, SOCKS_TLS, True)]),
    ],
)
def test_the_host_string_and_the_certificate_follow_the_mode(
    mode: str, settings: dict[str, Any], profiles: list[tuple[str, str, bool]]
) -> None:
    """docs/upstream.md#profiles."""
    assert list(profile.profiles(in_mode(mode, settings), HOST)) == profiles


def test_ports_and_names_of_the_cluster_stand_in_the_host_string() -> None:
    settings = {
        "namespace": {"name": "team-a"},
        "network": {"basePort": 20000, "clusterDomain": "k8s.lab"},
    }
    (inside,) = profile.profiles(in_mode(NO_PROXY, settings), "ignored")
    assert inside.host == "mjs-job-manager.team-a.svc.k8s.lab:20000"
    (socks,) = profile.profiles(in_mode(NEW, settings, {"parallelServerProxy": {"port": 1081}}), "mjs.example.org")
    assert socks.host == "mjs-job-manager:20000?proxy=socks5s://mjs.example.org:1081"


def test_an_ipv6_address_of_the_load_balancer_ends_up_in_no_profile() -> None:
    assert [nameable(address) for address in ("192.0.2.10", "mjs.example.org")] == ["192.0.2.10", "mjs.example.org"]
    with pytest.raises(pulumi.RunError, match=r"2001:db8::10.*Set matlab\.network\.clusterHost"):
        nameable("2001:db8::10")
