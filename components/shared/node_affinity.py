"""Which nodes `nodeSelector` and the required node affinity leave together, and terms that no node can meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from components.shared.mistakes import Mistake, dotted

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
HOST_LABEL: Final = "kubernetes.io/hostname"
_NAME_FIELD: Final = "metadata.name"
"""The one field of nodes that an affinity can name."""

Requirement = Mapping[str, Any]


def contradictions(selector: Mapping[str, str], affinity: Mapping[str, Any], *at: str | int) -> Iterator[Mistake]:
    """Required terms of which none fits any node, together with the selector. `at` is the place of the affinity."""
    terms = _terms(affinity)
    reasons = [_impossible(selector, term) for term in terms]
    if terms and all(reasons):
        index, reason = next((index, reason) for index, reason in enumerate(reasons) if reason)
        yield Mistake(
            dotted((*at, "nodeAffinity", _REQUIRED, "nodeSelectorTerms", index)),
            f"fits no node: {reason}",
            "Correct one of the two.",
        )


def most_nodes(selector: Mapping[str, str], affinity: Mapping[str, Any]) -> int | None:
    """How many nodes can fit at most, where selector and affinity name each; None: nobody knows."""
    if HOST_LABEL in selector:
        return 1
    named: set[str] = set()
    for term in _terms(affinity):
        lists = [
            set(item.get("values") or ())
            for item in _requirements(term)
            if item.get("operator") == "In" and item.get("key") in (HOST_LABEL, _NAME_FIELD)
        ]
        if not lists:
            return None
        named |= set.intersection(*lists)
    return len(named) or None


def _terms(affinity: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    required = _map(_map(affinity.get("nodeAffinity")).get(_REQUIRED))
    return [term for term in required.get("nodeSelectorTerms") or () if isinstance(term, dict)]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _requirements(term: Mapping[str, Any]) -> list[Requirement]:
    both = (*(term.get("matchExpressions") or ()), *(term.get("matchFields") or ()))
    return [item for item in both if isinstance(item, dict)]


def _impossible(selector: Mapping[str, str], term: Mapping[str, Any]) -> str | None:
    """Why no label can meet the requirements of a term and the selector, for people."""
    selected = [{"key": key, "operator": "In", "values": [value]} for key, value in selector.items()]
    requirements = [*selected, *_requirements(term)]
    for key in dict.fromkeys(str(item.get("key")) for item in requirements):
        if reason := _conflict(key, [item for item in requirements if str(item.get("key")) == key]):
            return reason
    return None


def _conflict(key: str, requirements: Iterable[Requirement]) -> str | None:
    by_operator: dict[str, list[list[Any]]] = {}
    for item in requirements:
        by_operator.setdefault(str(item.get("operator")), []).append(list(item.get("values") or ()))
    if "DoesNotExist" in by_operator and by_operator.keys() & {"In", "Exists", "Gt", "Lt"}:
        return f"{key} must be there and must not be there"
    allowed = by_operator.get("In", [])
    if allowed and not set(allowed[0]).intersection(*allowed[1:]) - {
        value for values in by_operator.get("NotIn", ()) for value in values
    }:
        return f"no value of {key} is left by " + ", ".join(map(str, _shown(allowed, by_operator.get("NotIn", ()))))
    above = [int(values[0]) for values in by_operator.get("Gt", ()) if _is_number(values)]
    below = [int(values[0]) for values in by_operator.get("Lt", ()) if _is_number(values)]
    if above and below and max(above) + 1 >= min(below):
        return f"{key} must be more than {max(above)} and less than {min(below)}"
    return None


def _shown(allowed: Iterable[list[Any]], others: Iterable[list[Any]]) -> Iterator[str]:
    yield from (f"In {values}" for values in allowed)
    yield from (f"NotIn {values}" for values in others)


def _is_number(values: list[Any]) -> bool:
    return len(values) == 1 and isinstance(values[0], str) and values[0].lstrip("-").isdigit()
