"""components/shared/files/kubernetes-1.29.json: the types of Kubernetes that settings take as they are.

The fields come from Kubernetes' own schema. It says nothing of choices, ranges and patterns, which the API server
checks in code (kubernetes pkg/apis/core/validation); `_LIMITS` adds them, so that an editor sees them too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from components.shared.kubernetes_types import DECODED_BY, REFERENCE

Json = dict[str, Any]

FILE: Final = f"components/shared/files/kubernetes-{DECODED_BY}.json"
ROOTS: Final = ("Affinity", "TopologySpreadConstraint")
_PREFIX: Final = "#/$defs/"
_LABEL_KEY: Final[Json] = {"pattern": "^[A-Za-z0-9._/-]+$"}
_CHOICES: Final[Json] = {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}
_WEIGHT: Final[Json] = {"minimum": 1, "maximum": 100}
_HONOR: Final[Json] = {"enum": ["Honor", "Ignore"]}
_LIMITS: Final[Mapping[str, Json]] = {
    "LabelSelectorRequirement.key": _LABEL_KEY,
    "LabelSelectorRequirement.operator": _CHOICES,
    "NodeSelector.nodeSelectorTerms": {"minItems": 1},
    "NodeSelectorRequirement.key": _LABEL_KEY,
    "NodeSelectorRequirement.operator": {"enum": [*_CHOICES["enum"], "Gt", "Lt"]},
    "PodAffinityTerm.topologyKey": _LABEL_KEY,
    "PreferredSchedulingTerm.weight": _WEIGHT,
    "TopologySpreadConstraint.maxSkew": {"minimum": 1},
    "TopologySpreadConstraint.minDomains": {"minimum": 1},
    "TopologySpreadConstraint.nodeAffinityPolicy": _HONOR,
    "TopologySpreadConstraint.nodeTaintsPolicy": _HONOR,
    "TopologySpreadConstraint.topologyKey": _LABEL_KEY,
    "TopologySpreadConstraint.whenUnsatisfiable": {"enum": ["DoNotSchedule", "ScheduleAnyway"]},
    "WeightedPodAffinityTerm.weight": _WEIGHT,
}


def page() -> str:
    """The whole file."""
    # Only development depends on this package, not the program.
    import kubernetes_validate

    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{DECODED_BY}.0-local-strict"
    every = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    by_name = {name: f"io.k8s.api.core.v1.{name}" for name in ROOTS}
    found: dict[str, Json] = {}
    for whole in by_name.values():
        _collect(whole, every, found)
    # The only field of a node that a pod can be selected by is its name.
    found["NodeFieldRequirement"] = copy.deepcopy(found["NodeSelectorRequirement"])
    found["NodeFieldRequirement"]["properties"] |= {
        "key": {"type": "string", "enum": ["metadata.name"]},
        "operator": {"type": "string", "enum": ["In", "NotIn"]},
        "values": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1},
    }
    found["NodeSelectorTerm"]["properties"]["matchFields"]["items"] = {"$ref": f"{REFERENCE}NodeFieldRequirement"}
    return json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False) + "\n"


def _collect(whole: str, every: Mapping[str, Json], found: dict[str, Json]) -> None:
    name = whole.rpartition(".")[2]
    if name in found:
        return
    own = every[whole]
    found[name] = {
        "type": "object",
        "description": _sentence(own.get("description", "")),
        "properties": {key: _field(f"{name}.{key}", property_) for key, property_ in own["properties"].items()},
        "additionalProperties": False,
        **({"required": own["required"]} if "required" in own else {}),
    }
    for other in dict.fromkeys(_references(own)):
        _collect(other, every, found)


def _field(path: str, schema: Json) -> Json:
    if "$ref" in schema:
        # Draft 7 ignores everything next to a reference.
        return {"$ref": _reference(schema["$ref"])}
    found = _value(schema)
    return {**found, **_LIMITS.get(path, {}), "description": _sentence(schema.get("description", ""))}


def _value(schema: Json) -> Json:
    """The type of a value. Null, which Kubernetes takes for a field that is not there, is left out."""
    if "$ref" in schema:
        return {"$ref": _reference(schema["$ref"])}
    kind = schema["type"]
    found: Json = {"type": next(one for one in kind if one != "null") if isinstance(kind, list) else kind}
    if "items" in schema:
        found["items"] = _value(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = _value(schema["additionalProperties"])
    return found


def _reference(reference: str) -> str:
    return REFERENCE + reference.rpartition(".")[2]


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(_PREFIX)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _sentence(description: str) -> str:
    first = description.split("\n", maxsplit=1)[0].partition(". ")[0].rstrip(".")
    return f"{first}."
