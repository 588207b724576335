"""What a stack keeps although its config no longer has it: a setting that goes must not take data with it.

The objects are protected. Pulumi would say so object by object, after an `up` without a preview has changed the others,
and would advise `pulumi state unprotect`: the next `up` then deletes the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from components.shared.groups import Namespace
from components.shared.mistakes import NAMESPACE, Mistake
from components.shared.objects import PlannedObject
from components.shared.state import ObjectKey

Kept = Mapping[ObjectKey, str]
"""The system of each object that the stack keeps."""


def dropped(absent: Iterable[str], kept: Kept) -> Iterator[Mistake]:
    """Systems that are no longer in the config."""
    for system in sorted(absent):
        if objects := _listed(key for key, owner in kept.items() if owner == system):
            yield Mistake(
                system,
                f"is no longer in the config, but the stack keeps its data: {objects}",
                "Restore it. docs/data.md#letting-go says how to delete it, and how to keep it without this stack.",
            )


def disowned(paths: Mapping[str, str], planned: Sequence[PlannedObject], kept: Kept) -> Iterator[Mistake]:
    """Namespaces that the stack created, and now only uses. `paths` are the config paths of namespaces."""
    created = {item.key for item in planned}
    for name, path in paths.items():
        if ("", "Namespace", name) in kept and ("Namespace", name) not in created:
            problem = f"is false, but the stack created namespace {name} and keeps it"
            yield Mistake(f"{path}.create", problem, "Remove the setting.", NAMESPACE)


def left_behind(settings: Namespace, path: str, system: str, kept: Kept) -> Iterator[Mistake]:
    """Why a system with one namespace cannot move to another: what is kept in the old one cannot come along."""
    own = [key for key, owner in kept.items() if owner == system]
    for home in sorted({_home(key) for key in own} - {settings.name}):
        objects = _listed(key for key in own if _home(key) == home)
        yield Mistake(
            f"{path}.name",
            f"is {settings.name}, but the stack keeps data in namespace {home}: {objects}",
            f"Write {home}. docs/data.md#letting-go says how to begin anew in another namespace.",
            NAMESPACE,
        )


def _home(key: ObjectKey) -> str:
    namespace, kind, name = key
    return name if kind == "Namespace" else namespace


def _listed(keys: Iterable[ObjectKey]) -> str:
    return ", ".join(sorted(f"{kind}/{name}" for _, kind, name in keys))
