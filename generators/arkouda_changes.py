"""The effects of a change of an Arkouda setting: which objects and handed-out files change, and which pods restart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, Self

from pydantic import BaseModel

from components.arkouda import handout
from components.arkouda.server_settings import Server
from components.arkouda.settings import Settings
from components.arkouda.system import SYSTEM
from components.arkouda.topology import Topology
from components.shared.manifest import Manifest
from components.shared.objects import Key
from generators.changes import KUBECTL, OWN_NAMESPACE, Effects, State, Values, candidates, changed, tried
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
        {"name": "other", "address": "192.0.2.11"},
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


class ServersState(State[Settings]):
    """Everything about the servers that a change can affect."""

    system, kinds = SYSTEM, PODS

    def __init__(self, given: Settings) -> None:
        super().__init__(given)
        self.cluster = cluster = Topology(given)
        self.namespace = cluster.namespace
        self.names = {server.name for server in cluster.servers}
        self.pods = dict(self._pods())
        self.files = {server.name: handout.files(cluster, server, _known(server)) for server in cluster.servers}
        self.connections = {name: content.pop(handout.CONNECT) for name, content in self.files.items()}

    def _pods(self) -> Iterator[tuple[tuple[str, str], Manifest]]:
        """Kind of pod and its server → pod template."""
        for (kind, name), item in self.objects.items():
            if kind in {"Deployment", "StatefulSet"}:
                server = max((server for server in self.names if name.startswith(server)), key=len)
                role = {"": "server", "-locale": "locales", "-exporter": "exporter"}[name.removeprefix(server)]
                yield (role, server), item["spec"]["template"]

    def label(self, key: Key, after: Self) -> str:
        """The name of an object in the table, with NAME for the name of its server and NAMESPACE for its namespace."""
        kind, own = key
        if kind == "Namespace":
            own = "<arkouda.namespace.name>"
        for server in sorted(self.names | after.names, key=len, reverse=True):
            # The admission policies belong to the whole cluster, so their names hold the namespace as well.
            for prefix, shown in ((server, "NAME"), (f"arkouda-{self.namespace}-{server}", "arkouda-NAMESPACE-NAME")):
                if own == prefix or own.startswith(f"{prefix}-"):
                    return f"{KUBECTL[kind]}/{shown}{own.removeprefix(prefix)}"
        return f"{KUBECTL[kind]}/{own}"

    def notes(self, after: Self) -> Iterator[str]:
        """What happens to files that were handed out, claims and the namespace."""
        common = self.names & after.names
        changes = {
            FILES: any(self.files[name] != after.files[name] for name in common if len(after.files[name]) > 1),
            CONNECT: any(self.connections[name] != after.connections[name] for name in common),
            OTHER_SERVER: self.names != after.names and len(self.names) == len(after.names),
            OWN_NAMESPACE: self.cluster.settings.namespace.create != after.cluster.settings.namespace.create,
            **self.notes_on_claims(after),
        }
        yield from (note for note, happens in changes.items() if happens)


@cache
def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no stack here can change."""
    rows = [(setting, setting.path) for setting in every() if setting.path not in _LISTS]
    found = tried(ServersState, _BASES, rows, _others)
    for path in _LISTS:
        objects = set[str]().union(*(what.objects for item, what in found.items() if item.startswith(f"{path}[]")))
        found[path] = Effects(PODS, objects=objects, notes={A_LIST})
    return {setting.path: found[setting.path] for setting in every()}


def _others(base: Values, given: Settings, setting: Setting) -> Iterator[tuple[Values, str | None]]:
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
