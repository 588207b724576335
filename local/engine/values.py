"""Property values as they cross the protocol: JSON, secrets, and what a preview cannot know.

The signatures are those of the SDK (pulumi/runtime/rpc.py) and of every Pulumi engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

from local.engine.errors import NeedsCli

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public constant of the protocol
ASSETS = {"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Json = dict[str, Any]
Change = tuple[str, Any, Any]
"""A field path with its old and its new value, ready to be shown."""
ABSENT = "(absent)"


class Secret:
    """A secret value. Read from a state, it stays encrypted until somebody needs it."""

    def __init__(
        self, value: Any = None, ciphertext: str | None = None, decrypt: Callable[[str], str] | None = None
    ) -> None:
        self._value, self.ciphertext, self._decrypt = value, ciphertext, decrypt

    @property
    def value(self) -> Any:
        """The value in clear."""
        if self._decrypt is not None and self.ciphertext is not None:
            self._value, self._decrypt = json.loads(self._decrypt(self.ciphertext)), None
        return self._value

    def __repr__(self) -> str:
        return "[secret]"


def secret(value: Any) -> Secret:
    """Mark a value as secret, once."""
    return value if isinstance(value, Secret) else Secret(plain(value))


def from_struct(struct: struct_pb2.Struct) -> Json:
    """Decode a message of the program. Sorted, because the wire has no order and the state file must not churn."""
    return {key: _from_value(value) for key, value in sorted(struct.fields.items())}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = from_struct(value.struct_value)
        if fields.get(SIGNATURE) == SECRET:
            return secret(fields.get("value"))
        if fields.get(SIGNATURE) in ASSETS:
            raise NeedsCli("a property is an asset or an archive")
        return fields
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        # The wire has doubles only, and the API server refuses 3.0 where it wants an integer.
        number = value.number_value
        return int(number) if number.is_integer() else number
    return {"string_value": value.string_value, "bool_value": value.bool_value}.get(kind or "")


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Encode an answer to the program."""
    return struct_pb2.Struct(fields={key: _to_value(value) for key, value in values.items()})


def _to_value(value: Any) -> struct_pb2.Value:
    if isinstance(value, Secret):
        return _to_value({SIGNATURE: SECRET, "value": value.value})
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_to_value(item) for item in value]))
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    number = isinstance(value, (int, float))
    return struct_pb2.Value(number_value=value) if number else struct_pb2.Value(string_value=str(value))


def transform(value: Any, on_secret: Callable[[Secret], Any]) -> Any:
    """Copy a value with every secret in it replaced."""
    if isinstance(value, Secret):
        return on_secret(value)
    if isinstance(value, Mapping):
        return {key: transform(item, on_secret) for key, item in value.items()}
    if isinstance(value, list):
        return [transform(item, on_secret) for item in value]
    return value


def plain(value: Any) -> Any:
    """The value without its secret marks."""
    return transform(value, lambda hidden: plain(hidden.value))


def redacted(value: Any) -> Any:
    """The value as it may be shown."""
    return transform(value, lambda _: "[secret]")


def is_known(value: Any) -> bool:
    """False when a preview left something open in it."""
    if isinstance(value, Secret):
        return is_known(value.value)
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, list):
        return all(is_known(item) for item in value)
    return bool(value != UNKNOWN)


def without_nulls(value: Any) -> Any:
    """A manifest without the fields that the program left at None."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def marked_like(template: Any, value: Any) -> Any:
    """`value` with secret marks wherever `template` has them: a secret input is a secret output."""
    if isinstance(template, Secret):
        return secret(value)
    if isinstance(template, Mapping) and isinstance(value, Mapping):
        return {key: marked_like(template.get(key), item) for key, item in value.items()}
    if isinstance(template, list) and isinstance(value, list) and len(template) == len(value):
        return [marked_like(mark, item) for mark, item in zip(template, value, strict=True)]
    return value


def shaped_like(template: Any, value: Any) -> Any:
    """Only those fields of a live object that the manifest has, which is what we answer for."""
    if isinstance(template, Mapping) and isinstance(value, Mapping):
        # An empty mapping asks for nothing, and the API server drops many of them until somebody fills them.
        return {key: shaped_like(item, value[key]) for key, item in template.items() if key in value and item != {}}
    if isinstance(template, list) and isinstance(value, list) and len(template) == len(value):
        return [shaped_like(item, live) for item, live in zip(template, value, strict=True)]
    return value


def changes(old: Any, new: Any, path: str = "", *, hidden: bool = False) -> Iterator[Change]:
    """Every leaf that differs, with secrets shown as [secret]."""
    if isinstance(old, Secret) or isinstance(new, Secret):
        old, new = (item.value if isinstance(item, Secret) else item for item in (old, new))
        hidden = True
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            step = f"{path}.{key}" if path else str(key)
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), step, hidden=hidden)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (side[index] if index < len(side) else ABSENT for side in (old, new))
            yield from changes(before, after, f"{path}[{index}]", hidden=hidden)
    elif plain(old) != plain(new):
        yield path, _shown(old, hidden), _shown(new, hidden)


def _shown(value: Any, hidden: bool) -> Any:
    if not isinstance(value, (Mapping, list)) and value in (ABSENT, UNKNOWN):
        return "[unknown]" if value == UNKNOWN else value
    return "[secret]" if hidden else redacted(value)
