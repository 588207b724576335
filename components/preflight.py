"""What the Kubernetes cluster itself says against a stack config, found before anything is changed.

The checks only read, except for access reviews, which change nothing. What you may not read is not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.registry import SYSTEMS
from components.shared.inventory import owner
from components.shared.kube import ApiError, KubernetesApi, Unreachable
from components.shared.mistakes import ConfigError, Mistake
from components.shared.objects import PlannedObject
from components.shared.passwords import plain_fingerprint
from components.shared.rights import Right, missing_rights, needed_rights
from components.shared.state import State, read_state
from components.shared.survey import Survey, survey
from components.shared.target import connect, context
from components.stack import StackConfig

LOST: Final = "that its state does not know"
REACH_TIMEOUT: Final = 10.0
"""Seconds for the first answer of the API server."""


@dataclass(frozen=True)
class Preflight:
    """A Kubernetes cluster that was found fit for the stack."""

    api: KubernetesApi
    survey: Survey


def preflight(stack: StackConfig, *, dry_run: bool) -> Preflight:
    """Check the stack against its Kubernetes cluster. A preview (`dry_run`) needs no right to change anything.

    Raises ConfigError with every objection, Unreachable when no cluster answers.
    """
    api = _reach(stack)
    systems = [(SYSTEMS[key], settings) for key, settings in stack.systems.items()]
    namespaces = [namespace for system, settings in systems for namespace in system.namespaces(settings)]
    state = read_state()
    found = survey(api, list(dict.fromkeys(namespaces)), state)
    mistakes = list(_another_cluster(stack, state, found))
    rights: list[Right] = []
    for system, settings in systems:
        planned = system.objects(settings, plain_fingerprint, found)
        paths = system.namespaces(settings)
        foreign = list(_foreign(paths, planned, found, stack))
        lost = any(LOST in mistake.problem for mistake in foreign)
        mistakes += foreign
        # With a lost state the namespace is in nobody else's hands.
        mistakes += [
            mistake
            for mistake in system.objections(settings, found)
            if not (lost and mistake.path in {f"{path}.create" for path in paths.values()})
        ]
        rights += needed_rights(item.manifest for item in planned)
    if not dry_run:
        mistakes += _missing(api, rights)
    if mistakes:
        raise ConfigError(mistakes)
    for system, settings in systems:
        for concern in system.concerns(settings, found):
            pulumi.log.warn(concern)
    return Preflight(api, found)


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


def _foreign(
    paths: Mapping[str, str], planned: list[PlannedObject], found: Survey, stack: StackConfig
) -> Iterator[Mistake]:
    """Objects that exist under a name that the stack needs, but are not in its state: it would overwrite them."""
    foreign: dict[tuple[str, str], list[str]] = {}
    for item in planned:
        kind, name = item.key
        namespace = item.manifest["metadata"].get("namespace", "")
        inventory = found.inventories.get(namespace)
        existing = (inventory.of(kind) or {}).get(name) if inventory else None
        if inventory and existing and not inventory.is_ours(kind, name):
            foreign.setdefault((namespace, owner(existing)), []).append(f"{kind}/{name}")
    for (namespace, who), objects in foreign.items():
        listed = ", ".join(sorted(objects))
        if who == f"stack {stack.name}":
            yield Mistake(
                f"{paths[namespace]}.name",
                f"namespace {namespace} contains objects of this stack {LOST}: {listed}",
                "If a run was interrupted, run `make up`, which takes them over. If the state was lost, "
                "docs/data.md says how to bring it back.",
            )
        else:
            yield Mistake(
                f"{paths[namespace]}.name",
                f"namespace {namespace} already contains objects of {who}: {listed}",
                "Choose another namespace: object names are fixed, so a namespace holds one cluster of each system.",
            )


def _another_cluster(stack: StackConfig, state: State, found: Survey) -> Iterator[Mistake]:
    """The state describes objects, and not one of them exists here."""
    here = {
        (namespace, kind, name): item["metadata"].get("uid")
        for namespace, inventory in found.inventories.items()
        for kind, objects in inventory.objects.items()
        for name, item in (objects or {}).items()
    }
    readable = {
        key: uid
        for key, uid in state.uids.items()
        if (inventory := found.inventories.get(key[0])) and inventory.of(key[1]) is not None
    }
    if readable and not any(here.get(key) == uid for key, uid in readable.items()):
        yield Mistake(
            "kubernetes.context",
            f"{context(stack.target)} leads to a cluster that contains none of the {len(readable)} objects of this "
            "stack",
            "Name the cluster that the stack was deployed to, or use another stack for this one. If the objects were "
            "deleted by hand, run `pulumi refresh`.",
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
