"""What the Kubernetes cluster itself says against a stack config, found before anything is changed.

The checks only read, except for access reviews, which change nothing. What you may not read is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pydantic import BaseModel

from components.registry import SYSTEMS
from components.shared.inventory import Inventory, owner
from components.shared.kube import ApiError, KubernetesApi, Unreachable
from components.shared.mistakes import ConfigError, Mistake
from components.shared.objects import PlannedObject
from components.shared.passwords import plain_fingerprint
from components.shared.rights import Right, missing_rights, needed_rights
from components.shared.target import connect, context
from components.stack import StackConfig
from components.system import Inventories, System

REACH_TIMEOUT: Final = 10.0
"""Seconds for the first answer of the API server."""


@dataclass(frozen=True)
class Preflight:
    """A Kubernetes cluster that was found fit for the stack."""

    api: KubernetesApi
    inventories: Inventories


def preflight(stack: StackConfig, *, dry_run: bool) -> Preflight:
    """Check the stack against its Kubernetes cluster. A preview (`dry_run`) needs no right to change anything.

    Raises ConfigError with every objection, Unreachable when no cluster answers.
    """
    api = _reach(stack)
    inventories: dict[str, Inventory] = {}
    mistakes: list[Mistake] = []
    rights: list[Right] = []
    for system, settings in _systems(stack):
        planned = system.objects(settings, plain_fingerprint)
        for namespace in system.namespaces(settings):
            if namespace not in inventories:
                inventories[namespace] = Inventory.read(api, namespace, stack.owner)
        mistakes += _foreign(system.key, planned, inventories, stack)
        mistakes += system.objections(settings, inventories)
        rights += needed_rights(item.manifest for item in planned)
    if not dry_run:
        mistakes += _missing(api, rights)
    if mistakes:
        raise ConfigError(mistakes)
    for system, settings in _systems(stack):
        for concern in system.concerns(settings, inventories):
            pulumi.log.warn(concern)
    return Preflight(api, inventories)


def _systems(stack: StackConfig) -> Iterator[tuple[System[Any], BaseModel]]:
    return ((SYSTEMS[key], settings) for key, settings in stack.systems.items())


def _reach(stack: StackConfig) -> KubernetesApi:
    try:
        api = connect(stack.target)
        api.request("GET", "/version", timeout=REACH_TIMEOUT)
    except Unreachable as error:
        remedy = (
            "Start it with `make cluster-up`"
            if stack.target.embedded
            else "Correct `kubernetes.context` in the stack file, or the kubeconfig"
        )
        raise Unreachable(f"kubernetes: {error}. {remedy}. Nothing was changed.") from error
    except ApiError as error:
        raise Unreachable(
            f"kubernetes: the API server of context {context(stack.target)!r} rejects the request: {error}. "
            "Log in again. Nothing was changed."
        ) from error
    return api


def _foreign(key: str, planned: list[PlannedObject], inventories: Inventories, stack: StackConfig) -> Iterator[Mistake]:
    """Objects of somebody else under a name that the stack needs: it would overwrite them."""
    foreign: dict[tuple[str, str], list[str]] = {}
    for item in planned:
        kind, name = item.key
        namespace = item.manifest["metadata"].get("namespace", "")
        inventory = inventories.get(namespace)
        existing = (inventory.of(kind) or {}).get(name) if inventory else None
        if inventory and existing and not inventory.is_ours(existing):
            foreign.setdefault((namespace, owner(existing)), []).append(f"{kind}/{name}")
    for (namespace, who), found in foreign.items():
        remedy = "Choose another namespace: object names are fixed, so a namespace holds one cluster of each system."
        if who.startswith("stack "):
            renamed = who.removeprefix("stack ")
            remedy += f" If you renamed that stack to {stack.name}, set kubernetes.owner to {renamed} instead."
        yield Mistake(
            f"{key}.namespace.name",
            f"namespace {namespace} already contains objects of {who}: {', '.join(sorted(found))}",
            remedy,
        )


def _missing(api: KubernetesApi, rights: list[Right]) -> Iterator[Mistake]:
    for namespace, lacking in missing_rights(api, rights).items():
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        what = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in lacking.items())
        yield Mistake(
            "kubernetes",
            f"your user lacks rights {where}: {what}",
            "Request them (docs/rights.md contains the role), or name another context.",
        )
