"""The effects of a change of a Julia setting: which objects change, what restarts, and what else happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

from components.julia import names, startup
from components.julia.objects import objects
from components.julia.settings import Settings
from components.julia.system import SYSTEM
from components.julia.topology import JuliaSession, sessions
from components.shared.loading import ANY_NAME
from components.shared.manifest import Manifest
from components.shared.objects import Key
from generators.changes import CLAIM, KUBECTL, SHRINKS, Effects, State, Values, candidates, changed, fixed, size, tried
from generators.samples import project_of_managers
from generators.settings import Setting, every_setting, has_default

SAMPLE: Final = "name"
"""The session that stands for any."""
PODS: Final = ("session", "script", "workers of a pool")
NAMESPACE: Final = "moves the session: rejected while its depot is kept"
ON_DEMAND: Final = "workers on demand: the ones that a restarted session starts"
UNKEPT: Final = "a destroy keeps the depot, or no longer does"
_PROJECT: Final = project_of_managers("base")


def _session(**settings: Any) -> Values:
    return {"sessions": {SAMPLE: settings}}


_PLACED: Final[Values] = {
    "nodeSelector": {"pool": "lab"},
    "priorityClass": "high",
    "labels": {"team": "lab"},
    "env": {"TZ": "UTC"},
}
BASES: Final[Mapping[str, Values]] = {
    "interactive": _session(),
    "pool": _session(kind="pool", users=["ana"]),
    "script in a text": _session(kind="script", script={"text": "println(0)"}),
    "script in the image": _session(kind="script", script={"path": "/app/run.jl", "arguments": ["one"]}),
    "everything": _session(
        image={"repository": "registry.example.org/julia", "tag": "1.10.10"},
        pullSecrets=["registry"],
        users=["ana"],
        groups=["lab"],
        manager={**_PLACED, "updates": "immediately"},
        workers={**_PLACED, "numGPUs": 1, "activeDeadline": 3600, "executable": "/opt/julia"},
        depot={"accessModes": ["ReadWriteMany"], "shareWithWorkers": True},
        packages={"project": _PROJECT, "manifest": _PROJECT},
        claims={"data": "/data"},
    ),
    "baked image": _session(packages={"folder": "/opt/project", "depot": "/opt/depot"}, claims={"data": "/data"}),
    "another image for workers": _session(workers={"image": {"repository": "lab/julia", "tag": "1.10.10"}}),
    "existing namespace and claim": _session(namespace={"create": False, "name": "lab"}, depot={"claim": "mine"}),
    "existing claim, shared": _session(depot={"claim": "mine", "shareWithWorkers": True}, kind="pool"),
    "nothing is kept": _session(depot={"persistent": False}),
    "depot without keeping": _session(depot={"keep": False}),
    "no policies": {**_session(), "network": {"policies": {"enabled": False}}},
    "own ports": {
        **_session(),
        "network": {"policies": {"egress": ["192.0.2.0/24"], "apiServerPorts": [6443], "dnsPorts": [53]}},
    },
    "several, with defaults": {
        "sessions": {SAMPLE: {"workers": {"max": 2}}, "grid": {"kind": "pool"}},
        "defaults": {"workers": {"cpu": "2", "env": {"TZ": "UTC"}}, "depot": {"size": "5Gi"}},
    },
    "defaults that need each other": {
        **_session(),
        "defaults": {
            "workers": {"image": {"repository": "lab/julia", "tag": "1.10.10"}},
            "packages": {"project": _PROJECT, "manifest": _PROJECT},
        },
    },
}
"""Stack configs to change: each setting has an effect in one of them."""


def steps(setting: Setting) -> list[str]:
    """Where the setting is; of an item in a map, in the sample session."""
    return [SAMPLE if step == ANY_NAME else step for step in setting.steps]


class SessionsState(State[Settings]):
    """Everything about the sessions of a stack that a config change can affect."""

    system, kinds = SYSTEM, PODS

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sessions = {session.name: session for session in sessions(settings)}
        self.kept = {item.key for item in objects(settings) if item.protect}
        self.pods = dict(self._pods())

    def _pods(self) -> Iterator[tuple[tuple[str, str], Manifest]]:
        for session in self.sessions.values():
            own, worker = names.session(session.name), names.worker(session.name)
            for pod, key in zip(PODS, (("StatefulSet", own), ("Job", own), ("StatefulSet", worker)), strict=True):
                if key in self.objects:
                    yield (pod, session.name), self.objects[key]["spec"]["template"]

    def label(self, key: Key, _: State[Settings]) -> str:
        """The name of an object in the table, with NAME for the session's."""
        kind, own = key
        for session in self.sessions:
            whole = names.session(session)
            if own == whole or own.startswith(f"{whole}-"):
                own = names.session(ANY_NAME) + own.removeprefix(whole)
        return f"{KUBECTL[kind]}/{own if kind != 'Namespace' else '<namespace>'}"

    def notes(self, after: Self) -> Iterator[str]:
        """What happens to each session that stays."""
        for name in self.sessions.keys() & after.sessions.keys():
            yield from _notes(self, after, name)


def _notes(before: SessionsState, after: SessionsState, name: str) -> Iterator[str]:
    one, other = before.sessions[name], after.sessions[name]
    if one.namespace != other.namespace:
        yield NAMESPACE
        return
    claim = ("PersistentVolumeClaim", names.depot(name))
    old: Any = before.objects.get(claim)
    new: Any = after.objects.get(claim)
    if claim in before.kept and (new is None or fixed(old) != fixed(new)):
        yield CLAIM
    elif claim in before.kept and size(new) < size(old):
        yield SHRINKS
    if (claim in before.kept) != (claim in after.kept) and old and new:
        yield UNKEPT
    if one.starts_workers and other.starts_workers and _starts(one) != _starts(other):
        yield ON_DEMAND


def _starts(session: JuliaSession) -> Any:
    return startup.settings(session)


def row(setting: Setting) -> str:
    """The path under which the table has a setting of the model: that of the default, where there is one."""
    path = f"julia.{setting.path}"
    return path.replace(f"sessions.{ANY_NAME}.", "defaults.", 1) if has_default(path) else path


def examine() -> dict[str, Effects]:
    """The effects of each setting, by path. Raises LookupError for a setting that no config here can change.

    A default and the setting of a session with the same name have one row.
    """
    rows = [(setting, row(setting)) for setting in every_setting(Settings)]
    # Those of no group first: they share a table.
    rows.sort(key=lambda pair: pair[1].count(".") > 1)
    return tried(SessionsState, BASES.values(), rows, _others)


def _others(values: Values, settings: Settings, setting: Setting) -> Iterator[tuple[Values, None]]:
    for value in candidates(setting, settings, steps(setting)):
        yield changed(values, steps(setting), value), None
