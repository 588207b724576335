"""Every connection between the pods of a cluster, and with what is around it, is tried on the real node.

What has to get through is read from the policies as docs/flows.md is (components/shared/network_flows.py); another
program enforces them (sigs.k8s.io/kube-network-policies, in the kernel). All else has to be denied.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from components.matlab import names, network_policies
from components.shared.manifest import Manifest
from components.shared.network_flows import ALL_PODS, ANYWHERE, Flow, flows
from components.shared.survey import Survey
from tests.node.addresses import INTERNET, METADATA, OUTSIDE
from tests.node.namespaces import inside, open_ways
from tests.node.node import of_pod
from tests.node.pods import POLICY_SECONDS, Cluster, Pod, address
from tests.unit.clusters import MODES, in_mode

APPS = (
    names.CONTROLLER,
    names.JOB_MANAGER,
    names.WORKER,
    names.POOL_PROXY,
    names.PARALLEL_SERVER_PROXY,
    names.INGRESS_PROXY,
)
SECOND = "second"
"""Another worker: workers talk to each other."""
STRANGER, CLIENT = "stranger", "client"
"""A pod of another namespace, and somebody outside Kubernetes."""
TARGETS = {OUTSIDE: OUTSIDE, METADATA: METADATA, INTERNET: INTERNET}
PORTS = (22, 53, 80, 443, 636, 1080, 6443, 8001, 27349, 27350, 27356, 27359, 27360, 29999, 30000, 30001, 30002, 45000)
TRIES = 3
"""A loaded machine may lose a packet; what is wrong three times is wrong."""
POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{mode: (mode, {}) for mode in MODES},
    "no workerEgress": ("new-proxy-mode", {"network": {"policies": {"workerEgress": []}}}),
}


class Way(NamedTuple):
    source: str
    target: str
    port: int


class Lab:
    """One pod for each application of a cluster, and the ways between them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        for namespace in (names_of_lab := ("flows", "flows-stranger")):
            cluster.namespace(namespace)
        self.namespace, other = names_of_lab
        for app in APPS:
            cluster.run(self.namespace, app, {"app": app})
        cluster.run(self.namespace, SECOND, {"app": names.WORKER})
        cluster.run(other, STRANGER)
        self.pods: dict[str, Pod] = {name: cluster.running(self.namespace, name) for name in (*APPS, SECOND)}
        self.pods[STRANGER] = cluster.running(other, STRANGER)

    def label(self, name: str) -> str:
        return names.WORKER if name == SECOND else name

    def address(self, name: str) -> str:
        return TARGETS.get(name) or address(self.pods[name])

    def enforce(self, policies: list[Manifest]) -> None:
        path = POLICIES.format(self.namespace)
        self.cluster.api.request("DELETE", path)
        for item in policies:
            item["metadata"]["namespace"] = self.namespace
            self.cluster.api.request("POST", path, item)
        time.sleep(POLICY_SECONDS)

    def open(self, ways: list[Way]) -> set[Way]:
        """The ways that are open, tried all at once."""
        sources = list(dict.fromkeys(way.source for way in ways))
        with ThreadPoolExecutor(len(sources)) as pool:
            return set().union(*pool.map(lambda source: self._open_from(source, ways), sources))

    def _open_from(self, source: str, ways: list[Way]) -> set[Way]:
        mine = [way for way in ways if way.source == source]
        tried = [(self.address(way.target), way.port) for way in mine]
        if source == CLIENT:
            results = open_ways(tried)
        else:
            results = inside(of_pod(self.cluster.node, self.pods[source]), lambda: open_ways(tried))
        return {way for way, is_open in zip(mine, results, strict=True) if is_open}

    def expected(self, way: Way, table: set[Flow]) -> bool:
        """Whether the table allows a way."""
        inside_namespace = {*APPS, SECOND}
        pair = {way.source, way.target} <= inside_namespace
        for flow in table:
            if flow.ports.protocol != "TCP" or not flow.ports.first <= way.port <= flow.ports.last:
                continue
            if pair:
                if (flow.source, flow.target) == (self.label(way.source), self.label(way.target)):
                    return True
            elif way.source in inside_namespace:
                if flow.source == self.label(way.source) and self.covers(flow.target, way.target):
                    return True
            elif flow.target == self.label(way.target) and self.covers(flow.source, way.source):
                return True
        return False

    def covers(self, peer: str, name: str) -> bool:
        """Whether a peer of the table is this stranger."""
        if peer == ANYWHERE or (peer == ALL_PODS and name == STRANGER):
            return True
        cidr, _, excepted = peer.partition(" except ")
        if "/" not in cidr:
            return False
        here = ipaddress.ip_address(OUTSIDE if name == CLIENT else self.address(name))
        return here in ipaddress.ip_network(cidr) and not any(
            here in ipaddress.ip_network(block) for block in excepted.split(", ") if block
        )


@pytest.fixture(scope="module")
def lab(cluster: Cluster) -> Iterator[Lab]:
    yield Lab(cluster)
    for namespace in ("flows", "flows-stranger"):
        cluster.api.request("DELETE", f"/api/v1/namespaces/{namespace}")


@pytest.mark.parametrize("case", CASES)
def test_what_the_table_allows_is_open_and_nothing_else(lab: Lab, case: str) -> None:
    mode, values = CASES[case]
    topology = in_mode(mode, values)
    survey = Survey(api_server_ports=(lab.cluster.outside.port,), dns_ports=(53,))
    policies = [item.manifest for item in network_policies.objects(topology, survey)]
    table = flows(policies)
    # The parallel server proxy has the name of the ingress proxy where it is one.
    apps = [app for app in APPS if any(item["metadata"]["name"] == app for item in policies)]
    ends = [*apps, SECOND]
    pairs = [(source, target) for source in (*ends, STRANGER, CLIENT) for target in ends if source != target]
    pairs += [(source, target) for source in ends for target in (STRANGER, *TARGETS)]
    ports = (*PORTS, lab.cluster.outside.port)
    ways = [Way(source, target, port) for source, target in pairs for port in ports]
    expected = {way for way in ways if lab.expected(way, table)}
    lab.enforce(policies)
    wrong = set(ways)
    for _ in range(TRIES):
        tried = [way for way in ways if way in wrong]
        wrong = lab.open(tried) ^ {way for way in tried if way in expected}
        if not wrong:
            break
        time.sleep(1)
    assert not wrong & expected, "denied, but the table allows it"
    assert not wrong - expected, "open, but the table does not list it"
    assert expected
    assert len(expected) < len(ways)


@pytest.mark.parametrize(("ranges", "is_open"), [([f"{OUTSIDE}/32"], True), (["198.18.0.0/24"], False)])
def test_only_clients_of_the_source_ranges_reach_the_entrance(lab: Lab, ranges: list[str], is_open: bool) -> None:
    topology = in_mode("new-proxy-mode", {"network": {"loadBalancer": {"sourceRanges": ranges}}})
    lab.enforce([item.manifest for item in network_policies.objects(topology, Survey())])
    way = Way(CLIENT, names.INGRESS_PROXY, 1080)
    assert lab.open([way, Way(STRANGER, names.INGRESS_PROXY, 1080)]) == ({way} if is_open else set())


def test_a_worker_never_reaches_the_metadata_of_its_node(lab: Lab) -> None:
    """It would hand the credentials of the node to the code of any user."""
    lab.enforce([item.manifest for item in network_policies.objects(in_mode("new-proxy-mode"), Survey())])
    assert lab.open([Way(names.WORKER, METADATA, 80), Way(names.WORKER, INTERNET, 80)]) == {
        Way(names.WORKER, INTERNET, 80)
    }
