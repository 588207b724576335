"""Which objects of a cluster a stack may take over: its own, or those of one Helm release."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from components.preflight import named
from components.registry import SYSTEMS
from components.shared.inventory import HELM, NOBODY, NOT_LISTED, Inventory, owner
from components.shared.kube import RESOURCES, Json, KubernetesApi
from components.shared.manifest import KEPT, STACK
from components.shared.mistakes import ConfigError, Mistake
from components.shared.objects import Key
from components.shared.passwords import plain_fingerprint
from components.shared.state import ObjectKey, State
from components.shared.survey import Survey, survey
from components.stack import StackConfig
from components.system import System
from ops.adopt import helm_release
from ops.adopt.helm_release import Release
from ops.errors import CommandError


class Belongings(NamedTuple):
    """What belongs to a stack whose state does not know it."""

    survey: Survey
    """What the program would see of the cluster with the state."""
    objects: frozenset[ObjectKey]
    release: Release | None
    """The Helm release that owns the objects; None if the state was lost."""


def identify(api: KubernetesApi, stack: StackConfig) -> Belongings:
    """Find the objects of the stack.

    Raises ConfigError where objects are in other hands, or where the program would refuse the cluster with them, and
    CommandError if there are none.
    """
    systems = [(SYSTEMS[key], settings) for key, settings in stack.systems.items()]
    namespaces = {name: path for system, settings in systems for name, path in system.namespaces(settings).items()}
    before = survey(api, list(namespaces), State(), named(stack))
    everything = dict(_everything(before))
    own = {key: item for key, item in everything.items() if _labels(item).get(STACK) == stack.name}
    kept = {key: _labels(item)[KEPT] for key, item in own.items() if KEPT in _labels(item)}
    wanted = _wanted(api, systems, dataclasses.replace(before, kept=kept), everything)
    owners = {key: owner(item) for key, item in wanted.items()}
    helm = sorted(namespace for (namespace, _, _), who in owners.items() if who.startswith(HELM))
    release = helm_release.read(api, helm[0]) if helm else None
    allowed = {f"stack {stack.name}", *([f"{HELM}{release.name}"] if release else [])}
    if foreign := _foreign(owners, allowed):
        raise ConfigError(_mistakes(namespaces, stack, foreign))
    if not owners:
        raise CommandError(
            f"Nothing of stack {stack.name} exists in namespace {', '.join(namespaces)}, so there is nothing to take "
            "over. Check `namespace.name` and `kubernetes.context` in the stack file; for a new stack, run `pulumi up`."
        )
    state = State({key: item["metadata"]["uid"] for key, item in {**own, **wanted}.items()}, kept)
    found = dataclasses.replace(
        before,
        inventories={
            name: dataclasses.replace(inventory, owned=state.owned(name))
            for name, inventory in before.inventories.items()
        },
        kept=kept,
    )
    if mistakes := [mistake for system, settings in systems for mistake in system.objections(settings, found)]:
        raise ConfigError(mistakes)
    return Belongings(found, frozenset(wanted), release)


def _wanted(
    api: KubernetesApi, systems: list[tuple[System[Any], Any]], found: Survey, everything: Mapping[ObjectKey, Json]
) -> dict[ObjectKey, Json]:
    """The objects that exist under names that the stack needs."""
    wanted: dict[ObjectKey, Json] = {}
    for system, settings in systems:
        for planned in system.objects(settings, plain_fingerprint, found):
            kind, name = planned.key
            namespace = planned.manifest["metadata"].get("namespace", "")
            item = everything.get((namespace, kind, name))
            if item is None and kind in NOT_LISTED and kind != "Namespace":
                item = api.get(f"{RESOURCES[kind].path(namespace or None)}/{name}")
            if item is not None:
                wanted[namespace, kind, name] = item
    return wanted


def _everything(found: Survey) -> Iterator[tuple[ObjectKey, Json]]:
    for name, inventory in found.inventories.items():
        if inventory.namespace:
            yield ("", "Namespace", name), inventory.namespace
        yield from _inside(name, inventory)


def _inside(namespace: str, inventory: Inventory) -> Iterator[tuple[ObjectKey, Json]]:
    for kind, objects in inventory.objects.items():
        for name, item in (objects or {}).items():
            if item["metadata"].get("namespace"):
                yield (namespace, kind, name), item


def _labels(item: Json) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _foreign(owners: Mapping[ObjectKey, str], allowed: set[str]) -> dict[tuple[str, str], list[Key]]:
    """Objects in other hands, by namespace and owner."""
    inhabited = {namespace for (namespace, _, _), who in owners.items() if who in allowed}
    foreign: dict[tuple[str, str], list[Key]] = {}
    for (namespace, kind, name), who in owners.items():
        # Next to objects of the stack or release: MJS's controller and administrators create Secrets without labels.
        if who not in allowed and not (kind == "Secret" and who == NOBODY and namespace in inhabited):
            foreign.setdefault((namespace, who), []).append((kind, name))
    return foreign


def _mistakes(
    paths: Mapping[str, str], stack: StackConfig, foreign: Mapping[tuple[str, str], list[Key]]
) -> Iterator[Mistake]:
    for (namespace, who), objects in foreign.items():
        listed = ", ".join(sorted(map("/".join, objects)))
        where = f"namespace {namespace}" if namespace else "the cluster"
        yield Mistake(
            f"{paths[namespace]}.name" if namespace in paths else "kubernetes.context",
            f"{where} contains objects of {who} under names that stack {stack.name} needs: {listed}",
            "Only objects of this stack or of one Helm release are taken over. Delete these, or choose another "
            "namespace.",
        )
