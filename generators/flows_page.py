"""docs/flows.md: every connection that the NetworkPolicies allow, read from the policies of several clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.matlab import names, network_policies
from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.loading import load
from components.shared.network_flows import ALL, ALL_PODS, ANYWHERE, Flow, Ports, flows
from components.shared.survey import NOTHING

Row = tuple[str, str, str]
"""Source, target and ports of a connection."""

_SMALLEST: Final[Mapping[str, Any]] = {"release": "r2026a", "workers": {"max": 64}}
_MODES: Final[tuple[Mapping[str, Any], ...]] = (
    {},
    {"metrics": {"export": True, "openPortOutsideKubernetes": True}},
    {"release": "r2025a"},
    {"additionalSupportedReleases": ["r2024b"]},
    {"network": {"internalClientsOnly": True}},
)
"""A cluster in each proxy mode."""
_RANGE: Final = "192.0.2.0/24"
_RANGES: Final = "`network.loadBalancer.sourceRanges`"
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "`metrics.export`": {"metrics": {"export": True}},
    "`ldap.url`": {
        "ldap": {"url": "ldaps://ldap.example.org:636", "securityPrincipalFormat": "[username]@example.org"},
        "security": {"adminPassword": "of the administrator"},
        "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
    },
    "`license.useOnlineLicensing`": {"license": {"useOnlineLicensing": True}},
    _RANGES: {"network": {"loadBalancer": {"sourceRanges": [_RANGE]}}},
}
"""Settings that open or narrow a connection, whatever the mode."""
_PODS: Final = {
    names.CONTROLLER: "controller",
    names.JOB_MANAGER: "job manager",
    names.WORKER: "workers",
    names.POOL_PROXY: "pool proxies",
    names.PARALLEL_SERVER_PROXY: "parallel server proxy",
    names.INGRESS_PROXY: "HAProxy",
}
_GENERATED: Final = "<!-- Written by `python -m generators` from components/matlab/network_policies.py. -->"
_TEXT: Final = """# Allowed connections

Everything that the NetworkPolicies of a MATLAB cluster allow; nothing else is. A connection between two pods is listed
if both of them allow it. The numbers are those of the default settings; [network.md](network.md) says which setting
changes which port.
"""


def page() -> str:
    """The whole page."""
    clusters = [_cluster(values) for values in _MODES]
    rows = [(_rows(cluster), cluster) for cluster in clusters]
    when: dict[Row, list[str]] = {}
    for row in {row: None for found, _ in rows for row in found}:
        present = [str(cluster.mode) for found, cluster in rows if row in found]
        possible = [str(cluster.mode) for cluster in clusters if _ends(row) <= _pods(cluster)]
        when[row] = ["always"] if present == possible else [f"`{mode}`" for mode in present]
    for option, values in _OPTIONS.items():
        for row in _rows(_cluster(values)):
            if row not in rows[0][0]:
                when.setdefault(row, []).append(f"with {option}")
    table: dict[Row, list[str]] = {}
    for row in sorted(when, key=_order):
        source, target, ports = row
        table.setdefault((source, target, ", ".join(when[row])), []).append(ports)
    lines = [_GENERATED, "", _TEXT, "| From | To | Ports | When |", "|---|---|---|---|"]
    lines += [
        f"| {source} | {target} | {', '.join(ports)} | {text} |" for (source, target, text), ports in table.items()
    ]
    return "\n".join(lines) + "\n"


def _cluster(values: Mapping[str, Any]) -> Topology:
    return Topology(load(Settings, {**_SMALLEST, **values}, "matlab", RULES))


def _rows(cluster: Topology) -> list[Row]:
    """Source, target and ports of every flow, in words; what every pod may do is one row."""
    found = flows(item.manifest for item in network_policies.objects(cluster, NOTHING))
    senders = {flow.source for flow in found} & {*_PODS}
    everybody = set.intersection(
        *({flow.ports for flow in found if (flow.source, flow.target) == (sender, ANYWHERE)} for sender in senders)
    )
    named = [
        *(Flow("every pod", ANYWHERE, ports) for ports in sorted(everybody)),
        *(flow for flow in sorted(found) if flow.ports not in everybody),
    ]
    by_ends: dict[tuple[str, str], list[Ports]] = {}
    for flow in named:
        by_ends.setdefault((_name(flow.source, cluster), _name(flow.target, cluster)), []).append(flow.ports)
    return [(*ends, numbers) for ends, every in by_ends.items() for numbers in _words(every)]


def _words(ports: list[Ports]) -> list[str]:
    return ["all"] if set(ALL) <= set(ports) else [str(numbers) for numbers in ports]


def _name(end: str, cluster: Topology) -> str:
    if end == names.INGRESS_PROXY and not cluster.uses_haproxy:
        return _PODS[names.PARALLEL_SERVER_PROXY]
    return _PODS.get(end, _RANGES if end == _RANGE else end)


def _ends(row: Row) -> set[str]:
    """The pods among source and target."""
    return {*row[:2]} & {*_PODS.values()}


def _pods(cluster: Topology) -> set[str]:
    policies = (item.manifest["spec"]["podSelector"] for item in network_policies.objects(cluster, NOTHING))
    return {_name(selector["matchLabels"]["app"], cluster) for selector in policies if selector}


def _order(row: Row) -> tuple[int, int, Row]:
    order = [ANYWHERE, _RANGES, ALL_PODS, "every pod", *_PODS.values()]
    position = {end: index for index, end in enumerate(order)}
    return position.get(row[0], len(order)), position.get(row[1], len(order)), row
