"""Checks a stack config against its Kubernetes cluster, before anything changes.

The checks only read, except for access reviews, which change nothing. What you may not read is not checked. Then
objects whose creation was not recorded are prepared, so that they can be written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from components.registry import SYSTEMS
from components.shared import capacity, kept
from components.shared.inventory import HELM, owner
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi, Unreachable
from components.shared.manifest import Manifest
from components.shared.mistakes import FOREIGN, MISSING_RIGHT, ConfigError, Mistake
from components.shared.objects import Key, PlannedObject
from components.shared.passwords import plain_fingerprint
from components.shared.rights import Right, missing_rights, needed_rights, preview_rights
from components.shared.state import ObjectKey, State, read_state
from components.shared.survey import Named, Survey, survey
from components.shared.target import connect, context
from components.stack import StackConfig

REACH_TIMEOUT: Final = 10.0
"""Seconds for the first answer of the API server."""


@dataclass(frozen=True)
class Preflight:
    """A Kubernetes cluster that was found fit for the stack."""

    api: KubernetesApi
    survey: Survey


@dataclass(frozen=True)
class Verdict:
    """Reasons against a stack on this cluster, apart from missing rights."""

    survey: Survey
    mistakes: tuple[Mistake, ...]
    concerns: tuple[str, ...]
    """What deserves a warning."""
    shortages: tuple[str, ...]
    """What the nodes can never hold."""
    rights: tuple[Right, ...]
    """What `up` has to be allowed."""
    preview_rights: tuple[Right, ...]
    """Without these, a preview does not see what exists."""
    repeated: tuple[tuple[str, list[Key]], ...]
    """Objects, by namespace, that a create left whose answer was lost."""


def preflight(stack: StackConfig, *, dry_run: bool) -> Preflight:
    """Check the stack against its Kubernetes cluster. A preview (`dry_run`) needs no right to change anything.

    Raises ConfigError with every objection, Unreachable when no cluster answers.
    """
    # Imported here: the SDK takes a second, and `ops doctor --before` does not need it.
    import pulumi

    api = _reach(stack)
    found = judge(stack, api, read_state())
    mistakes = [*found.mistakes, *(() if dry_run else lacking_rights(api, found.rights))]
    if mistakes:
        raise ConfigError(mistakes)
    if not dry_run:
        for namespace, objects in found.repeated:
            _release(api, namespace, objects)
    unseen = _unseen(api, found.preview_rights) if dry_run else ()
    for concern in (*unseen, *found.concerns, *found.shortages):
        pulumi.log.warn(concern)
    return Preflight(api, found.survey)


def judge(stack: StackConfig, api: KubernetesApi, state: State) -> Verdict:
    """Every reason against the stack on this cluster. Only reads."""
    systems = [(SYSTEMS[key], settings) for key, settings in stack.systems.items()]
    found = survey(api, namespaces(stack), state, named(stack))
    alive = _alive(state, found)
    mistakes = [
        *_another_cluster(stack, state, found, alive),
        *kept.dropped(SYSTEMS.keys() - stack.systems.keys(), state.kept),
    ]
    manifests: list[Manifest] = []
    more: list[Right] = []
    repeated: list[tuple[str, list[Key]]] = []
    shortages: list[str] = []
    for system, settings in systems:
        planned = system.objects(settings, plain_fingerprint, found)
        paths = system.namespaces(settings)
        mistakes += kept.disowned(paths, planned, state.kept)
        lost = False
        unknown = _unknown(planned, found)
        for (namespace, who), objects in unknown.items():
            if who != f"stack {stack.name}":
                mistakes.append(_foreign(paths[namespace], namespace, who, objects))
            elif any(place == namespace for place, _, _ in alive):
                # A living object in the state shows that the state was not lost. Then one with the label of this stack
                # comes from a create whose answer was lost, as when the API server restarts.
                repeated.append((namespace, objects))
            else:
                lost = True
                mistakes.append(_forgotten(paths[namespace], namespace, objects, stack))
        # The first create of all, whose answer was lost.
        alone = _alone(planned, found, stack) - {namespace for namespace, _ in unknown}
        repeated += (("", [("Namespace", namespace)]) for namespace in sorted(alone))
        # If the state is lost, the namespace is not somebody else's.
        mistakes += [
            mistake
            for mistake in system.objections(settings, found)
            if mistake.path not in {f"{path}.create" for name, path in paths.items() if lost or name in alone}
        ]
        manifests += (item.manifest for item in planned)
        more += system.rights(settings)
        if found.nodes and not capacity.autoscaler(found.nodes):
            pods = system.pods(settings, planned)
            shortages += (f"{system.key}: {sentence}." for _, sentence in capacity.shortages(pods, found.nodes))
            shortages += (f"{system.key}: {sentence}." for sentence in capacity.large_images(pods, found.nodes))
    concerns = [*_deleted(state, found), *(each for one, two in systems for each in one.concerns(two, found))]
    return Verdict(
        found,
        tuple(mistakes),
        tuple(concerns),
        tuple(shortages),
        rights=tuple(dict.fromkeys([*needed_rights(manifests), *more])),
        preview_rights=tuple(preview_rights(manifests)),
        repeated=tuple(repeated),
    )


def namespaces(stack: StackConfig) -> list[str]:
    """The namespaces of the stack, each once."""
    every = (name for key, settings in stack.systems.items() for name in SYSTEMS[key].namespaces(settings))
    return list(dict.fromkeys(every))


def named(stack: StackConfig) -> list[Named]:
    """The objects of other namespaces that the stack names."""
    return [wanted for key, settings in stack.systems.items() for wanted in SYSTEMS[key].named(settings)]


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


def _alive(state: State, found: Survey) -> frozenset[ObjectKey]:
    """The objects of the state that still exist: the very ones, and not others with the same names."""
    here = {
        (namespace, kind, name): item["metadata"].get("uid")
        for namespace, inventory in found.inventories.items()
        for kind, objects in inventory.objects.items()
        for name, item in (objects or {}).items()
    }
    return frozenset(key for key, uid in state.uids.items() if here.get(key) == uid)


def _unknown(planned: list[PlannedObject], found: Survey) -> dict[tuple[str, str], list[Key]]:
    """Objects that exist under a name that the stack needs, but are not in its state, by namespace and owner."""
    unknown: dict[tuple[str, str], list[Key]] = {}
    for item in planned:
        kind, name = item.key
        namespace = item.manifest["metadata"].get("namespace", "")
        inventory = found.inventories.get(namespace)
        existing = (inventory.of(kind) or {}).get(name) if inventory else None
        if inventory and existing and not inventory.is_ours(kind, name):
            unknown.setdefault((namespace, owner(existing)), []).append(item.key)
    return unknown


def _alone(planned: list[PlannedObject], found: Survey, stack: StackConfig) -> AbstractSet[str]:
    """Namespaces that the stack creates, and that have its label without being in its state."""
    return {
        name
        for kind, name in (item.key for item in planned)
        if kind == "Namespace"
        and (inventory := found.inventories.get(name))
        and inventory.namespace
        and not inventory.is_ours(kind, name)
        and owner(inventory.namespace) == f"stack {stack.name}"
    }


def _foreign(path: str, namespace: str, who: str, objects: list[Key]) -> Mistake:
    """The program would overwrite these objects. `path` is the config path of the namespace."""
    return Mistake(
        f"{path}.name",
        f"namespace {namespace} already contains objects of {who}: {_listed(objects)}",
        "Choose another namespace: object names are fixed, so a namespace holds one cluster of each system."
        + (" Or take the release over (docs/adopt.md)." if who.startswith(HELM) else ""),
        FOREIGN,
    )


def _forgotten(path: str, namespace: str, objects: list[Key], stack: StackConfig) -> Mistake:
    """The state of this stack was lost, or belongs to a run that ended before it was written."""
    return Mistake(
        f"{path}.name",
        f"namespace {namespace} contains objects of this stack that are missing from its state: {_listed(objects)}",
        "If a run was interrupted, run `make up`, which takes them over. If the state was lost, "
        f"`python -m ops adopt --stack {stack.name}` rebuilds it (docs/adopt.md).",
        FOREIGN,
    )


def _listed(objects: list[Key]) -> str:
    return ", ".join(sorted(map("/".join, objects)))


def _release(api: KubernetesApi, namespace: str, objects: list[Key]) -> None:
    """Take their fields from the manager that made these objects.

    The provider invents a name for each object that it creates. With two managers, a changed field would be a conflict,
    and a dropped one would stay.
    """
    nobody: Json = {"metadata": {"managedFields": [{}]}}
    for kind, name in objects:
        path = f"{RESOURCES[kind].path(namespace or None)}/{name}"
        api.request("PATCH", path, nobody, content_type="application/merge-patch+json")


def _another_cluster(
    stack: StackConfig, state: State, found: Survey, alive: AbstractSet[ObjectKey]
) -> Iterator[Mistake]:
    """The state describes objects, and not one of them exists here."""
    readable = [
        (namespace, kind, name)
        for namespace, kind, name in state.uids
        if (inventory := found.inventories.get(namespace)) and inventory.of(kind) is not None
    ]
    if readable and not alive:
        yield Mistake(
            "kubernetes.context",
            f"{context(stack.target)} points to a cluster that contains none of the {len(readable)} objects of this "
            "stack",
            "Name the cluster that the stack was deployed to, or use another stack for this one. If the objects were "
            "deleted by hand, run `pulumi refresh`.",
        )


def _deleted(state: State, found: Survey) -> Iterator[str]:
    """Pulumi compares a config with its state alone: it would call these objects unchanged, or fail to update them."""
    for namespace, inventory in found.inventories.items():
        gone = sorted(
            f"{kind}/{name}"
            for place, kind, name in state.uids
            if place == namespace and (objects := inventory.of(kind)) is not None and name not in objects
        )
        if gone:
            yield (
                f"Somebody deleted objects of this stack in namespace {namespace}: {', '.join(gone)}. "
                "Run `pulumi refresh`; the next `up` then creates them again."
            )


def lacking_rights(api: KubernetesApi, rights: Iterable[Right]) -> Iterator[Mistake]:
    """The rights that the present user lacks; access reviews tell, and they change nothing."""
    for where, what in _lacking(api, rights):
        yield Mistake(
            "kubernetes",
            f"your user lacks rights {where}: {what}",
            "Request them (`python -m ops rights` prints the role), or name another context.",
            MISSING_RIGHT,
        )


def _unseen(api: KubernetesApi, rights: Iterable[Right]) -> Iterator[str]:
    for where, what in _lacking(api, rights):
        yield (
            f"kubernetes: your user lacks rights {where}: {what}. What exists there was not checked. "
            "`python -m ops rights --preview` prints the role for previews."
        )


def _lacking(api: KubernetesApi, rights: Iterable[Right]) -> Iterator[tuple[str, str]]:
    for namespace, lacking in missing_rights(api, rights).items():
        where = f"in namespace {namespace}" if namespace else "in the whole cluster"
        yield where, "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in lacking.items())
