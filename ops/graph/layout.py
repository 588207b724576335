"""Where the boxes of the graph are: a column for each step of a connection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ops.graph.model import Edge, Node, Place

BOX: Final = (196, 96)
"""Width and height of a box, in pixels."""
GAP: Final = (136, 36)
"""Distance between columns, and between boxes of a column."""


@dataclass(frozen=True)
class Spot:
    """Where a box is: its column, and its upper left corner."""

    column: int
    x: int
    y: int

    @property
    def centre(self) -> int:
        """Its horizontal centre."""
        return self.x + BOX[0] // 2

    @property
    def middle(self) -> int:
        """Its vertical centre."""
        return self.y + BOX[1] // 2

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + BOX[0]

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.y + BOX[1]


def with_peers_together(place: Place) -> Place:
    """The place with one caller for all that may open the same connections: an allow list may be long."""
    groups: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for node in place.callers:
        own = tuple((edge.target, edge.ports) for edge in place.edges if edge.source == node.name)
        groups.setdefault(own, []).append(node.name)
    together = {name: "\n".join(names) for names in groups.values() for name in names}
    edges = dict.fromkeys(replace(edge, source=together.get(edge.source, edge.source)) for edge in place.edges)
    return replace(place, callers=tuple(Node("\n".join(names), "") for names in groups.values()), edges=tuple(edges))


def ways(place: Place) -> list[Edge]:
    """Connections between two boxes. The ones that lead out of the namespace are words in a box."""
    pods = {node.name for node in place.nodes}
    return [edge for edge in place.edges if edge.target in pods and edge.source != edge.target]


def columns(place: Place) -> list[list[str]]:
    """The pods of a namespace by the longest way from a caller that never goes back; the unconnected ones come last."""
    order = [node.name for node in place.nodes]
    inside = ways(place)
    depth: dict[str, int] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        depth[name] = max(depth.get(name, 0), len(path))
        for target in sorted({edge.target for edge in inside if edge.source == name} - {*path}, key=order.index):
            if depth.get(target, 0) <= len(path) + 1:
                visit(target, (*path, name))

    callers = {node.name for node in place.callers}
    # The entrance that leads to most pods comes first; without a caller, the pods that open connections do.
    entrances = [edge.target for edge in inside if edge.source in callers] or [edge.source for edge in inside]
    for name in sorted(
        {*entrances}, key=lambda one: (-len({edge.target for edge in inside if edge.source == one}), order.index(one))
    ):
        if name not in depth:
            visit(name, ())
    reached = [[name for name in order if depth.get(name) == step] for step in range(len(order))]
    found = [step for step in reached if step]
    for index, name in enumerate(name for name in order if name not in depth):
        if index < len(found):
            found[-1 - index].append(name)
        else:
            found.append([name])
    return found
