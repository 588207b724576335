"""Label selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def met(requirement: Mapping[str, Any], value: str | None) -> bool:
    """Tell whether a label with this value, or its absence, can meet an item of matchExpressions."""
    values = requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "DoesNotExist":
            return value is None
        case _:
            return value is not None


def requirements(selector: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Everything that a selector demands, as items of matchExpressions."""
    exact = (selector.get("matchLabels") or {}).items()
    return [
        *({"key": key, "operator": "In", "values": [value]} for key, value in exact),
        *(selector.get("matchExpressions") or ()),
    ]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell whether labels fit a selector."""
    return all(met(requirement, labels.get(requirement["key"])) for requirement in requirements(selector))
