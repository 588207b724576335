"""The stacks whose NetworkPolicies docs/flows.md describes: the variants of each system, and what opens more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.arkouda import names as arkouda_names
from components.julia import names as julia_names
from components.matlab import names as matlab_names
from components.matlab.topology import Mode, Topology

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """One system."""

    key: str
    title: str
    variants: Sequence[tuple[str, Values]]
    """Configs that differ in the pods that they have, each with a word for it. Two may share a word."""
    options: Mapping[str, Values]
    """Settings that open or narrow a connection, added to the first variant."""
    pods: Callable[[str, Any], str]
    """A word for the pods with an `app` label; the second argument are the settings."""
    order: Sequence[str]
    """These words, in the order in which the pods are named."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Peers of the configs, as network_flows.py calls them, → the settings that they come from."""
    text: str = ""
    """What no policy says."""


_SMALLEST: Final = {"release": "r2026a", "workers": {"max": 64}}
_RANGE: Final = "192.0.2.0/24"
_GATEWAYS: Final = "gateways"
_MATLAB_PODS: Final = {
    matlab_names.CONTROLLER: "controller",
    matlab_names.JOB_MANAGER: "job manager",
    matlab_names.WORKER: "workers",
    matlab_names.POOL_PROXY: "pool proxies",
    matlab_names.PARALLEL_SERVER_PROXY: "parallel server proxy",
    matlab_names.INGRESS_PROXY: "HAProxy",
}


def _matlab_pods(app: str, settings: Any) -> str:
    if app == matlab_names.INGRESS_PROXY and not Topology(settings).uses_haproxy:
        return _MATLAB_PODS[matlab_names.PARALLEL_SERVER_PROXY]
    return _MATLAB_PODS[app]


MATLAB: Final = Chapter(
    key="matlab",
    title="MATLAB Parallel Server",
    variants=[
        (Mode.NEW, _SMALLEST),
        (
            Mode.NEW_MULTI,
            {**_SMALLEST, "metrics": {"export": True, "openPortOutsideKubernetes": True}},
        ),
        (Mode.LEGACY, {**_SMALLEST, "release": "r2025a"}),
        (Mode.BACKWARDS_COMPATIBLE, {**_SMALLEST, "additionalSupportedReleases": ["r2024b"]}),
        (Mode.NO_PROXY, {**_SMALLEST, "network": {"internalClientsOnly": True}}),
    ],
    options={
        "metrics.export": {"metrics": {"export": True}},
        "ldap.url": {
            "ldap": {"url": "ldaps://ldap.example.org:636", "securityPrincipalFormat": "[username]@example.org"},
            "security": {"adminPassword": "of the administrator"},
            "installation": {"claim": "matlab", "jobManagerUsesClaim": True},
        },
        "license.useOnlineLicensing": {"license": {"useOnlineLicensing": True}},
        "network.gateway.podNamespace": {
            "network": {"gateway": {"name": "shared", "namespace": _GATEWAYS, "podNamespace": _GATEWAYS}}
        },
        "network.loadBalancer.sourceRanges": {"network": {"loadBalancer": {"sourceRanges": [_RANGE]}}},
    },
    pods=_matlab_pods,
    order=list(_MATLAB_PODS.values()),
    addresses={
        _RANGE: "`network.loadBalancer.sourceRanges`",
        f"pods of namespace {_GATEWAYS}": "`network.gateway.podNamespace`",
    },
)


def _julia_pods(app: str, _: Any) -> str:
    return {julia_names.session("lab"): "session", julia_names.worker("lab"): "workers"}[app]


def _session(kind: str, **values: Any) -> Values:
    return {"sessions": {"lab": {"kind": kind, "groups": ["lab"], "workers": {"max": 4}, **values}}}


JULIA: Final = Chapter(
    key="julia",
    title="Julia",
    variants=[
        ("interactive", _session("interactive")),
        ("script", _session("script", script={"text": "using Distributed"})),
        ("pool", _session("pool")),
    ],
    options={"network.policies.egress": {"network": {"policies": {"egress": [_RANGE]}}}},
    pods=_julia_pods,
    order=["session", "workers"],
    addresses={_RANGE: "`network.policies.egress`"},
    text="""\
The words in the last column are kinds of sessions. A session and its workers form a group of their own: no other
session reaches them. Connections between Julia processes are not encrypted.
""",
)

_SERVER: Final = "hpc"
_EXPORTED: Final = {"name": _SERVER, "metrics": {"exporter": True}}
_NODE: Final = "192.0.2.10"
_CLIENTS: Final = "notebooks"
_SCRAPERS: Final = "monitoring"
_ARKOUDA_PODS: Final = {
    _SERVER: "server",
    f"{_SERVER}{arkouda_names.LOCALE_SUFFIX}": "locales",
    f"{_SERVER}{arkouda_names.EXPORTER_SUFFIX}": "exporter",
}


def _arkouda_pods(app: str, _: Any) -> str:
    return _ARKOUDA_PODS[app]


ARKOUDA: Final = Chapter(
    key="arkouda",
    title="Arkouda",
    variants=[
        ("singleNode", {"singleNode": [_EXPORTED]}),
        ("multiLocale", {"multiLocale": [{**_EXPORTED, "locales": 2}]}),
        ("declared", {"declared": [{**_EXPORTED, "address": _NODE}]}),
        ("selfRegistered", {"apiServer": "https://kubernetes.example.org:6443", "selfRegistered": [_EXPORTED]}),
    ],
    options={
        "network.clientNamespaces": {"network": {"clientNamespaces": [_CLIENTS]}},
        "network.prometheusNamespaces": {"network": {"prometheusNamespaces": [_SCRAPERS]}},
    },
    pods=_arkouda_pods,
    order=list(_ARKOUDA_PODS.values()),
    addresses={
        f"{_NODE}/32": "`declared.address`",
        f"pods of namespace {_CLIENTS}": "`network.clientNamespaces`",
        f"pods of namespace {_SCRAPERS}": "`network.prometheusNamespaces`",
    },
    text="""\
The words in the last column are kinds of servers; for a `declared` one that jobs register, see `selfRegistered`. The
exporter exists with `metrics.exporter`. NetworkPolicies do not cover servers outside Kubernetes: policies of your own
for clients in Kubernetes must allow the address, and the nodes of jobs must be able to connect to `apiServer`. Only
the connections to the API server are encrypted.
""",
)
