"""Property values in the three forms that Pulumi gives them: in Python, on the wire, and in a state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import json_format, struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Marks and the word for an unknown value (pulumi/pulumi sdk/go/common/resource/properties.go)."""


@dataclass(frozen=True)
class Secret:
    """A value that a state encrypts."""

    value: Any


def received(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties that the program has sent."""
    decoded: dict[str, Any] = _received(json_format.MessageToDict(struct))
    return decoded


def _received(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return Secret(clear(_received(value["value"])))
        return {key: _received(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_received(item) for item in value]
    # The protocol between program and engine knows one kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def sent(values: dict[str, Any]) -> struct_pb2.Struct:
    """Properties as the program receives them."""
    struct = struct_pb2.Struct()
    struct.update(_marked(values, lambda value: {SIGNATURE: SECRET, "value": value}))
    return struct


def stored(value: Any) -> Any:
    """A value as `pulumi stack import` reads it, which encrypts what is marked as secret."""
    return _marked(value, lambda secret: {SIGNATURE: SECRET, "plaintext": json.dumps(secret)})


def _marked(value: Any, mark: Any) -> Any:
    if isinstance(value, Secret):
        return mark(value.value)
    if isinstance(value, dict):
        return {key: _marked(item, mark) for key, item in value.items()}
    return [_marked(item, mark) for item in value] if isinstance(value, list) else value


def clear(value: Any) -> Any:
    """The value without the marks of secrets."""
    if isinstance(value, Secret):
        return clear(value.value)
    if isinstance(value, dict):
        return {key: clear(item) for key, item in value.items()}
    return [clear(item) for item in value] if isinstance(value, list) else value


def is_known(value: Any) -> bool:
    """Nothing in the value is unknown."""
    value = clear(value)
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value != UNKNOWN
