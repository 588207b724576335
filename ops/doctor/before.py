"""What would go wrong if the stack were deployed now: the preflight of `pulumi up`, and limits of its namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from components.preflight import judge, lacking_rights, namespaces
from components.shared.inventory import Inventory, owner
from components.shared.kube import KubernetesApi
from components.shared.mistakes import FOREIGN, MISSING, MISSING_KIND, MISSING_RIGHT, NAMESPACE, Mistake
from components.shared.state import ObjectKey, State
from components.shared.survey import Survey, survey
from components.stack import StackConfig
from ops.doctor.findings import SETTING, Finding
from ops.doctor.limits import limits
from ops.doctor.room import scaling

_CODES: Final[Mapping[str, str]] = {
    NAMESPACE: "PRE001",
    MISSING: "PRE002",
    MISSING_KIND: "PRE003",
    FOREIGN: "PRE005",
    MISSING_RIGHT: "PRE006",
}
_UNFIT: Final = "PRE004"
_SHORTAGE: Final = "PRE009"
_CONCERN: Final = "PRE010"


def findings(stack: StackConfig, api: KubernetesApi) -> tuple[list[Finding], list[str], list[str]]:
    """What is wrong, the kinds that you may not list, and what else was not checked.

    Raises ApiError and Unreachable.
    """
    verdict = judge(stack, api, _state(stack, survey(api, namespaces(stack), State(), ())))
    mistakes = [*verdict.mistakes, *lacking_rights(api, verdict.rights)]
    found = [_finding(mistake) for mistake in mistakes]
    found += [Finding(_CONCERN, (SETTING, stack.name), concern) for concern in verdict.concerns]
    found += [Finding(_SHORTAGE, (SETTING, stack.name), shortage) for shortage in verdict.shortages]
    inventories = verdict.survey.inventories
    found += limits(stack, inventories)
    unread = {kind for inventory in inventories.values() for kind in _unread(inventory)}
    unread |= {"Node"} if verdict.survey.nodes is None else set()
    return found, sorted(unread), list(scaling(verdict.survey.nodes or ()))


def _finding(mistake: Mistake) -> Finding:
    code = _CODES.get(mistake.code, _UNFIT)
    return Finding(code, (SETTING, mistake.path), mistake.problem, remedy=mistake.remedy)


def _state(stack: StackConfig, found: Survey) -> State:
    """The objects with the stack's label count as its own: the doctor does not open Pulumi's state."""
    return State(dict(_own(stack, found)))


def _own(stack: StackConfig, found: Survey) -> Iterator[tuple[ObjectKey, str]]:
    for namespace, inventory in found.inventories.items():
        itself = [("", "Namespace", inventory.namespace)] if inventory.namespace else []
        inside = [
            (namespace, kind, item) for kind, items in inventory.objects.items() for item in (items or {}).values()
        ]
        for place, kind, item in [*itself, *inside]:
            if owner(item) == f"stack {stack.name}":
                yield (place, kind, item["metadata"]["name"]), item["metadata"].get("uid", "")


def _unread(inventory: Inventory) -> Iterator[str]:
    yield from (kind for kind, items in inventory.objects.items() if items is None)
