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
    """Classes that no group of pods in the settings of a system can use."""
    for steps, group in groups(settings, system):
        yield from objections(group, partial(below, dotted(steps)), inventory)


def objections(group: Pods, path: Callable[[str], str], inventory: Inventory) -> Iterator[Mistake]:
    """Classes that the cluster does not have, or that contradict the group of pods.

    `path` is from a setting of the group to its place.
    """
    named = (
        ("priorityClass", "PriorityClass", group.priority_class),
        ("runtimeClass", "RuntimeClass", group.runtime_class),
    )
    for setting, kind, name in named:
        if name is not None:
            yield from existing.missing(kind, [(path(setting), name)], "", inventory)
    found = (inventory.of("RuntimeClass") or {}).get(group.runtime_class or "", {})
    # The API server merges both selectors: kubernetes plugin/pkg/admission/runtimeclass, setScheduling
    required = (found.get("scheduling") or {}).get("nodeSelector") or {}
    for label, value in getattr(group, "node_selector", {}).items():
        if (other := required.get(label, value)) != value:
            yield Mistake(
                path("nodeSelector"),
                f"requires {label}: {value}, but RuntimeClass {group.runtime_class} requires {label}: {other}",
                "Remove one of them: Kubernetes rejects the pods.",
            )
