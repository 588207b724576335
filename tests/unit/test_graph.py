"""`python -m ops graph`: what a stack deploys and who talks to whom."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from components.shared.network_flows import ANYWHERE, flows
from components.stack import load_file
from ops import __main__ as ops
from ops.graph import mermaid, svg
from ops.graph.model import Edge, Place, end_name, places
from ops.rights import planned
from tests.conftest import PROJECT

EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"


def of(example: str) -> list[Place]:
    return places(load_file(PROJECT / "examples" / f"{example}.yaml"))


def test_the_picture_follows_a_connection_from_the_client_to_the_workers() -> None:
    (place,) = of("production")
    assert svg.columns(place) == [["mjs-ingress-proxy"], ["mjs-job-manager"], ["mjs-worker", "mjs-controller"]]
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


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_allowed_connection_is_an_edge_or_is_said_of_every_pod(example: Path) -> None:
    stack = load_file(example)
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
            assert everybody or str(flow.ports) in said or said == ("all ports",), flow


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_boxes_do_not_overlap_and_stay_inside_the_picture(example: Path) -> None:
    found = places(load_file(example))
    picture = ET.fromstring(svg.text(found))  # noqa: S314 - our own
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    boxes = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in picture.iter(f"{SVG}rect")
        if box.get("class") in {"pods", "peer"}
    ]
    assert len(boxes) == sum(len(place.nodes) + len(place.callers) for place in found)
    for x, y, w, h in boxes:
        assert 0 < x < x + w < width
        assert 0 < y < y + h < height
    for one, other in combinations(boxes, 2):
        apart = (one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
                 or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1])  # fmt: skip
        assert apart, (one, other)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_edge_between_boxes_is_drawn_once(example: Path) -> None:
    found = places(load_file(example))
    pairs = {
        (place.namespace, frozenset((edge.source, edge.target)))
        for place in found
        for edge in place.edges
        if edge.source != edge.target and edge.target in {node.name for node in place.nodes}
    }
    assert svg.text(found).count('class="way') == len(pairs)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_mermaid_declares_every_end_of_an_edge(example: Path) -> None:
    found = places(load_file(example))
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
