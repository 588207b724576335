"""Rules about the settings that every group of pods has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from components.shared import kubernetes_types, node_affinity, reserved_keys
from components.shared.mistakes import Mistake, dotted, no_effect
from components.shared.pod_settings import LabelledPods, Pods


class Owned(NamedTuple):
    """Keys of labels and annotations that the program, or a controller in the cluster, sets itself."""

    labels: frozenset[str]
    annotations: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def with_common(self) -> Owned:
        """With those of every system."""
        return Owned(self.labels | {"app"} | reserved_keys.OF_WORKLOADS, self.annotations, (*self.prefixes, *_PREFIXES))


_PREFIXES = ("checksum/", "clusters.pulumi/")


def mistakes(settings: BaseModel, system: str, owned: Owned) -> Iterator[Mistake]:
    """What is wrong in any group of pods. `system` is the key of the settings in a stack file."""
    owned = owned.with_common()
    for steps, group in groups(settings, system):
        yield from _reserved(group.annotations, owned.annotations, owned.prefixes, *steps, "annotations")
        if isinstance(group, LabelledPods):
            yield from _reserved(group.labels, owned.labels, owned.prefixes, *steps, "labels")
        if group.affinity:
            wrong = [*kubernetes_types.mistakes("Affinity", group.affinity, *steps, "affinity")]
            selector = getattr(group, "node_selector", {})
            yield from wrong or node_affinity.contradictions(selector, group.affinity, *steps, "affinity")
        yield from _spread(group, *steps, "topologySpreadConstraints")


def groups(value: object, *at: str | int) -> Iterator[tuple[tuple[str | int, ...], Pods]]:
    """Every group of pods in the settings, with its place."""
    if isinstance(value, Pods):
        yield at, value
    members: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        members = ((field.alias or name, getattr(value, name)) for name, field in fields)
    elif isinstance(value, tuple):
        members = enumerate(value)
    elif isinstance(value, dict):
        members = value.items()
    for step, member in members:
        if isinstance(member, (BaseModel, tuple, dict)):
            yield from groups(member, *at, step)


def _reserved(
    given: Mapping[str, str], owned: frozenset[str], prefixes: tuple[str, ...], *at: str | int
) -> Iterator[Mistake]:
    for key in given:
        if key in owned or key.startswith(prefixes):
            yield Mistake(dotted((*at, key)), "is set by the program, or by a controller in the cluster", "Remove it.")
        elif owner := reserved_keys.owner(key):
            yield Mistake(dotted((*at, key)), f"is a key {owner}", "Remove it.")
        elif reason := reserved_keys.WITHOUT_EFFECT.get(key):
            yield no_effect(dotted((*at, key)), reason)


def _spread(group: Pods, *at: str | int) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for index, constraint in enumerate(group.topology_spread_constraints):
        yield from kubernetes_types.mistakes("TopologySpreadConstraint", constraint, *at, index)
        # kubernetes pkg/apis/core/validation, validateTopologySpreadConstraints
        pair = str(constraint.get("topologyKey")), str(constraint.get("whenUnsatisfiable"))
        if pair in seen:
            yield Mistake(
                dotted((*at, index)),
                f"has topologyKey {pair[0]} and whenUnsatisfiable {pair[1]}, as another one has",
                "Write one constraint of this kind.",
            )
        seen.add(pair)
