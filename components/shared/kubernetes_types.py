"""Parts of a pod that a stack file holds as Kubernetes writes them, checked against Kubernetes' own schema.

MathWorks' controller decodes the templates of workers and pool proxies strictly, with the types of Kubernetes 1.29: one
field that it does not know stops all scaling, and only its log says so. So the schema is that of 1.29 for every pod.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from components.shared import node_labels
from components.shared.config_paths import did_you_mean, dotted
from components.shared.fields import HIGHEST, is_dns_label, is_dns_name, is_label_key, is_label_value
from components.shared.mistakes import REQUIRED, UNKNOWN, Mistake

DECODED_BY: Final = "1.29"
"""The release of Kubernetes whose types the controller was built with: k8s.io/api v0.29.2."""
REFERENCE: Final = "#/definitions/"
_FILE: Final = Path(__file__).parent / "files" / f"kubernetes-{DECODED_BY}.json"
_NAMES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
}
_WORDS: Final[Mapping[str, str]] = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
}
_NO_KEY: Final = ("is not a label key", "Write name or prefix.example.org/name.")
_NO_VALUE: Final = (
    "is not the value of any label", "Use up to 63 letters, digits, dashes, underscores and dots.",
)  # fmt: skip
_OF_SETS: Final = ("In", "NotIn")
_OF_NUMBERS: Final = ("Gt", "Lt")

Schema = Mapping[str, Any]
Steps = tuple[str | int, ...]


class KubernetesType(NamedTuple):
    """Marks a setting that holds a type of Kubernetes."""

    name: str


Affinity = Annotated[dict[str, Any], KubernetesType("Affinity")]
"""`spec.affinity` of a pod."""
SpreadConstraint = Annotated[dict[str, Any], KubernetesType("TopologySpreadConstraint")]
"""An item of `spec.topologySpreadConstraints` of a pod."""


@cache
def definitions() -> Mapping[str, Schema]:
    """JSON Schema of each type, by the name that Kubernetes gives it."""
    found: Mapping[str, Schema] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def mistakes(name: str, value: Any, *at: str | int) -> Iterator[Mistake]:
    """What is wrong with a value of the type; `at` is its place in the config."""
    yield from _value({"$ref": f"{REFERENCE}{name}"}, value, at)


def _value(schema: Schema, value: Any, at: Steps) -> Iterator[Mistake]:
    name = schema.get("$ref", "").removeprefix(REFERENCE)
    schema = definitions()[name] if name else schema
    kind = schema["type"]
    if not isinstance(value, _NAMES[kind]) or isinstance(value, bool):
        yield Mistake(dotted(at), f"is not {_WORDS[kind]}", f"Write {_WORDS[kind]}, or remove it.")
    elif isinstance(value, dict):
        wrong = [*_map(schema, value, at)]
        # Otherwise a misspelt field would be reported as missing too.
        yield from wrong or _RULES.get(name, _nothing)(value, at)
    elif isinstance(value, (list, tuple)):
        yield from _list(schema, value, at)
    else:
        yield from _scalar(schema, value, at)


def _map(schema: Schema, value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    known = schema.get("properties", {})
    others = schema["additionalProperties"]
    for key, item in value.items():
        if key in known:
            yield from _value(known[key], item, (*at, key))
        elif others:
            yield from _value(others, item, (*at, key))
        else:
            near = did_you_mean(key, known)
            remedy = f"Did you mean {near}?" if near else f"Write {', '.join(sorted(known))}, or remove it."
            problem = f"is not a field that Kubernetes {DECODED_BY} accepts here"
            yield Mistake(dotted((*at, key)), problem, remedy, UNKNOWN)
    for key in schema.get("required", ()):
        if key not in value:
            yield Mistake(dotted((*at, key)), "is required", f"Write {key}: and its value.", REQUIRED)


def _list(schema: Schema, value: Sequence[Any], at: Steps) -> Iterator[Mistake]:
    for index, item in enumerate(value):
        yield from _value(schema["items"], item, (*at, index))
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < low or (high is not None and len(value) > high):
        yield Mistake(dotted(at), f"has {len(value)} items", f"Write {low}{' or more' if high is None else ''}.")


def _scalar(schema: Schema, value: Any, at: Steps) -> Iterator[Mistake]:
    choices = schema.get("enum", (value,))
    if value not in choices:
        yield Mistake(dotted(at), "is not one of the choices", f"Write {' or '.join(choices)}.")
    if "pattern" in schema and not is_label_key(value):
        yield Mistake(dotted(at), *_NO_KEY)
    low, high = schema.get("minimum", 0), schema.get("maximum", HIGHEST)
    if isinstance(value, int) and not low <= value <= high:
        yield Mistake(dotted(at), "is out of range", f"Write a number from {low} to {high}.")


def _nothing(_value: Mapping[str, Any], _at: Steps) -> Iterator[Mistake]:
    yield from ()


def _requirement(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    """Values that fit the operator; Kubernetes' own schema does not connect the two."""
    operator, values = value.get("operator"), value.get("values")
    path = dotted((*at, "values"))
    if operator in _OF_SETS and not values:
        yield Mistake(path, f"is empty, and operator {operator} needs values", "Write at least one value.")
    if operator in ("Exists", "DoesNotExist") and values:
        yield Mistake(path, f"has values, but operator {operator} takes none", "Remove it, or write operator: In.")
    texts = [text for text in values if isinstance(text, str)] if isinstance(values, list) else []
    if operator in _OF_NUMBERS and not (len(texts) == 1 and texts[0].lstrip("-").isdigit()):
        yield Mistake(path, f"is not one whole number in quotes, as operator {operator} needs", 'Write ["4"].')
    elif not all(map(_fits_a_label, texts)):
        yield Mistake(path, *_NO_VALUE)


def _fits_a_label(value: Any) -> bool:
    return not isinstance(value, str) or is_label_value(value)


def _selector(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    labels = value.get("matchLabels")
    for key, text in (labels if isinstance(labels, dict) else {}).items():
        if not is_label_key(key):
            yield Mistake(dotted((*at, "matchLabels", key)), *_NO_KEY)
        if not _fits_a_label(text):
            yield Mistake(dotted((*at, "matchLabels", key)), *_NO_VALUE)


def _keys(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    # kubernetes pkg/apis/core/validation, ValidateMatchLabelKeysAndMismatchLabelKeys
    for field in _LABEL_KEYS:
        if value.get(field) and "labelSelector" not in value:
            yield Mistake(dotted((*at, field)), "needs a labelSelector", "Write labelSelector too, or remove it.")
        for index, key in enumerate(_texts(value.get(field))):
            if not is_label_key(key):
                yield Mistake(dotted((*at, field, index)), *_NO_KEY)
    same, other = (_texts(value.get(field)) for field in _LABEL_KEYS)
    for key in same:
        for where in [
            *(["labelSelector"] if key in _selected_keys(value.get("labelSelector")) else ()),
            *(["mismatchLabelKeys"] if key in other else ()),
        ]:
            yield Mistake(
                dotted((*at, "matchLabelKeys")), f"lists {key}, which is in {where} too", "Remove one of them."
            )


_LABEL_KEYS: Final = ("matchLabelKeys", "mismatchLabelKeys")


def _selected_keys(selector: Any) -> list[Any]:
    if not isinstance(selector, dict):
        return []
    return [*(selector.get("matchLabels") or ()), *(one.get("key") for one in selector.get("matchExpressions") or ())]


def _node_field(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    for index, name in enumerate(_texts(value.get("values"))):
        if not is_dns_name(name):
            yield Mistake(
                dotted((*at, "values", index)),
                "is not the name of a node",
                "Write lower-case letters, digits, dashes and dots.",
            )


def _spread(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    yield from _keys(value, at)
    if not value.get("matchLabelKeys"):
        yield from _selects(value, at)
    if "minDomains" in value and value.get("whenUnsatisfiable") != "DoNotSchedule":
        yield Mistake(
            dotted((*at, "minDomains")), "needs whenUnsatisfiable: DoNotSchedule", "Write that, or remove it."
        )


def _affinity_term(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    yield from _keys(value, at)
    yield from _selects(value, at)
    for index, namespace in enumerate(_texts(value.get("namespaces"))):
        if not is_dns_label(namespace):
            yield Mistake(
                dotted((*at, "namespaces", index)),
                "is not the name of a namespace",
                "Write lower-case letters, digits and dashes.",
            )


def _selects(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    # In contrast to an empty selector, a missing one selects nothing (LabelSelector in the API reference).
    if "labelSelector" not in value:
        yield Mistake(
            dotted((*at, "labelSelector")),
            "is missing, and without it Kubernetes counts no pods here",
            "Write the labels of the pods to count, or {} for all pods of the namespace.",
        )


def _node_term(value: Mapping[str, Any], at: Steps) -> Iterator[Mistake]:
    # NodeSelectorTerm in the API reference: an empty term selects no node.
    expressions = value.get("matchExpressions") or ()
    if not any(value.values()):
        yield Mistake(
            dotted(at), "is empty, and an empty term selects no node", "Write matchExpressions, or remove it."
        )
    for index, requirement in enumerate(expressions):
        if isinstance(requirement, dict) and requirement.get("operator") == "In":
            values = _texts(requirement.get("values"))
            if values and (found := node_labels.impossible(str(requirement.get("key")), values)):
                yield Mistake(dotted((*at, "matchExpressions", index, "values")), *found)


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, (list, tuple)) else []


_RULES: Final = {
    "LabelSelector": _selector,
    "LabelSelectorRequirement": _requirement,
    "NodeFieldRequirement": _node_field,
    "NodeSelectorRequirement": _requirement,
    "NodeSelectorTerm": _node_term,
    "PodAffinityTerm": _affinity_term,
    "TopologySpreadConstraint": _spread,
}
"""What the API server checks beyond one field."""
