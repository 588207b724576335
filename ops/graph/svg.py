"""The graph as an SVG picture: a column for each step of a connection, callers on the left."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from ops.graph.layout import BOX, GAP, Spot, columns, ways, with_peers_together
from ops.graph.model import Edge, Node, Place

MARGIN: Final = 24
TITLE: Final = 44
ARC: Final = 34
"""Height of a connection that passes over a column."""
NOTE: Final = 20
LETTER: Final = 6.3
"""Width of a small letter."""
SMALL_LETTERS: Final = 30
NAME_LETTER: Final = 8.4
"""Width of a letter of a name at its full size, 14 px: digits and capitals are wider than other letters."""
NAME_LETTERS: Final = 26
"""A longer name takes two lines."""
NAME_WIDTH: Final = BOX[0] - 12
LINES: Final = 5
"""Lines in a box, with those of its name."""
NOTE_LETTERS: Final = 110
ARC_LETTERS: Final = 44
_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="14">
  <defs>
    <marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" \
orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#445"/></marker>
    <style>
      .place {{ fill: #f7f8fa; stroke: #99a }}
      .pods {{ fill: #e8f1fb; stroke: #2b6cb0 }}
      .peer {{ fill: #fff; stroke: #667; stroke-dasharray: 5 4 }}
      .way {{ fill: none; stroke: #445; marker-end: url(#arrow) }}
      .both {{ marker-start: url(#arrow) }}
      .back {{ fill: #f7f8fa }}
      .small {{ font-size: 11px; fill: #445 }}
      text {{ fill: #223 }}
      .middle {{ text-anchor: middle }}
    </style>
  </defs>
  <rect width="{width}" height="{height}" fill="#fff"/>
"""


def text(places: Sequence[Place]) -> str:
    """The picture: one frame for each namespace, below each other."""
    drawn: list[str] = []
    top, width = MARGIN, 0
    for place in map(with_peers_together, places):
        lines, right, bottom = _place(place, top)
        drawn += lines
        width, top = max(width, right), bottom + MARGIN
    return _HEAD.format(width=width + MARGIN, height=top) + "\n".join(drawn) + "\n</svg>\n"


def _place(place: Place, top: int) -> tuple[list[str], int, int]:
    """Lines of the picture, and how far it goes to the right and down."""
    inside = columns(place)
    steps = [[node.name for node in place.callers], *inside]
    start = 0 if place.callers else 1
    own = {name: index for index, step in enumerate(steps) for name in step}
    arcs = max((own[edge.target] - own[edge.source] - 1 for edge in ways(place) if edge.source in own), default=0)
    first = top + TITLE + ARC * max(0, arcs)
    spots = {
        name: Spot(index, MARGIN * 2 + (index - start) * (BOX[0] + GAP[0]), first + row * (BOX[1] + GAP[1]))
        for index, step in enumerate(steps)
        for row, name in enumerate(step)
    }
    notes = _notes(place)
    bottom = max((spot.bottom for spot in spots.values()), default=first) + 22 + NOTE * len(notes)
    left = MARGIN * 2 + (1 - start) * (BOX[0] + GAP[0]) - MARGIN
    title = (len("namespace ") + len(place.namespace)) * NAME_LETTER
    widest = max([title, *(len(note) * LETTER for note in notes)])
    right = max([*(spot.right + MARGIN for spot in spots.values()), left + 2 * MARGIN + int(widest)])
    lines = [
        f'  <rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="8" class="place"/>',
        f'  <text x="{left + 16}" y="{top + 26}">namespace <tspan font-weight="600">{place.namespace}</tspan></text>',
    ]
    lines += _connections(place, spots)
    lines += [line for node in place.nodes for line in _box(node, spots[node.name], "pods", place)]
    lines += [line for node in place.callers for line in _box(node, spots[node.name], "peer", place)]
    for index, note in enumerate(notes):
        y = bottom - 14 - NOTE * (len(notes) - 1 - index)
        lines.append(f'  <text x="{left + 16}" y="{y}" class="small">{escape(note)}</text>')
    return lines, right, bottom


def _notes(place: Place) -> list[str]:
    if not place.nodes:
        return ["No pods: the servers run outside of Kubernetes."]
    notes = ["No NetworkPolicies: every connection is allowed."] if place.open else []
    if place.every_pod:
        notes.append(f"Every pod also reaches any address on {', '.join(place.every_pod)}.")
    if place.kept:
        notes += textwrap.wrap(f"A destroy keeps {', '.join(place.kept)}.", NOTE_LETTERS, break_on_hyphens=False)
    return notes


def _box(node: Node, spot: Spot, kind: str, place: Place) -> Iterator[str]:
    about = [node.about] if node.about else []
    if kind == "pods":
        outside = {one.name for one in place.called}
        own = [edge for edge in place.edges if edge.source == node.name]
        about += [f"⟲ {', '.join(edge.ports)}" for edge in own if edge.target == node.name]
        about += [f"→ {edge.target}: {', '.join(edge.ports)}" for edge in own if edge.target in outside]
    # A tooltip says everything that does not fit.
    full = "\n".join([node.name, *about])
    yield (
        f'  <rect x="{spot.x}" y="{spot.y}" width="{BOX[0]}" height="{BOX[1]}" rx="6" class="{kind}">'
        f"<title>{escape(full)}</title></rect>"
    )
    names = _name_lines(node.name)
    size = min(14.0, *(14 * NAME_WIDTH / (len(line) * NAME_LETTER) for line in names))
    room = LINES - len(names)
    if len(about) > room:
        about[room - 1 :] = [f"{_short(about[room - 1], SMALL_LETTERS - 2)} …"]
    y = spot.middle - 8 * (len(names) + len(about) - 1) + 5
    for index, line in enumerate([*names, *(_short(line, SMALL_LETTERS) for line in about)]):
        look = f'class="middle" font-size="{size:.1f}"' if index < len(names) else 'class="middle small"'
        yield f'  <text x="{spot.centre}" y="{y}" {look}>{escape(line)}</text>'
        y += 17


def _name_lines(name: str) -> list[str]:
    """A name in the lines of its box. Peers that are drawn together have a line each."""
    lines = name.split("\n")
    if len(lines) > LINES:
        return [*lines[: LINES - 1], f"and {len(lines) - LINES + 1} more"]
    if len(lines) > 1 or len(name) <= NAME_LETTERS:
        return lines
    half = len(name) // 2
    cut = min((match.end() for match in re.finditer(r"[-.:/ ]", name)), key=lambda end: abs(end - half), default=half)
    return [name[:cut], name[cut:]]


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _connections(place: Place, spots: Mapping[str, Spot]) -> Iterator[str]:
    """Lines with their ports. Two connections between the same boxes are one line with two heads."""
    pods = {node.name for node in place.nodes}
    by_ends = {(edge.source, edge.target): edge for edge in ways(place)}
    for (source, target), edge in by_ends.items():
        start, end, back = spots[source], spots[target], by_ends.get((target, source))
        if back and (start.column, start.y) > (end.column, end.y):
            continue
        kind = "way both" if back else "way"
        if abs(end.column - start.column) == 1:
            right = start.column < end.column
            ends = (start.right, end.x) if right else (start.x, end.right)
            middle = sum(ends) // 2
            yield (
                f'  <path d="M{ends[0]} {start.middle} C{middle} {start.middle} {middle} {end.middle} '
                f'{ends[1]} {end.middle}" class="{kind}"/>'
            )
            # Between the box of a caller and the frame, which a label must not cover.
            at = middle if source in pods else middle - MARGIN // 2
            yield from _label(at, (start.middle + end.middle) // 2 - 8, edge, back)
        elif start.column == end.column:
            down = start.y < end.y
            ends = (start.bottom, end.y) if down else (start.y, end.bottom)
            yield f'  <path d="M{start.centre} {ends[0]} V{ends[1]}" class="{kind}"/>'
            yield from _text([_in_one_line(edge, back)], start.centre, sum(ends) // 2 + 4)
        elif start.y > end.y and start.column < end.column:
            way = f"M{start.right} {start.middle} Q{end.centre} {start.middle} {end.centre} {end.bottom}"
            yield f'  <path d="{way}" class="{kind}"/>'
            yield from _label((start.right + end.centre) // 2, start.middle - 4, edge, back)
        else:
            yield from _arc(start, end, edge, back, kind)


def _arc(start: Spot, end: Spot, edge: Edge, back: Edge | None, kind: str) -> Iterator[str]:
    """A connection that passes over the boxes of the columns between."""
    sign = 1 if start.column < end.column else -1
    skipped = abs(end.column - start.column) - 1
    rise = ARC * skipped * 4 // 3
    # Where several arcs meet, the longer one is the outer one.
    first, last = start.centre + sign * (60 - 24 * skipped), end.centre - sign * (60 - 24 * skipped)
    way = f"M{first} {start.y} C{first} {start.y - rise} {last} {end.y - rise} {last} {end.y}"
    yield f'  <path d="{way}" class="{kind}"/>'
    yield from _text([_in_one_line(edge, back)], (first + last) // 2, (start.y + end.y) // 2 - rise * 3 // 4 + 4)


def _in_one_line(edge: Edge, back: Edge | None) -> str:
    """Ports where a second line would cover what is below."""
    there, home = (", ".join(one.ports) for one in (edge, back or edge))
    return _short(there if there == home else f"{there} ▸ ◂ {home}", ARC_LETTERS)


def _label(x: int, y: int, edge: Edge, back: Edge | None) -> Iterator[str]:
    if back and back.ports != edge.ports:
        there, home = (", ".join(one.ports) for one in (edge, back))
        yield from _text([f"{there} ▸", f"◂ {home}"], x, y)
    else:
        yield from _text(_lines(edge.ports), x, y)


def _text(lines: Sequence[str], x: int, y: int) -> Iterator[str]:
    """Lines of a label, the first one above the connection."""
    for index, line in enumerate(lines):
        width, at = int(len(line) * LETTER) + 6, y + (22 if index else 0) + 14 * max(0, index - 1)
        yield f'  <rect x="{x - width // 2}" y="{at - 11}" width="{width}" height="14" rx="3" class="back"/>'
        yield f'  <text x="{x}" y="{at}" class="middle small">{escape(line)}</text>'


def _lines(ports: Sequence[str]) -> list[str]:
    """Ports in lines that fit between two boxes."""
    lines = [""]
    for port in ports:
        longer = f"{lines[-1]}, {port}" if lines[-1] else port
        if len(longer) * LETTER > GAP[0] - 30 and lines[-1]:
            lines.append(port)
        else:
            lines[-1] = longer
    return lines
