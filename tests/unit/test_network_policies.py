"""Who may connect to whom, on which port: the policies are evaluated against a table of flows.

Network plug-ins differ in whether an ipBlock covers pods. What must work is evaluated where it does not, what must
not is evaluated where it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import pytest

from components.matlab.objects import objects
from components.matlab.topology import Topology
from components.shared.manifest import Manifest
from components.shared.passwords import plain_fingerprint
from components.shared.survey import NOTHING, Survey
from tests.unit.clusters import LDAP, MODES, cluster, in_mode, manifests

NO_PROXY, LEGACY, BACKWARDS, NEW, NEW_MULTI = MODES


class Peer(NamedTuple):
    """A pod of the cluster (app), a pod of another namespace, or an address outside Kubernetes."""

    address: str
    app: str | None = None
    elsewhere: bool = False


PODS = {
    "controller": Peer("10.0.0.1", "mjs-controller"),
    "job manager": Peer("10.0.0.2", "mjs-job-manager"),
    "worker": Peer("10.0.0.3", "mjs-worker"),
    "pool proxy": Peer("10.0.0.4", "mjs-pool-proxy"),
    "ingress": Peer("10.0.0.5", "mjs-ingress-proxy"),
    "socks": Peer("10.0.0.6", "mjs-parallel-server-proxy"),
}
OTHERS = {
    "pod elsewhere": Peer("10.1.0.1", "prometheus", elsewhere=True),
    "outside": Peer("198.51.100.7"),
    "metadata": Peer("169.254.169.254"),
    "metadata over IPv6": Peer("fd00:ec2::254"),
}
RUNNING = {
    NO_PROXY: {"controller", "job manager", "worker"},
    LEGACY: {"controller", "job manager", "worker", "pool proxy", "ingress"},
    BACKWARDS: {"controller", "job manager", "worker", "pool proxy", "ingress", "socks"},
    NEW: {"controller", "job manager", "worker", "ingress"},
    NEW_MULTI: {"controller", "job manager", "worker", "ingress", "socks"},
}
TRIED = (53, 5353, 80, 443, 389, 636, 1080, 6443, 8001, 27349, *range(27350, 27361), 29999, 30000, 30001, 30002, 40000)
JOB_MANAGER = tuple(range(27350, 27360))
ANY = TRIED
HTTPS = (443, 6443)
DNS = (53, 5353)

Flow = tuple[str, str, int]


def flows(source: str, target: str, *ports: int) -> set[Flow]:
    return {(source, target, port) for port in ports}


# What has to work.

EVERYWHERE = (
    flows("controller", "outside", *HTTPS)
    | flows("job manager", "worker", *ANY)
    | flows("worker", "job manager", *JOB_MANAGER)
    | flows("worker", "worker", *ANY)
    | flows("worker", "outside", *ANY)
)
WAYS_IN = {
    NO_PROXY: flows("pod elsewhere", "job manager", *JOB_MANAGER) | flows("pod elsewhere", "worker", *ANY),
    LEGACY: (
        flows("outside", "ingress", 27356, 27359, 30000, 30001)
        | flows("ingress", "job manager", 27356, 27359)
        | flows("ingress", "pool proxy", 30000, 30001)
        | flows("worker", "pool proxy", *ANY)
        | flows("pool proxy", "worker", *ANY)
    ),
    NEW: (
        flows("outside", "ingress", 1080)
        | flows("ingress", "job manager", *JOB_MANAGER)
        | flows("ingress", "worker", *ANY)
    ),
    NEW_MULTI: (
        flows("outside", "ingress", 1080, 8001)
        | flows("ingress", "socks", 1080)
        | flows("ingress", "job manager", 8001)
        | flows("socks", "job manager", *JOB_MANAGER)
        | flows("socks", "worker", *ANY)
        | flows("pod elsewhere", "job manager", 8001)
    ),
}
WAYS_IN[BACKWARDS] = (
    WAYS_IN[LEGACY]
    | flows("outside", "ingress", 1080)
    | flows("ingress", "socks", 1080)
    | flows("socks", "job manager", *JOB_MANAGER)
    | flows("socks", "worker", *ANY)
)


def tolerated(mode: str) -> set[Flow]:
    """What is open beyond that, each with its reason."""
    running, every = RUNNING[mode], RUNNING[mode] | set(OTHERS)
    # Cluster DNS may be pods of any namespace, or an address of the node; some clouds' is the metadata address.
    found = {(source, target, port) for source in running for target in OTHERS for port in DNS}
    # The API server is an address that differs from cluster to cluster.
    found |= {("controller", target, port) for target in OTHERS for port in HTTPS}
    # User code fetches data and licences from anywhere, other namespaces included where an ipBlock covers pods.
    found |= flows("worker", "pod elsewhere", *ANY)
    # A load balancer's traffic comes from nodes, which no policy can name: the ports of the way in are open to all.
    entrance = {port for _, target, port in WAYS_IN[mode] if target == "ingress"}
    found |= {(source, "ingress", port) for source in every for port in entrance}
    # Clients of no-proxy-mode are pods of any namespace, the cluster's own included.
    found |= flows("worker", "job manager", *JOB_MANAGER)
    if mode == NO_PROXY:
        found |= flows("controller", "worker", *DNS, *HTTPS)
    if mode == NEW_MULTI:
        found |= flows("worker", "job manager", 8001)
    return found


# A small evaluator (kubernetes.io/docs/concepts/services-networking/network-policies).


def selects(selector: dict[str, Any], app: str | None) -> bool:
    assert set(selector) <= {"matchLabels"}
    assert set(selector.get("matchLabels", {})) <= {"app"}
    return app is not None and selector.get("matchLabels", {}).get("app", app) == app


def matches(peer: dict[str, Any], other: Peer, *, blocks_cover_pods: bool) -> bool:
    if "ipBlock" in peer:
        if other.app and not blocks_cover_pods:
            return False
        address, block = ip_address(other.address), peer["ipBlock"]
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(inner) for inner in block.get("except", [])
        )
    if "namespaceSelector" in peer:
        assert peer == {"namespaceSelector": {}}
        return other.app is not None
    return not other.elsewhere and selects(peer["podSelector"], other.app)


def open_for(rule: dict[str, Any], protocol: str, number: int) -> bool:
    if not rule.get("ports"):
        return True
    return any(
        port["protocol"] == protocol and port["port"] <= number <= port.get("endPort", port["port"])
        for port in rule["ports"]
    )


def passes(
    policies: list[dict[str, Any]],
    direction: str,
    own: Peer,
    other: Peer,
    port: int,
    *,
    protocol: str = "TCP",
    blocks_cover_pods: bool,
) -> bool:
    """The policies that select `own` let the connection with `other` through in this direction."""
    if own.elsewhere or own.app is None:
        return True
    mine = [
        policy["spec"]
        for policy in policies
        if direction in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], own.app)
    ]
    rules = [rule for spec in mine for rule in spec.get(direction.lower(), [])]
    peers = "from" if direction == "Ingress" else "to"
    return not mine or any(
        open_for(rule, protocol, port)
        and (
            not rule.get(peers)
            or any(matches(peer, other, blocks_cover_pods=blocks_cover_pods) for peer in rule[peers])
        )
        for rule in rules
    )


def network_policies(here: Topology) -> list[Manifest]:
    return [item for (kind, _), item in manifests(here).items() if kind == "NetworkPolicy"]


def allowed(here: Topology, mode: str, *, blocks_cover_pods: bool) -> Iterator[Flow]:
    """Every TCP connection that the policies let through."""
    policies = network_policies(here)
    peers = {name: PODS[name] for name in RUNNING[mode]} | OTHERS
    for source, one in peers.items():
        for target, other in peers.items():
            if source in OTHERS and target in OTHERS:
                continue
            for port in TRIED:
                way = {"blocks_cover_pods": blocks_cover_pods}
                if passes(policies, "Egress", one, other, port, **way) and passes(
                    policies, "Ingress", other, one, port, **way
                ):
                    yield source, target, port


@pytest.mark.parametrize("create", [True, False], ids=["own namespace", "namespace of others"])
@pytest.mark.parametrize("mode", MODES)
def test_what_has_to_work_works(mode: str, create: bool) -> None:
    here = in_mode(mode, {"namespace": {"create": create}})
    wanted = EVERYWHERE | WAYS_IN[mode]
    assert wanted - set(allowed(here, mode, blocks_cover_pods=False)) == set()


@pytest.mark.parametrize("mode", MODES)
def test_nothing_else_is_open(mode: str) -> None:
    found = set(allowed(in_mode(mode), mode, blocks_cover_pods=True))
    assert found - EVERYWHERE - WAYS_IN[mode] - tolerated(mode) == set()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "169.254.0.0/16", "169.254.169.254/31", "fd00:ec2::/32"])
def test_no_pod_reaches_the_clouds_metadata(mode: str, cidr: str) -> None:
    """There a node's credentials are handed to whoever asks, user code on a worker included."""
    here = in_mode(mode, {"network": {"policies": {"workerEgress": [cidr]}}})
    found = {flow for flow in allowed(here, mode, blocks_cover_pods=True) if flow[1].startswith("metadata")}
    # Port 80 is where it answers; 53 is DNS, and the controller's 443 the API server's, wherever they are.
    assert {(source, port) for source, _, port in found} <= {
        *((source, port) for source in RUNNING[mode] for port in DNS),
        *(("controller", port) for port in HTTPS),
    }


@pytest.mark.parametrize("mode", MODES)
def test_every_pod_resolves_names(mode: str) -> None:
    policies = network_policies(in_mode(mode))
    for name in RUNNING[mode]:
        for target in (Peer("10.2.0.1", "kube-dns", elsewhere=True), Peer("169.254.20.10")):
            for protocol in ("UDP", "TCP"):
                assert passes(policies, "Egress", PODS[name], target, 53, protocol=protocol, blocks_cover_pods=False)


def _policies(config: dict[str, Any], found: Survey = NOTHING) -> list[Manifest]:
    planned = objects(cluster(config), plain_fingerprint, found)
    return [item.manifest for item in planned if item.key[0] == "NetworkPolicy"]


def _reaches(policies: list[Manifest], source: str, port: int, protocol: str = "TCP") -> bool:
    target = Peer("10.9.0.1", "server", elsewhere=True)
    return passes(policies, "Egress", PODS[source], target, port, protocol=protocol, blocks_cover_pods=False)


def test_the_ports_of_the_platform_are_opened() -> None:
    """OpenShift's DNS pods listen on 5353, MicroK8s's API server on 16443: nothing resolved, and no worker started."""
    openshift = _policies({}, Survey(dns_ports=(5353,), api_server_ports=(16443,)))
    assert _reaches(openshift, "job manager", 5353, "UDP")
    assert _reaches(openshift, "controller", 16443)
    assert not _reaches(_policies({}), "controller", 16443)
    assert not _reaches(openshift, "job manager", 16443)


def test_settings_override_what_the_cluster_says() -> None:
    given = {"network": {"policies": {"apiServerPorts": [7443], "dnsPorts": [1053]}}}
    policies = _policies(given, Survey(dns_ports=(5353,), api_server_ports=(16443,)))
    assert [port for port in (443, 6443, 7443, 16443) if _reaches(policies, "controller", port)] == [7443]
    assert [port for port in (53, 1053, 5353) if _reaches(policies, "worker", port, "UDP")] == [1053]


def test_online_licensing_may_go_through_a_web_proxy() -> None:
    config = {"license": {"useOnlineLicensing": True}, "network": {"policies": {"onlineLicensingPorts": [3128]}}}
    policies = _policies(config)
    assert _reaches(policies, "job manager", 3128)
    assert not _reaches(policies, "job manager", 443)


@pytest.mark.parametrize("mode", [NEW, LEGACY])
def test_source_ranges_hold_for_those_who_come_through_a_node_port(mode: str) -> None:
    ranges = {"network": {"loadBalancer": {"sourceRanges": ["198.51.100.0/24"]}}}
    policies = network_policies(in_mode(mode, ranges))
    port = 1080 if mode == NEW else 27356
    for address, allowed_in in (("198.51.100.7", True), ("203.0.113.7", False), ("10.1.0.1", False)):
        found = passes(policies, "Ingress", PODS["ingress"], Peer(address), port, blocks_cover_pods=True)
        assert found is allowed_in
    service = manifests(in_mode(mode, ranges))["Service", "mjs-ingress-proxy"]
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_the_outside_reaches_neither_job_manager_nor_workers_themselves() -> None:
    for mode in MODES:
        found = set(allowed(in_mode(mode), mode, blocks_cover_pods=True))
        assert {target for source, target, _ in found if source == "outside"} <= {"ingress"}


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        (LDAP, 389),
        ({"license": {"useOnlineLicensing": True}}, 443),
    ],
)
def test_the_job_manager_reaches_what_its_settings_name(settings: dict[str, Any], port: int) -> None:
    here, without = (set(allowed(cluster(given), NEW, blocks_cover_pods=True)) for given in (settings, {}))
    assert ("job manager", "outside", port) in here
    assert {flow for flow in here - without if flow[1] == "outside"} == {("job manager", "outside", port)}


@pytest.mark.parametrize("mode", MODES)
def test_metrics_are_for_pods_of_any_namespace_when_exported(mode: str) -> None:
    exported = in_mode(mode, {"metrics": {"export": True}})
    assert ("pod elsewhere", "job manager", 8001) in set(allowed(exported, mode, blocks_cover_pods=False))
    if mode != NEW_MULTI:
        closed = set(allowed(in_mode(mode), mode, blocks_cover_pods=True))
        assert not {source for source, target, port in closed if (target, port) == ("job manager", 8001)}


def test_a_narrower_egress_narrows_what_workers_reach() -> None:
    here = cluster({"network": {"policies": {"workerEgress": ["192.0.2.0/24"]}}})
    found = {flow for flow in allowed(here, NEW, blocks_cover_pods=True) if flow[0] == "worker"}
    assert {port for _, target, port in found if target == "outside"} == set(DNS)
    none = cluster({"network": {"policies": {"workerEgress": []}}})
    assert set(allowed(none, NEW, blocks_cover_pods=True)) == set(allowed(here, NEW, blocks_cover_pods=True))


def test_policies_can_be_left_to_somebody_else() -> None:
    assert network_policies(cluster({"network": {"policies": {"enabled": False}}})) == []


def test_a_namespace_of_others_is_not_closed_as_a_whole() -> None:
    """A default-deny there would cut off pods that are none of ours."""
    names = {item["metadata"]["name"] for item in network_policies(cluster({"namespace": {"create": False}}))}
    assert names == {"mjs-controller", "mjs-job-manager", "mjs-worker", "mjs-ingress-proxy"}
