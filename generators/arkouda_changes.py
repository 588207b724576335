"""The effects of a change of an Arkouda setting: which objects and handed-out files change, and which pods restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from components.arkouda import handout
from components.arkouda.objects import objects
from components.arkouda.rules import RULES
from components.arkouda.server_settings import Server
from components.arkouda.settings import Settings
from components.arkouda.system import SYSTEM
from components.arkouda.topology import Topology
from components.shared.manifest import Manifest
from components.shared.mistakes import ConfigError, load
from components.shared.objects import Key
from components.shared.quantities import quantity
from generators.changes import CLAIM, NAMESPACE, OWN_NAMESPACE, SHRINKS, Effects
from generators.settings import Setting, every_setting

Values = dict[str, Any]

PODS: Final = ("server", "locales", "exporter")
FILES: Final = "write the new files and submit the job again"
CONNECT: Final = "users need the new connect.py"
A_LIST: Final = "adds, removes or changes servers: see the settings of one"
OTHER_SERVER: Final = "becomes another server"
_KUBECTL: Final[Mapping[str, str]] = {
    "ConfigMap": "cm",
    "Deployment": "deploy",
    "EndpointSlice": "endpointslice",
    "Namespace": "ns",
    "NetworkPolicy": "netpol",
    "PersistentVolumeClaim": "pvc",
    "PodDisruptionBudget": "pdb",
    "Role": "role",
    "RoleBinding": "rolebinding",
    "Secret": "secret",
    "Service": "svc",
    "ServiceAccount": "sa",
    "ServiceMonitor": "servicemonitor",
    "StatefulSet": "sts",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicy",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybinding",
}
"""kubectl's short names."""
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
    # Those of no group first: they share a table.
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
        self.objects: dict[Key, Any] = {item.key: item.manifest for item in objects(cluster)}
        for name, source in SYSTEM.secret_sources(given).items():
            self.objects["Secret", name] = (self.objects["Secret", name], source)
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
        return {name: item["spec"] for (kind, name), item in self.objects.items() if kind == "PersistentVolumeClaim"}


def label(key: Key, names: set[str]) -> str:
    """The name of an object in the table, with NAME for the name of its server."""
    kind, own = key
    if kind == "Namespace":
        own = "<arkouda.namespace.name>"
    for server in sorted(names, key=len, reverse=True):
        for prefix in (server, f"arkouda-arkouda-{server}"):
            if own == prefix or own.startswith(f"{prefix}-"):
                return f"{_KUBECTL[kind]}/{prefix.removesuffix(server)}NAME{own.removeprefix(prefix)}"
    return f"{_KUBECTL[kind]}/{own}"


def compare(before: State, after: State, effects: Effects, only: str | None = None) -> None:
    """Add the effects of the change from one state to another; `only` is the one server that changed, if it is one."""
    if before.cluster.namespace != after.cluster.namespace:
        effects.notes.add(NAMESPACE)
        return
    names = before.names | after.names
    keys = before.objects.keys() | after.objects.keys()
    effects.objects |= {label(key, names) for key in keys if before.objects.get(key) != after.objects.get(key)}
    one, other = dict(before.pods()), dict(after.pods())
    for pod in one.keys() & other.keys():
        role, server = pod
        if only in (None, server):
            effects.restarted[role] = effects.restarted.get(role, 0) + (one[pod] != other[pod])
            effects.present[role] = effects.present.get(role, 0) + 1
    effects.notes |= set(_notes(before, after))


def _notes(before: State, after: State) -> Iterator[str]:
    common = before.names & after.names
    claims, later = before.claims(), after.claims()
    changes = {
        FILES: any(before.files[name] != after.files[name] for name in common if len(after.files[name]) > 1),
        CONNECT: any(before.connections[name] != after.connections[name] for name in common),
        OTHER_SERVER: before.names != after.names and len(before.names) == len(after.names),
        OWN_NAMESPACE: before.cluster.settings.namespace.create != after.cluster.settings.namespace.create,
        CLAIM: any(_fixed(later.get(name)) != _fixed(spec) for name, spec in claims.items()),
        SHRINKS: any(_size(later.get(name, spec)) < _size(spec) for name, spec in claims.items()),
    }
    yield from (note for note, happens in changes.items() if happens)


def _fixed(spec: Manifest | None) -> Manifest | None:
    return spec and {key: value for key, value in spec.items() if key != "resources"}


def _size(spec: Manifest) -> Any:
    return quantity(spec["resources"]["requests"]["storage"])


@cache
def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no stack here can change."""
    single = [setting for setting in every() if setting.path not in _LISTS]
    found = {setting.path: Effects(order=PODS) for setting in every()}
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
    if missing := [path for path, count in tried.items() if not count]:
        raise LookupError(
            f"no sample of {', '.join(missing)} is accepted: add a server to generators/arkouda_changes.py"
        )
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
        present = _value(given, (first, *steps))
        for candidate in _candidates(setting, present):
            yield _with(base, (first, *steps), candidate), None
        return
    kind = first.removesuffix("[]")
    for index, server in enumerate(Topology(given).lists[kind]):
        for candidate in _candidates(setting, _value(server, tuple(steps))):
            servers = list(base[kind])
            servers[index] = _with(servers[index], tuple(steps), candidate)
            yield {**base, kind: servers}, server.name


def _value(group: BaseModel, steps: tuple[str, ...]) -> Any:
    value: Any = group
    for step in steps:
        by_alias = {info.alias or name: name for name, info in type(value).model_fields.items()}
        value = getattr(value, by_alias[step])
    return value


def _candidates(setting: Setting, value: Any) -> Iterator[Any]:
    """Other values: samples of the type, and the neighbours of a number."""
    yield from setting.type.samples
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (value + 1, value - 1)
    elif value is None and setting.type.schema.get("anyOf", [{}])[0].get("type") == "integer":
        yield 7


def _with(values: Values, steps: tuple[str, ...], value: Any) -> Values:
    first, *rest = steps
    inner = _with(values.get(first, {}), tuple(rest), value) if rest else value
    return {**values, first: inner}
