"""Which nodes pods may run on. Kubernetes accepts demands that contradict each other, and the pods stay pending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from components.shared import node_labels
from components.shared.config_paths import dotted
from components.shared.mistakes import Mistake
from components.shared.node_labels import ARCHITECTURE_LABELS, OS_LABELS
from components.shared.selectors import met

Steps = tuple[str | int, ...]
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_TERMS: Final[Steps] = ("nodeAffinity", _REQUIRED, "nodeSelectorTerms")
HOST_LABEL: Final = "kubernetes.io/hostname"
_NAME_FIELD: Final = "metadata.name"
"""The one field of nodes that an affinity can name."""


class Certain(NamedTuple):
    """The value that a label has on every node that counts, and who says so, as the end of a sentence."""

    value: str
    reason: str


LINUX: Final = {label: Certain("linux", "every image here is for Linux") for label in OS_LABELS}
AMD64: Final = {label: Certain("amd64", "MATLAB Parallel Server runs only on amd64") for label in ARCHITECTURE_LABELS}


def selected(selector: Mapping[str, str]) -> dict[str, Certain]:
    """What a node selector makes certain."""
    return {label: Certain(value, f"nodeSelector requires {label}: {value}") for label, value in selector.items()}


def contradictions(certain: Mapping[str, Certain], affinity: Mapping[str, Any], *at: str | int) -> Iterator[Mistake]:
    """Terms of a pod's node affinity that no node meets. `at` is the place of the affinity."""
    for index, term in enumerate(_terms(affinity)):
        demands = term.get("matchExpressions") or ()
        for number, demand in enumerate(demands):
            key, place = demand["key"], dotted((*at, *_TERMS, index, "matchExpressions", number))
            if key in certain:
                # Another check reports operating systems and processors that no node has.
                known = node_labels.impossible(key, demand.get("values") or ()) if demand["operator"] == "In" else None
                if not known and not met(demand, certain[key].value):
                    yield Mistake(place, f"rules out every node: {certain[key].reason}", "Change it, or remove it.")
            elif any(other["key"] == key and _exclude(other, demand) for other in demands[:number]):
                yield Mistake(
                    place,
                    f"rules out every node: another expression of this term requires the opposite of {key}",
                    "Remove one of them. If either is enough, write two nodeSelectorTerms.",
                )


def opposites(affinity: Mapping[str, Any], *at: str | int) -> Iterator[Mistake]:
    """Pods that a pod has to be near to, and away from. `at` is the place of the affinity."""
    near, away = ((affinity.get(kind) or {}).get(_REQUIRED) or () for kind in ("podAffinity", "podAntiAffinity"))
    for index, term in enumerate(away):
        if term in near:
            yield Mistake(
                dotted((*at, "podAntiAffinity", _REQUIRED, index)),
                "rules out every node: podAffinity requires the opposite",
                "Remove one of them.",
            )


def most_nodes(selector: Mapping[str, str], affinity: Mapping[str, Any]) -> int | None:
    """How many nodes can fit at most, where selector and affinity name each; None: nobody knows."""
    if HOST_LABEL in selector:
        return 1
    named: set[str] = set()
    for term in _terms(affinity):
        lists = [
            set(demand.get("values") or ())
            for demand in (*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ()))
            if demand["operator"] == "In" and demand["key"] in (HOST_LABEL, _NAME_FIELD)
        ]
        if not lists:
            return None
        named |= set.intersection(*lists)
    return len(named) or None


def _terms(affinity: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    terms: Any = affinity
    for step in _TERMS:
        terms = terms.get(step) if isinstance(terms, Mapping) else None
    return terms or ()


def _exclude(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """No value of one label meets both demands, and its absence does not either."""
    operators = {one["operator"], other["operator"]}
    if "DoesNotExist" in operators:
        return not operators <= {"DoesNotExist", "NotIn"}
    if operators == {"Gt", "Lt"}:
        bounds = {demand["operator"]: int(demand["values"][0]) for demand in (one, other)}
        return bounds["Gt"] + 1 >= bounds["Lt"]
    for first, second in ((one, other), (other, one)):
        if first["operator"] == "In":
            return not any(met(second, value) for value in first.get("values") or ())
    return False
