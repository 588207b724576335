"""The graph as Mermaid text, for Markdown pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ops.graph.model import Node, Place


def text(places: Iterable[Place]) -> str:
    """A flowchart, one subgraph for each namespace."""
    lines = ["flowchart LR"]
    for number, place in enumerate(places):
        lines += _place(place, f"p{number}")
    return "\n".join(lines) + "\n"


def _place(place: Place, prefix: str) -> Iterator[str]:
    callers = {node.name: f"{prefix}from{index}" for index, node in enumerate(place.callers)}
    called = {node.name: f"{prefix}to{index}" for index, node in enumerate(place.called)}
    own = {node.name: f"{prefix}n{index}" for index, node in enumerate(place.nodes)}
    yield from (f'  {callers[node.name]}(["{node.name}"])' for node in place.callers)
    yield f'  subgraph {prefix}["namespace {place.namespace}"]'
    yield from (f'    {own[node.name]}["{_label(node)}"]' for node in place.nodes)
    yield "  end"
    yield from (f'  {called[node.name]}(["{node.name}"])' for node in place.called)
    for edge in place.edges:
        source, target = own.get(edge.source) or callers[edge.source], own.get(edge.target) or called[edge.target]
        yield f'  {source} -->|"{", ".join(edge.ports)}"| {target}'


def _label(node: Node) -> str:
    return f"{node.name}<br/>{node.about}"
