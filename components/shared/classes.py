"""Classes that pods name. Without them, Kubernetes creates no pod, and often only a controller's log says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from pydantic import BaseModel

from components.shared import existing
from components.shared.config_paths import below, dotted
from components.shared.inventory import Inventory
from components.shared.mistakes import Mistake
from components.shared.pod_settings import Pods
from components.shared.rules_pods import groups


def of_groups(settings: BaseModel, system: str, inventory: Inventory) -> Iterator[Mistake]:
    """Classes that no group of pods in the settings of a system finds."""
    for steps, group in groups(settings, system):
        yield from missing(group, partial(below, dotted(steps)), inventory)


def missing(group: Pods, path: Callable[[str], str], inventory: Inventory) -> Iterator[Mistake]:
    """Classes of a group of pods that the cluster does not have; `path` is from a setting of the group to its place."""
    named = (
        ("priorityClass", "PriorityClass", group.priority_class),
        ("runtimeClass", "RuntimeClass", group.runtime_class),
    )
    for setting, kind, name in named:
        if name is not None:
            yield from existing.missing(kind, [(path(setting), name)], "", inventory)
