"""What each type of setting accepts: words for the reference, a schema for editors, and sample values to try.

A setting of a new type fails `tests/unit/test_reference.py` until the type is described, here or in setting_texts.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from components.shared.fields import Distinct
from components.shared.kubernetes_types import REFERENCE, KubernetesType
from generators.setting_texts import ITEMS, KUBERNETES, SECURE, TEXTS, TEXTS_FILE, Json, Text, validator_of

THIS_FILE: Final = f"generators/{Path(__file__).name}"
HIGHEST_32_BIT: Final = 2**31 - 1
"""The limit of most numbers in Kubernetes. No reader of the reference needs to see it."""


class UndescribedTypeError(TypeError):
    """A setting has a type that this file does not describe; the text says what to add."""


@dataclass(frozen=True)
class Type:
    """What a setting accepts."""

    words: str
    schema: Json
    samples: tuple[Any, ...]
    """Values to try. A config may still reject some of them."""
    group: type[BaseModel] | None = None
    """The model of a group of settings, or of the items of a list of groups."""
    is_list: bool = False
    is_map: bool = False
    """A map from names to groups."""


def type_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Type:
    """What an annotation accepts. Raises UndescribedTypeError for a type that this file does not describe."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(parts[0], (*parts[1:], *metadata))
    if origin is tuple:
        return _list(type_of(parts[0]), metadata)
    if origin is dict:
        return _of_kubernetes(metadata) or _map(type_of(parts[0]), type_of(parts[1]))
    if origin is Literal:
        return _choice([str(part) for part in parts])
    if NoneType in parts:
        inner = type_of(next(part for part in parts if part is not NoneType), metadata)
        schema = {"anyOf": [inner.schema, {"type": "null"}]}
        # A number that is not set has no neighbours to try.
        samples = inner.samples or ((7, 8, 3600) if inner.schema.get("type") == "integer" else ())
        return Type(f"{inner.words} or null", schema, (*samples, None), inner.group)
    return _simple(annotation, metadata)


def _of_kubernetes(metadata: tuple[Any, ...]) -> Type | None:
    name = next((item.name for item in metadata if isinstance(item, KubernetesType)), None)
    return Type(name, {"$ref": f"{REFERENCE}{name}"}, KUBERNETES[name]) if name else None


def definition_name(model: type[BaseModel]) -> str:
    """The name of a group in the schema. Systems may have groups with the same name."""
    _, system, *_ = model.__module__.split(".")
    name = model.__name__
    return name if system == "shared" or name.lower().startswith(system) else f"{system.title()}{name}"


def _simple(annotation: Any, metadata: tuple[Any, ...]) -> Type:
    if annotation is bool:
        return Type("true or false", {"type": "boolean"}, (True, False))
    if annotation is int:
        return _number(metadata)
    if annotation is str:
        return Type(*_text(metadata, Text("text", {"type": "string"}, ("other", "another"))))
    if annotation is SecretStr:
        return Type(*_text(metadata, Text("secret text", SECURE, ("other", "another"))))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([str(member.value) for member in annotation])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Type("group", {"$ref": f"#/definitions/{definition_name(annotation)}"}, (), annotation)
    raise UndescribedTypeError(f"type {annotation} has no description: extend _simple in {THIS_FILE}")


def _text(metadata: tuple[Any, ...], unchecked: Text) -> Text:
    validators = [item.func for item in metadata if isinstance(item, (AfterValidator, BeforeValidator))]
    # The last validator is the narrowest.
    for validator in reversed(validators):
        if validator in TEXTS:
            return TEXTS[validator]
    if not validators or unchecked.schema is SECURE:
        return unchecked
    names = ", ".join(getattr(validator, "__name__", repr(validator)) for validator in validators)
    raise UndescribedTypeError(
        f"text that is checked by {names} has no words, schema and samples: add its type to TEXTS in {TEXTS_FILE}"
    )


def _number(metadata: tuple[Any, ...]) -> Type:
    limits = _limits(metadata)
    low = next((int(str(limit.ge)) for limit in limits if isinstance(limit, Ge)), None)
    high = next((int(str(limit.le)) for limit in limits if isinstance(limit, Le)), None)
    schema: Json = {"type": "integer"}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    upper = f" to {high}" if high is not None and high < HIGHEST_32_BIT else " or more"
    words = f"whole number, {low}{upper}" if low is not None else "whole number"
    return Type(words, schema, (high,) if upper.startswith(" to") else ())


def _limits(metadata: tuple[Any, ...]) -> list[Any]:
    # They are in the metadata of Annotated, or in a FieldInfo there.
    return [limit for item in metadata for limit in (item.metadata if isinstance(item, FieldInfo) else (item,))]


def _choice(choices: list[str]) -> Type:
    return Type(" or ".join(choices), {"enum": choices}, tuple(choices))


def _list(item: Type, metadata: tuple[Any, ...]) -> Type:
    schema: Json = {"type": "array", "items": item.schema}
    for limit in _limits(metadata):
        schema |= {"minItems": limit.min_length} if isinstance(limit, MinLen) else {}
    if any(isinstance(item, AfterValidator) and item.func is validator_of(Distinct) for item in metadata):
        schema["uniqueItems"] = True
    samples: tuple[Any, ...] = item.samples
    if item.group:
        if item.group not in ITEMS:
            raise UndescribedTypeError(
                f"a list of {item.group.__name__} has no samples: add two items of it to ITEMS in {TEXTS_FILE}"
            )
        samples = ITEMS[item.group]
    return Type(
        f"list of {_plural(item.words)}",
        schema,
        (*([sample] for sample in samples), [*samples[:3]], []),
        item.group,
        is_list=True,
    )


def _plural(words: str) -> str:
    """Several of a kind: `network (CIDR)` becomes `networks (CIDR)`. Choices have no plural."""
    if " or " in words:
        return words
    noun, *rest = re.split(r"(?= of |, | \()", words.removeprefix("one "), maxsplit=1)
    return f"{noun}s{''.join(rest)}"


def _map(key: Type, value: Type) -> Type:
    if value.group:
        schema = {"type": "object", "propertyNames": key.schema, "additionalProperties": value.schema}
        names: tuple[Any, ...] = tuple({name: {}} for name in key.samples)
        return Type(f"map of {key.words} to {value.words}", schema, names, value.group, is_map=True)
    schema = {"type": "object", "propertyNames": key.schema, "additionalProperties": value.schema}
    samples = tuple({one: other} for one, other in zip(key.samples, value.samples, strict=False))
    return Type(f"map of {key.words} to {value.words}", schema, (*samples, {}))
