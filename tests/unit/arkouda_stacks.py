"""Stacks of Arkouda servers to test with: every kind of server, as small as can be and with everything switched on."""

from __future__ import annotations

from typing import Any

from components.arkouda.objects import objects
from components.arkouda.rules import RULES
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology
from components.shared.loading import load
from components.shared.manifest import Manifest
from components.shared.objects import Key
from tests.unit.clusters import LABELS, PODS

Values = dict[str, Any]

API_SERVER = "https://kubernetes.example.org:6443"
METRICS: Values = {
    "port": 6556,
    "exporter": True,
    "interval": 60,
    "serviceMonitor": True,
    "serviceMonitorLabels": {"release": "prometheus"},
}
JOB: Values = {
    "locales": 4,
    "memMax": "200Gi",
    "threadsPerLocale": 32,
    "sbatchOptions": ["--partition=large"],
    "serverOptions": ["--logCommands=true"],
}
INSIDE: Values = {
    "memMax": "4Gi",
    "serverOptions": ["--logCommands=true"],
    "nodeSelector": {"pool": "memory"},
    "tolerations": [{"key": "memory", "operator": "Exists"}],
    **PODS,
    **LABELS,
}
KINDS: dict[str, tuple[str, Values, Values]] = {
    "fixed": ("declared", {"name": "hpc", "address": "192.0.2.10"}, {}),
    "job": ("declared", {"name": "hpc", "address": "job"}, {"job": JOB}),
    "token": ("selfRegistered", {"name": "hpc"}, {"job": JOB}),
    "certificate": ("selfRegistered", {"name": "hpc", "credential": "certificate"}, {"job": JOB}),
    "single": ("singleNode", {"name": "hpc"}, INSIDE),
    "multi": ("multiLocale", {"name": "hpc", "locales": 3}, INSIDE),
}
"""The list that a kind of server is in, the least that makes one, and what else it can have."""
BY_JOBS = ("job", "token", "certificate")
INSIDE_KUBERNETES = ("single", "multi")


def server(kind: str, *, everything: bool = False, **more: Any) -> tuple[str, Values]:
    """The list and the settings of one server."""
    where, least, rest = KINDS[kind]
    all_of_it = {"port": 6555, "authenticate": True, "tokenGeneration": 2, "metrics": METRICS, **rest}
    return where, {**least, **(all_of_it if everything else {}), **more}


def values(kind: str, *, everything: bool = False, **more: Any) -> Values:
    """A stack with one server; `more` are further settings of the server."""
    where, settings = server(kind, everything=everything, **more)
    found: Values = {where: [settings]}
    if kind in BY_JOBS:
        found["apiServer"] = API_SERVER
    return found


def stack(given: Values) -> Topology:
    """The servers of these settings. Raises ConfigError as the program does."""
    return Topology(load(Settings, given, "arkouda", RULES))


def one(kind: str, *, everything: bool = False, **more: Any) -> Topology:
    """A stack with one server."""
    return stack(values(kind, everything=everything, **more))


def manifests(here: Topology) -> dict[Key, Manifest]:
    """Every object by kind and name."""
    return {item.key: item.manifest for item in objects(here)}


ALL: Values = {
    "apiServer": API_SERVER,
    "declared": [server("fixed", name="fixed")[1], server("job", name="job")[1]],
    "selfRegistered": [server("token", name="self")[1], server("certificate", name="old")[1]],
    "singleNode": [server("single", name="small")[1]],
    "multiLocale": [server("multi", name="big")[1]],
}
"""One server of each kind in one namespace."""
