"""The effects of a change of an Arkouda setting: which objects and handed-out files change, and which pods restart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from components.arkouda import handout
from components.arkouda.rules import RULES
from components.arkouda.server_settings import Server
from components.arkouda.settings import Settings
from components.arkouda.system import SYSTEM
from components.arkouda.topology import Topology
from components.shared.loading import load
from components.shared.manifest import Manifest
from components.shared.mistakes import ConfigError
from components.shared.objects import Key
from generators.changes import (
    CLAIM,
    KUBECTL,
    NAMESPACE,
    OWN_NAMESPACE,
    SHRINKS,
    Effects,
    Values,
    candidates,
    changed,
    demand_all,
    differing,
    everything,
    fixed,
    size,
)
from generators.settings import Setting, every_setting

PODS: Final = ("server", "locales", "exporter")
FILES: Final = "write the new files and submit the job again"
CONNECT: Final = "users need the new connect.py"
A_LIST: Final = "adds, removes or changes servers: see the settings of one"
OTHER_SERVER: Final = "becomes another server"
_EXPORTER: Final[Values] = {"exporter": True, "serviceMonitor": True, "serviceMonitorLabels": {"release": "lab"}}
_NO_MONITOR: Final[Values] = {"exporter": True}
_SERVERS: Final[Values] = {
    "declared": [
        {"name": "fixed", "address": "192.0.2.10", "authenticate": True, "metrics": _EXPORTER},
        {"name": "night", "address": "job", "authenticate": True, "metrics": _NO_MONITOR},
        {"name": "plain", "address": "job"},
    ],
    "selfRegistered": [
        {"name": "lab", "authenticate": True, "metrics": _EXPORTER},
        {"name": "bench", "metrics": _NO_MONITOR},
        {"name": "old", "credential": "certificate"},
    ],
    "singleNode": [
        {"name": "small", "authenticate": True, "metrics": _EXPORTER},
        {"name": "tiny", "metrics": _NO_MONITOR, "files": {"claim": "data"}},
        {"name": "lean", "files": {"persistent": False}},
    ],
    "multiLocale": [
        {"name": "big", "locales": 3, "authenticate": True, "metrics": _EXPORTER},
        {"name": "huge", "locales": 2, "metrics": _NO_MONITOR, "files": {"claim": "data"}},
        {"name": "wide", "locales": 2, "files": {"persistent": False}},
    ],
}
_BASE: Final[Values] = {"apiServer": "https://kubernetes.example.org:6443", **_SERVERS}
_BASES: Final[tuple[Values, ...]] = (
    _BASE,
    {**_BASE, "namespace": {"create": False}, "network": {"policies": False}},
    {"singleNode": _SERVERS["singleNode"]},
)


def every() -> Iterator[Setting]:
    """Every setting of Arkouda: after each list of servers the settings of its items, but not those of their lists."""
    found = list(every_setting(Settings, "arkouda"))
    # Settings without a group come first: they share a table.
    for setting in sorted(found, key=lambda setting: len(setting.steps) > 2):  # noqa: PLR2004
        yield setting
    for setting in found:
        if setting.type.group:
            *parents, last = setting.steps
            yield from every_setting(setting.type.group, *parents, f"{last}[]")


def _known(server: Server) -> handout.Credentials:
    token = f"generation {server.token_generation}" if server.authenticate else ""
    return handout.Credentials(token, "token", "authority", "uid")


_LISTS: Final = tuple(f"arkouda.{kind}" for kind in Topology(Settings()).lists)


class State:
    """Everything about the servers that a change can affect."""

    def __init__(self, given: Settings) -> None:
        self.cluster = cluster = Topology(given)
        self.objects = everything(SYSTEM, given)
        self.names = {server.name for server in cluster.servers}
        self.files = {server.name: handout.files(cluster, server, _known(server)) for server in cluster.servers}
        self.connections = {name: content.pop(handout.CONNECT) for name, content in self.files.items()}

    def pods(self) -> Iterator[tuple[tuple[str, str], Manifest]]:
        """Kind of pod and its server → pod template."""
        for (kind, name), item in self.objects.items():
            if kind in {"Deployment", "StatefulSet"}:
                server = self.server_of(name)
                role = {"": "server", "-locale": "locales", "-exporter": "exporter"}[name.removeprefix(server)]
                yield (role, server), item["spec"]["template"]

    def server_of(self, name: str) -> str:
        """The server that an object belongs to, or an empty text."""
        return max((server for server in self.names if name.startswith(server)), key=len, default="")

    def claims(self) -> dict[str, Manifest]:
        """The claims, by name."""
        return {name: item for (kind, name), item in self.objects.items() if kind == "PersistentVolumeClaim"}


def label(key: Key, names: set[str], namespace: str) -> str:
    """The name of an object in the table, with NAME for the name of its server and NAMESPACE for its namespace."""
    kind, own = key
    if kind == "Namespace":
        own = "<arkouda.namespace.name>"
    for server in sorted(names, key=len, reverse=True):
        # The admission policies belong to the whole cluster, so their names hold the namespace as well.
        for prefix, shown in ((server, "NAME"), (f"arkouda-{namespace}-{server}", "arkouda-NAMESPACE-NAME")):
            if own == prefix or own.startswith(f"{prefix}-"):
                return f"{KUBECTL[kind]}/{shown}{own.removeprefix(prefix)}"
    return f"{KUBECTL[kind]}/{own}"


def compare(before: State, after: State, effects: Effects, only: str | None = None) -> None:
    """Add the effects of the change from one state to another; `only` is the one server that changed, if it is one."""
    if before.cluster.namespace != after.cluster.namespace:
        effects.notes.add(NAMESPACE)
        return
    names = before.names | after.names
    effects.objects |= {label(key, names, before.cluster.namespace) for key in differing(before.objects, after.objects)}
    one, other = dict(before.pods()), dict(after.pods())
    for pod in one.keys() & other.keys():
        role, server = pod
        if only in (None, server):
            effects.see(role, restarts=one[pod] != other[pod])
    effects.notes |= set(_notes(before, after))


def _notes(before: State, after: State) -> Iterator[str]:
    common = before.names & after.names
    claims, later = before.claims(), after.claims()
    changes = {
        FILES: any(before.files[name] != after.files[name] for name in common if len(after.files[name]) > 1),
        CONNECT: any(before.connections[name] != after.connections[name] for name in common),
        OTHER_SERVER: before.names != after.names and len(before.names) == len(after.names),
        OWN_NAMESPACE: before.cluster.settings.namespace.create != after.cluster.settings.namespace.create,
        CLAIM: any(fixed(later.get(name)) != fixed(claim) for name, claim in claims.items()),
        SHRINKS: any(size(later.get(name, claim)) < size(claim) for name, claim in claims.items()),
    }
    yield from (note for note, happens in changes.items() if happens)


@cache
def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no stack here can change."""
    single = [setting for setting in every() if setting.path not in _LISTS]
    found = {setting.path: Effects(PODS) for setting in every()}
    tried = {setting.path: 0 for setting in single}
    for base in _BASES:
        given = load(Settings, base, "arkouda", RULES)
        before = State(given)
        for setting in single:
            for values, server in _changed(base, given, setting):
                after = _load(values)
                if after is not None and after != given:
                    tried[setting.path] += 1
                    compare(before, State(after), found[setting.path], server)
    demand_all(tried, "_SERVERS in generators/arkouda_changes.py")
    for path in _LISTS:
        found[path].notes.add(A_LIST)
        found[path].objects = set().union(*(found[item].objects for item in found if item.startswith(f"{path}[]")))
    return found


def _load(values: Values) -> Settings | None:
    try:
        return load(Settings, values, "arkouda", RULES)
    except ConfigError:
        return None


def _changed(base: Values, given: Settings, setting: Setting) -> Iterator[tuple[Values, str | None]]:
    """The config with other values of the setting, and the server that it belongs to, if it belongs to one."""
    first, *steps = setting.steps[1:]
    if not first.endswith("[]"):
        for value in _candidates(setting, given, (first, *steps)):
            yield changed(base, (first, *steps), value), None
        return
    kind = first.removesuffix("[]")
    for index, server in enumerate(Topology(given).lists[kind]):
        for value in _candidates(setting, server, steps):
            servers = list(base[kind])
            servers[index] = changed(servers[index], steps, value)
            yield {**base, kind: servers}, server.name


def _candidates(setting: Setting, group: BaseModel, steps: Sequence[str]) -> Iterator[Any]:
    yield from candidates(setting, group, steps)
    if setting.type.schema.get("anyOf", [{}])[0].get("type") == "integer":
        # A number that is not set has no neighbours to try.
        yield 7
