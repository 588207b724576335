"""What a stack consists of, and what it has in each of its namespaces, if nobody has changed anything there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from components.registry import SYSTEMS
from components.shared.demand import PodGroup
from components.shared.objects import PlannedObject
from components.shared.passwords import plain_fingerprint
from components.shared.survey import NOTHING
from components.stack import StackConfig


class PlannedNamespace(NamedTuple):
    """One system in one namespace."""

    system: str
    """Its key in a stack file."""
    settings: BaseModel
    name: str
    """Name of the namespace."""
    objects: list[PlannedObject]
    """The objects in it, without the namespace itself."""
    pods: list[PodGroup]
    """The pods that run there at most."""


def planned_objects(stack: StackConfig) -> Iterator[PlannedObject]:
    """Every object of a stack, in the order of deployment."""
    for key, settings in stack.systems.items():
        yield from SYSTEMS[key].objects(settings, plain_fingerprint, NOTHING)


def planned_namespaces(stack: StackConfig) -> Iterator[PlannedNamespace]:
    """Every namespace of a stack, in the order of deployment."""
    for key, settings in stack.systems.items():
        system = SYSTEMS[key]
        objects = system.objects(settings, plain_fingerprint, NOTHING)
        pods = system.pods(settings, objects)
        for name in system.namespaces(settings):
            inside = [item for item in objects if item.manifest["metadata"].get("namespace") == name]
            yield PlannedNamespace(key, settings, name, inside, [group for group in pods if group.namespace == name])
