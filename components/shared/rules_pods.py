"""Rules about the settings that every group of pods has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from components.shared import kubernetes_types, placement, pod_annotations, reserved_keys
from components.shared.groups import Namespace
from components.shared.instances import instances
from components.shared.mistakes import Mistake, dotted, no_effect
from components.shared.placement import Certain
from components.shared.pod_settings import LabelledPods, Pods
from components.shared.selectors import met, requirements


class Owned(NamedTuple):
    """Keys of labels and annotations that the program, or a controller in the cluster, sets itself."""

    labels: frozenset[str]
    annotations: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def with_common(self) -> Owned:
        """With those of every system."""
        return Owned(self.labels | {"app"} | reserved_keys.OF_WORKLOADS, self.annotations, (*self.prefixes, *_PREFIXES))


NOTHING_MORE: Mapping[str, Mapping[str, Certain]] = {}
_PREFIXES = ("checksum/", "clusters.pulumi/")


def mistakes(
    settings: BaseModel,
    system: str,
    owned: Owned,
    containers: Mapping[str, str],
    certain: Mapping[str, Mapping[str, Certain]] = NOTHING_MORE,
) -> Iterator[Mistake]:
    """What is wrong in any group of pods. `system` is the key of the settings in a stack file.

    `containers` has, by the path of each group, the name of its only container; empty if its pods have containers of
    different names. `certain` has what more is certain about its nodes than its own node selector says.
    """
    owned = owned.with_common()
    levels = {namespace.pod_security for _, namespace in instances(Namespace, settings) if namespace.create}
    privileged = levels <= {"privileged"}
    for steps, group in groups(settings, system):
        yield from _reserved(group.annotations, owned.annotations, owned.prefixes, *steps, "annotations")
        container = containers[dotted(steps)]
        yield from _annotations(group.annotations, container, *steps, "annotations", privileged=privileged)
        if isinstance(group, LabelledPods):
            yield from _reserved(group.labels, owned.labels, owned.prefixes, *steps, "labels")
        if group.affinity:
            wrong = [*kubernetes_types.mistakes("Affinity", group.affinity, *steps, "affinity")]
            own = placement.selected(getattr(group, "node_selector", {}))
            nodes = {**placement.LINUX, **certain.get(dotted(steps), {}), **own}
            wrong = wrong or [
                *placement.contradictions(nodes, group.affinity, *steps, "affinity"),
                *placement.opposites(group.affinity, *steps, "affinity"),
            ]
            yield from wrong
        yield from _spread(group, *steps, "topologySpreadConstraints")


def groups(settings: BaseModel, system: str) -> Iterator[tuple[tuple[str | int, ...], Pods]]:
    """Every group of pods in the settings, with its place."""
    return instances(Pods, settings, system)


def _reserved(
    given: Mapping[str, str], owned: frozenset[str], prefixes: tuple[str, ...], *at: str | int
) -> Iterator[Mistake]:
    for key in given:
        if key in owned or key.startswith(prefixes):
            yield Mistake(dotted((*at, key)), "is set by the program, or by a controller in the cluster", "Remove it.")
        elif owner := reserved_keys.owner(key):
            yield Mistake(dotted((*at, key)), f"is a key {owner}", "Remove it.")
        elif reason := reserved_keys.ignored(key):
            yield no_effect(dotted((*at, key)), reason)
        elif reason := pod_annotations.in_the_wrong_place(key, str(at[-1])):
            yield no_effect(dotted((*at, key)), reason, "Move it.")


def _annotations(given: Mapping[str, str], container: str, *at: str | int, privileged: bool) -> Iterator[Mistake]:
    for key, value in given.items():
        if found := pod_annotations.mistaken_value(key, value, container=container, privileged=privileged):
            yield Mistake(dotted((*at, key)), *found)


def warnings(settings: BaseModel, system: str) -> Iterator[str]:
    """Labels and annotations of pods that work, but hardly as they are meant."""
    for steps, group in groups(settings, system):
        for part in ("labels", "annotations"):
            for key, reason in pod_annotations.warnings(getattr(group, part, {})):
                yield f"{dotted((*steps, part, key))}: {reason}"


def _spread(group: Pods, *at: str | int) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for index, constraint in enumerate(group.topology_spread_constraints):
        yield from kubernetes_types.mistakes("TopologySpreadConstraint", constraint, *at, index)
        # kubernetes pkg/apis/core/validation, validateTopologySpreadConstraints
        pair = str(constraint.get("topologyKey")), str(constraint.get("whenUnsatisfiable"))
        if pair in seen:
            yield Mistake(
                dotted((*at, index)),
                f"has the same topologyKey, {pair[0]}, and whenUnsatisfiable, {pair[1]}, as another constraint",
                "Keep one of them.",
            )
        seen.add(pair)


def not_spread(group: Pods, own: Mapping[str, str], path: str, owned: Owned) -> Iterator[str]:
    """Warnings of constraints that do not count the pods themselves. `own` are the labels that the program gives them.

    Kubernetes allows it (https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints).
    """
    labels = group.metadata(own)["labels"]
    for index, constraint in enumerate(group.topology_spread_constraints):
        if not _selected(constraint.get("labelSelector") or {}, labels, owned):
            shown = ", ".join(f"{key}: {value}" for key, value in sorted(labels.items()))
            yield (
                f"{path}[{index}].labelSelector: does not select the pods themselves, so Kubernetes does not spread "
                f"them. Write labels that they have: {shown}."
            )


def _selected(selector: Mapping[str, Any], labels: Mapping[str, str], owned: Owned) -> bool:
    # Controllers add the other labels, with values that are unknown here.
    added = owned.labels | reserved_keys.OF_WORKLOADS
    return all(
        requirement["key"] in added
        or requirement["key"].startswith(owned.prefixes or "/")
        or met(requirement, labels.get(requirement["key"]))
        for requirement in requirements(selector)
    )
