"""The settings of a stack file, one by one, as the pydantic models declare them: for the reference and the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from inspect import cleandoc
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.matlab.settings import LdapUrl, LicenseManager, PrincipalFormat, Release, Settings, UserName
from components.shared.fields import (
    AbsolutePath,
    Bytes,
    Cidr,
    DnsLabel,
    DnsName,
    EnvName,
    Host,
    LabelKey,
    LabelValue,
    Line,
    MountPath,
    Quantity,
)
from components.shared.groups import Digest, Repository, Tag, Target
from components.shared.pem import Certificate, PrivateKey
from ops.samples import authority

Json = dict[str, Any]

ROOTS: Final[Mapping[str, type[BaseModel]]] = {"kubernetes": Target, "matlab": Settings}
"""The keys of a stack file that have settings."""


class Kind(NamedTuple):
    """A kind of text: how a person calls it, what an editor checks (less than the program), and two values."""

    words: str
    schema: Json
    samples: tuple[str, ...]


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def _validator(alias: Any) -> Callable[..., Any]:
    found: Callable[..., Any] = get_args(alias)[-1].func
    return found


_SECURE: Final[Json] = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}

_QUANTITY: Final = Kind(
    "quantity",
    {
        "type": ["string", "number"],
        "pattern": "^[0-9]+(\\.[0-9]+)?([mkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?$",
        "exclusiveMinimum": 0,
    },
    ("30Gi", "200m"),
)
_KINDS: Final[Mapping[Callable[..., Any], Kind]] = {
    _validator(alias): kind
    for alias, kind in (
        (AbsolutePath, Kind("absolute path", _text("^/[^:]+$"), ("/other", "/another"))),
        (
            Certificate,
            Kind(
                "PEM certificate",
                _text("-----BEGIN CERTIFICATE-----"),
                (authority("A")[0], authority("B")[0]),
            ),
        ),
        (Cidr, Kind("network (CIDR)", {"type": "string"}, ("192.0.2.0/24", "198.51.100.0/24"))),
        (Digest, Kind("image digest", _text("^sha256:[0-9a-f]{64}$"), (f"sha256:{0:064x}", f"sha256:{1:064x}"))),
        (DnsLabel, Kind("DNS label", _text("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"), ("other", "another"))),
        (DnsName, Kind("DNS name", _text("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), ("other", "another.example"))),
        (EnvName, Kind("variable name", _text("^[A-Za-z_][A-Za-z0-9_]*$"), ("OTHER", "ANOTHER"))),
        (Host, Kind("host name or IPv4 address", _text("^[A-Za-z0-9.-]+$"), ("other.example", "192.0.2.1"))),
        (LabelKey, Kind("label key", _text("^[A-Za-z0-9._/-]+$"), ("other", "example.org/other"))),
        (LabelValue, Kind("label value", _text("^[A-Za-z0-9._-]{0,63}$"), ("other", "another"))),
        (
            LdapUrl,
            Kind(
                "LDAP address",
                _text("^ldaps?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?/?( ldaps?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?/?)*$"),
                ("ldap://other:389", "ldaps://other:636"),
            ),
        ),
        (LicenseManager, Kind("license manager", _text("@"), ("27000@other", "27000@192.0.2.9"))),
        (MountPath, Kind("mount path", _text("^/[^:]+$"), ("/other", "/another"))),
        (PrincipalFormat, Kind("principal format", _text(r"\[username\]"), ("[username]@other", "uid=[username]"))),
        (PrivateKey, Kind("secret text", _SECURE, (authority("A")[1], authority("B")[1]))),
        (Line, Kind("one line of text", {"type": "string", "minLength": 1}, ("other", "another"))),
        *((alias, _QUANTITY) for alias in (Quantity, Bytes)),
        (Release, Kind("release", _text("^r20[0-9][0-9][ab]$"), ("r2024b", "r2025b", "r2026b"))),
        (
            Repository,
            Kind("image repository", _text(r"^[A-Za-z0-9.:/_\[\]-]+$"), ("other", "registry.example.org/other")),
        ),
        (Tag, Kind("image tag", _text("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"), ("other", "r2025b"))),
        (UserName, Kind("user name", _text("^[a-z_][a-z0-9_-]{0,31}$"), ("other", "another"))),
    )
}


@dataclass(frozen=True)
class Type:
    """What a setting may hold."""

    words: str
    schema: Json
    samples: tuple[Any, ...]
    """Values to try; not all of them are accepted in every config."""
    group: type[BaseModel] | None = None
    """The model, where the setting is a group of settings, or a list of groups."""
    many: bool = False
    """The setting is a list."""


@dataclass(frozen=True)
class Setting:
    """One setting, or one group of settings."""

    steps: tuple[str, ...]
    type: Type
    required: bool
    default: Any
    description: str

    @property
    def path(self) -> str:
        """The config path."""
        return ".".join(self.steps)

    @property
    def is_group(self) -> bool:
        """It is a group, whose settings follow it."""
        return self.type.group is not None and not self.type.many


def settings(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """The settings of one group, groups below it included but not entered."""
    for name, field in model.model_fields.items():
        required = field.is_required()
        default = None if required or field.default is PydanticUndefined else field.default
        kind = type_of(field.annotation, tuple(field.metadata))
        text = _description(model, name) or (kind.group and documentation(kind.group)) or ""
        yield Setting((*at, field.alias or name), kind, required, default, text)


def every_setting(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """Every setting at any depth, groups left out."""
    for setting in settings(model, *at):
        if setting.type.group and setting.is_group:
            yield from every_setting(setting.type.group, *setting.steps)
        else:
            yield setting


def documentation(model: type[BaseModel]) -> str:
    """What a group is for."""
    return " ".join(cleandoc(model.__doc__ or "").split())


def _description(model: type[BaseModel], name: str) -> str | None:
    # A subclass that gives another default keeps the words of its parent.
    for parent in model.__mro__:
        fields: Mapping[str, FieldInfo] = getattr(parent, "model_fields", {})
        if name in fields and fields[name].description:
            return " ".join(str(fields[name].description).split())
    return None


def type_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Type:
    """What an annotation accepts. Raises TypeError for one that nobody has described yet."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(parts[0], (*parts[1:], *metadata))
    if origin is tuple:
        return _list(type_of(parts[0]), metadata)
    if origin is dict:
        return _map(type_of(parts[0]), type_of(parts[1]))
    if origin is Literal:
        return _choice([str(part) for part in parts])
    if NoneType in parts:
        inner = type_of(next(part for part in parts if part is not NoneType), metadata)
        schema = {"anyOf": [inner.schema, {"type": "null"}]}
        return Type(f"{inner.words} or null", schema, (*inner.samples, None), inner.group)
    return _simple(annotation, metadata)


def _simple(annotation: Any, metadata: tuple[Any, ...]) -> Type:
    if annotation is bool:
        return Type("true or false", {"type": "boolean"}, (True, False))
    if annotation is int:
        return _number(metadata)
    if annotation is SecretStr:
        return Type(*(_kind(metadata) or Kind("secret text", _SECURE, ("other",))))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([str(member.value) for member in annotation])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Type("group", {"$ref": f"#/definitions/{annotation.__name__}"}, (), annotation)
    if annotation is str:
        kind = _kind(metadata)
        kind = kind or Kind("text", {"type": "string"}, ("other", "another"))
        return Type(*kind)
    raise TypeError(f"{annotation} has no words and no schema")


def _kind(metadata: tuple[Any, ...]) -> Kind | None:
    # The last validator is the narrowest.
    return next((_KINDS[item.func] for item in reversed(metadata) if getattr(item, "func", None) in _KINDS), None)


def _number(metadata: tuple[Any, ...]) -> Type:
    limits = _limits(metadata)
    low = next((int(str(limit.ge)) for limit in limits if isinstance(limit, Ge)), None)
    high = next((int(str(limit.le)) for limit in limits if isinstance(limit, Le)), None)
    schema: Json = {"type": "integer"}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["maximum"] = high
    # The highest 32-bit number is no limit that a person thinks of.
    upper = f" to {high}" if high is not None and high < 2**31 - 1 else " or more"
    words = f"whole number, {low}{upper}" if low is not None else "whole number"
    return Type(words, schema, (high,) if upper.startswith(" to") else ())


def _limits(metadata: tuple[Any, ...]) -> list[Any]:
    # They stand in the metadata of Annotated, or in a FieldInfo there.
    return [limit for item in metadata for limit in (item.metadata if isinstance(item, FieldInfo) else (item,))]


def _choice(choices: list[str]) -> Type:
    return Type(" or ".join(choices), {"enum": choices}, tuple(choices))


def _list(item: Type, metadata: tuple[Any, ...]) -> Type:
    schema: Json = {"type": "array", "items": item.schema}
    for limit in _limits(metadata):
        schema |= {"minItems": limit.min_length} if isinstance(limit, MinLen) else {}
    samples = ([{"operator": "Exists"}],) if item.group else tuple([sample] for sample in item.samples)
    return Type(f"list of {item.words}s", schema, (*samples, []), item.group, many=True)


def _map(key: Type, value: Type) -> Type:
    schema = {"type": "object", "propertyNames": key.schema, "additionalProperties": value.schema}
    samples = tuple({one: other} for one, other in zip(key.samples, value.samples, strict=False))
    return Type(f"map of {key.words} to {value.words}", schema, (*samples, {}))
