"""docs/flows.md: every connection that the NetworkPolicies allow, read from the policies of several stacks."""

from __future__ import annotations

from typing import Final

from components.registry import SYSTEMS
from components.shared.loading import load
from components.shared.network_flows import ALL, ALL_PODS, ANYWHERE, OTHER_PODS, Flow, Ports, flows
from components.shared.passwords import plain_fingerprint
from components.shared.survey import NOTHING
from generators.flow_chapters import ARKOUDA, JULIA, MATLAB, Chapter, Values

Row = tuple[str, str, str]
"""Source, target and ports of a connection."""

EVERY_POD: Final = "every pod"
_GENERATED: Final = "<!-- Written by `python -m generators` from the NetworkPolicies of several stacks. -->"
_TEXT: Final = """# Allowed connections

Every connection that the NetworkPolicies of a stack allow. In a namespace that the stack creates, everything else is
denied; in an existing one, it is denied for the pods in the tables. A connection between two pods is listed if the
policies of both allow it. The ports are those of the default settings; if the cluster reports other ports of its API
server or its name servers, they are added.
"""


def page() -> str:
    """The whole page."""
    lines = [_GENERATED, "", _TEXT]
    for chapter in (MATLAB, JULIA, ARKOUDA):
        lines += [f"## {chapter.title}", "", "| From | To | Ports | When |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in _table(chapter)]
        lines += ["", chapter.text] if chapter.text else [""]
    return "\n".join(lines).rstrip() + "\n"


def _table(chapter: Chapter) -> list[tuple[str, str, str, str]]:
    """From, to, ports and when; ports with the same ends and conditions share a row."""
    stacks = [(word, _Stack(chapter, values)) for word, values in chapter.variants]
    everybody = set.intersection(*(ports for _, stack in stacks for ports in stack.ways_out()))
    variants = [(word, stack.rows(everybody), {*stack.words.values()}) for word, stack in stacks]
    when: dict[Row, list[str]] = {}
    for row in {row: None for _, found, _ in variants for row in found}:
        present = [word for word, found, _ in variants if row in found]
        possible = [word for word, _, words in variants if {*row[:2]} & {*chapter.order} <= words]
        when[row] = ["always"] if present == possible else [f"`{word}`" for word in present]
    for option, values in chapter.options.items():
        for row in _Stack(chapter, {**chapter.variants[0][1], **values}).rows(everybody):
            if row not in variants[0][1]:
                when.setdefault(row, []).append(f"with `{option}`")
    table: dict[tuple[str, str, str], list[str]] = {}
    for row in sorted(when, key=lambda row: _order(chapter, row)):
        source, target, ports = row
        table.setdefault((source, target, ", ".join(when[row])), []).append(ports)
    return [(source, target, ", ".join(ports), text) for (source, target, text), ports in table.items()]


class _Stack:
    """The flows of one config, and what its pods and addresses are called."""

    def __init__(self, chapter: Chapter, values: Values) -> None:
        system = SYSTEMS[chapter.key]
        settings = load(system.settings, values, chapter.key, system.rules)
        planned = system.objects(settings, plain_fingerprint, NOTHING)
        policies = [item.manifest for item in planned if item.manifest["kind"] == "NetworkPolicy"]
        selectors = [item["spec"]["podSelector"] for item in policies]
        self.apps = [selector["matchLabels"]["app"] for selector in selectors if selector]
        self.words = {**{app: chapter.pods(app, settings) for app in self.apps}, **chapter.addresses}
        self.flows = flows(policies)

    def ways_out(self) -> list[set[Ports]]:
        """The ports on which each kind of pod may reach any address."""
        return [
            {flow.ports for flow in self.flows if (flow.source, flow.target) == (app, ANYWHERE)} for app in self.apps
        ]

    def rows(self, everybody: set[Ports]) -> list[Row]:
        """Every flow, in words. What every pod may do anywhere, `everybody`, is one row."""
        named = [
            *(Flow(EVERY_POD, ANYWHERE, ports) for ports in sorted(everybody)),
            *(flow for flow in sorted(self.flows) if flow.ports not in everybody),
        ]
        by_ends: dict[tuple[str, str], list[Ports]] = {}
        for flow in named:
            ends = (self.words.get(flow.source, flow.source), self.words.get(flow.target, flow.target))
            by_ends.setdefault(ends, []).append(flow.ports)
        return [(*ends, numbers) for ends, every in by_ends.items() for numbers in _numbers(every)]


def _numbers(ports: list[Ports]) -> list[str]:
    return ["all"] if set(ALL) <= set(ports) else [str(one) for one in ports]


def _order(chapter: Chapter, row: Row) -> tuple[int, int, Row]:
    order = [ANYWHERE, *chapter.addresses.values(), ALL_PODS, OTHER_PODS, EVERY_POD, *chapter.order]
    position = {end: index for index, end in enumerate(order)}
    return position.get(row[0], len(order)), position.get(row[1], len(order)), row
