"""`python -m ops graph`: what a stack deploys and who talks to whom."""

from __future__ import annotations

import json
import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from components import stack_file
from components.shared.network_flows import ANYWHERE, flows
from components.stack import StackConfig, file_values, load_file, load_stack
from ops import __main__ as ops
from ops.graph import layout, mermaid, svg
from ops.graph.model import Edge, Place, end_name, places
from ops.rights import planned
from tests.conftest import PROJECT

EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"
MATLAB = "clusters:matlab: {release: r2026a, workers: {max: 8}, license: {useOnlineLicensing: true}"
SERVER = "authenticate: true, cpu: 4, memory: 8Gi, files: {size: 10Gi}"
UNUSUAL = {
    "an allow list of many networks": f"""
  {MATLAB}, network: {{loadBalancer: {{sourceRanges: [192.0.2.0/25, 192.0.2.128/25, 198.51.100.0/24, 203.0.113.0/24,
    "2001:db8:1234:5678:9abc::/80", "2001:db8:1234:5678:9abd::/80"]}}}}}}""",
    "many pool proxies": """
  clusters:matlab: {release: r2024a, workers: {max: 500}, license: {useOnlineLicensing: true}}""",
    "no workers": """
  clusters:matlab: {release: r2026a, workers: {max: 0}, license: {useOnlineLicensing: true}}""",
    "three systems": f"""
  {MATLAB}}}
  clusters:julia: {{sessions: {{ana: {{}}, a-very-long-session-name-of-a-person: {{}}}}}}
  clusters:arkouda: {{singleNode: [{{name: small, {SERVER}}}]}}""",
    "long names": f"""
  {MATLAB}, namespace: {{name: a-namespace-whose-name-is-as-long-as-kubernetes-allows-abcdefg}}}}
  clusters:arkouda:
    singleNode: [{", ".join(f"{{name: server-with-a-long-name-number-{index}, {SERVER}}}" for index in range(9))}]""",
}
"""Stacks that no example shows, by what is unusual."""


def unusual(text: str) -> StackConfig:
    file = stack_file.parsed(f"config:\n  clusters:kubernetes: {{context: lab}}{text}\n".encode())
    return load_stack("lab", *file_values(file), file)


STACKS = [
    *(pytest.param(load_file(file), id=file.stem) for file in EXAMPLES),
    *(pytest.param(unusual(text), id=name) for name, text in UNUSUAL.items()),
]


def of(example: str) -> list[Place]:
    return places(load_file(PROJECT / "examples" / f"{example}.yaml"))


def covers(said: str, ports: str) -> bool:
    """Whether a range such as `30000-30015 UDP` contains another."""
    (numbers, *protocol), (inner, *own) = said.split(), ports.split()
    first, last = (numbers.split("-") * 2)[:2] if "-" not in numbers else numbers.split("-")
    low, high = (inner.split("-") * 2)[:2] if "-" not in inner else inner.split("-")
    return protocol == own and int(first) <= int(low) <= int(high) <= int(last)


def test_the_picture_follows_a_connection_from_the_client_to_the_workers() -> None:
    (place,) = of("production")
    assert layout.columns(place) == [["mjs-ingress-proxy"], ["mjs-job-manager"], ["mjs-worker", "mjs-controller"]]
    assert [node.name for node in place.callers] == ["192.0.2.0/24", "198.51.100.0/24", "other namespaces"]
    assert Edge("192.0.2.0/24", "mjs-ingress-proxy", ("1080",)) in place.edges
    assert Edge("mjs-controller", "any address", ("443", "6443")) in place.edges
    assert "mjs-checkpoint" in place.kept


def test_the_picture_shows_who_may_call_a_server() -> None:
    (place,) = of("arkouda-single-node")
    assert [node.name for node in place.callers] == [
        "namespace jupyter",
        "namespace monitoring",
        "pods of this namespace",
    ]
    assert Edge("namespace jupyter", "small", ("5555",)) in place.edges


def test_a_load_balancer_is_said_to_be_one() -> None:
    (place,) = of("minimal")
    assert {node.about for node in place.nodes} == {"Deployment", "Deployment, load balancer", "pods on demand"}


def test_a_gateway_is_said_to_be_one_and_its_pods_are_named() -> None:
    (place,) = of("gateway")
    assert {node.about for node in place.nodes} == {"Deployment", "Deployment, Gateway", "pods on demand"}
    assert Edge("namespace envoy-gateway-system", "mjs-ingress-proxy", ("1080",)) in place.edges


@pytest.mark.parametrize("stack", STACKS)
def test_every_allowed_connection_is_an_edge_or_is_said_of_every_pod(stack: StackConfig) -> None:
    objects = planned(stack)
    for place in places(stack):
        policies = [
            item
            for item in objects
            if item["kind"] == "NetworkPolicy" and item["metadata"]["namespace"] == place.namespace
        ]
        edges = {(edge.source, edge.target): edge.ports for edge in place.edges}
        own = {node.name for node in place.nodes}
        for flow in flows(policies):
            ends = tuple(end if end in own else end_name(end) for end in (flow.source, flow.target))
            said = edges.get((ends[0], ends[1]), ())
            everybody = flow.target == ANYWHERE and str(flow.ports) in place.every_pod
            assert everybody or said == ("all ports",) or any(covers(one, str(flow.ports)) for one in said), flow


def rectangles(picture: ET.Element, *classes: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the rectangles of some classes."""
    found = [
        [float(box.attrib[name]) for name in ("x", "y", "width", "height")]
        for box in picture.iter(f"{SVG}rect")
        if box.get("class") in classes
    ]
    return [(x, y, x + width, y + height) for x, y, width, height in found]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("stack", STACKS)
def test_boxes_and_labels_do_not_overlap_and_stay_inside_the_picture(stack: StackConfig) -> None:
    """A column of ports used to cross the box below it, and the labels of two networks to cover each other."""
    found = places(stack)
    picture = ET.fromstring(svg.text(found))  # noqa: S314 - our own
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    boxes, labels = rectangles(picture, "pods", "peer"), rectangles(picture, "back")
    assert len(boxes) == sum(len(place.nodes) + len(layout.with_peers_together(place).callers) for place in found)
    for left, top, right, bottom in [*boxes, *labels]:
        assert 0 < left < right < width
        assert 0 < top < bottom < height
    assert not [pair for pair in combinations([*boxes, *labels], 2) if overlap(*pair)]


@pytest.mark.parametrize("stack", STACKS)
def test_names_are_whole_and_fit_into_their_boxes(stack: StackConfig) -> None:
    """The worker and the manager of a session used to have the same shortened name."""
    found = places(stack)
    picture = ET.fromstring(svg.text(found))  # noqa: S314 - our own
    texts = [text for text in picture.iter(f"{SVG}text") if "font-size" in text.attrib]
    for text in texts:
        assert len(text.text or "") * float(text.attrib["font-size"]) * 0.6 <= layout.BOX[0]
        assert float(text.attrib["font-size"]) >= 9
    drawn = "".join(text.text or "" for text in texts)
    assert [node.name for place in found for node in place.nodes if node.name not in drawn] == []


@pytest.mark.parametrize("stack", STACKS)
def test_lines_of_a_box_stay_inside_it(stack: StackConfig) -> None:
    picture = ET.fromstring(svg.text(places(stack)))  # noqa: S314 - our own
    boxes = rectangles(picture, "pods", "peer")
    lines = [(float(text.attrib["x"]), float(text.attrib["y"])) for text in picture.iter(f"{SVG}text")]
    for left, top, right, bottom in boxes:
        inside = [y for x, y in lines if x == (left + right) / 2 and top - 10 < y < bottom + 10]
        assert top + 11 <= min(inside)
        assert max(inside) <= bottom - 3


def test_peers_with_the_same_rights_are_one_box_and_its_tooltip_names_them_all() -> None:
    found = places(unusual(UNUSUAL["an allow list of many networks"]))
    assert len(found[0].callers) == 6
    picture = svg.text(found)
    assert picture.count('class="peer"') == 1
    assert "and 2 more" in picture
    assert all(f"{node.name}\n" in picture or f"{node.name}</title>" in picture for node in found[0].callers)


def test_neighbouring_ports_are_a_range() -> None:
    """Sixteen pool proxies used to be sixteen numbers."""
    (place,) = places(unusual(UNUSUAL["many pool proxies"]))
    assert Edge("any address", "mjs-ingress-proxy", ("27356", "27359", "30000-30015")) in place.edges


@pytest.mark.parametrize("stack", STACKS)
def test_every_edge_between_boxes_is_drawn_once(stack: StackConfig) -> None:
    found = places(stack)
    pairs = {
        (place.namespace, frozenset((edge.source, edge.target)))
        for place in map(layout.with_peers_together, found)
        for edge in place.edges
        if edge.source != edge.target and edge.target in {node.name for node in place.nodes}
    }
    assert svg.text(found).count('class="way') == len(pairs)


@pytest.mark.parametrize("stack", STACKS)
def test_mermaid_declares_every_end_of_an_edge(stack: StackConfig) -> None:
    found = places(stack)
    text = mermaid.text(found)
    declared = set(re.findall(r"^ +(\w+)[\[(]", text, re.MULTILINE))
    ends = re.findall(r"^  (\w+) -->\|.*\| (\w+)$", text, re.MULTILINE)
    assert len(ends) == sum(len(place.edges) for place in found)
    assert {end for pair in ends for end in pair} <= declared


def test_json_says_what_the_picture_says(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(PROJECT / "examples" / "minimal.yaml")
    assert ops.main(["graph", "--config", file, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["namespaces"] == json.loads(json.dumps([place.json() for place in of("minimal")]))
    assert ops.main(["graph", "--config", file, "--mermaid"]) == 0
    assert capsys.readouterr().out.startswith("flowchart LR\n")
