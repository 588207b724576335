"""What each type of setting accepts: words for the reference, a schema for editors, and sample values to try.

A setting of a new type fails `tests/unit/test_reference.py` until the type is described here: a text with a validator
of its own in `_TEXTS`, an item of a list of groups in `_ITEMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic import AfterValidator, BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from components.arkouda.fields import Address, ApiServer, ServerName, ServerOption
from components.arkouda.sbatch import SbatchOption
from components.arkouda.server_settings import Declared, MultiLocale, SelfRegistered, SingleNode
from components.doctor_settings import Code as DoctorCode
from components.doctor_settings import Suppression
from components.julia.fields import Code, ServerUrl, SessionName, TomlText
from components.matlab.fields import (
    Domain,
    LdapUrl,
    LicenseManager,
    NoProxy,
    PrincipalFormat,
    ProxyUrl,
    Release,
    UserName,
)
from components.price_settings import Price
from components.shared.fields import (
    AbsolutePath,
    AnnotationText,
    Argument,
    Distinct,
    DnsLabel,
    DnsName,
    EnvName,
    EnvValue,
    LabelKey,
    LabelValue,
    Line,
    MountPath,
)
from components.shared.groups import Digest, Registry, Repository, Tag, Toleration
from components.shared.hosts import Cidr, Host
from components.shared.kubernetes_types import REFERENCE, KubernetesType
from components.shared.pem import Certificate, PrivateKey
from components.shared.quantities import Bytes, Cpu
from generators.samples import authority, project_of_managers

Json = dict[str, Any]

THIS_FILE: Final = f"generators/{Path(__file__).name}"
HIGHEST_32_BIT: Final = 2**31 - 1
"""The limit of most numbers in Kubernetes. No reader of the reference needs to see it."""


class UndescribedTypeError(TypeError):
    """A setting has a type that this file does not describe; the text says what to add."""


class Text(NamedTuple):
    """A kind of text: its name in the reference, what an editor checks (less than the program does), two values."""

    words: str
    schema: Json
    samples: tuple[str, ...]


def _pattern(pattern: str) -> Json:
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
_QUANTITY: Final[Json] = {
    "type": ["string", "number"],
    "pattern": "^[0-9]+(\\.[0-9]+)?([mkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?$",
    "exclusiveMinimum": 0,
}
_PRICE: Final[Json] = {"type": ["string", "number"], "pattern": r"^[0-9]{1,9}(\.[0-9]{1,9})?$", "minimum": 0}
_PROJECTS: Final = tuple(map(project_of_managers, ("one", "two")))
_TEXTS: Final[Mapping[Callable[..., Any], Text]] = {
    _validator(alias): kind
    for alias, kind in (
        (
            Address,
            Text("IPv4 address or job", _pattern(r"^([0-9]+(\.[0-9]+){3}|job)$"), ("192.0.2.20", "192.0.2.21", "job")),
        ),
        (
            ApiServer,
            Text(
                "URL", _pattern("^https://[A-Za-z0-9_.-]+(:[0-9]{1,5})?$"), ("https://other:6443", "https://192.0.2.1")
            ),
        ),
        (SbatchOption, Text("sbatch option", _pattern("^-"), ("--partition=other", "--mem=0"))),
        (ServerName, Text("server name", _pattern("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$"), ("other", "another"))),
        (
            ServerOption,
            Text("server option", _pattern("^-"), ("--perLocaleMemLimit=80", "--logCommands=true")),
        ),
        (AbsolutePath, Text("absolute path", _pattern("^/[^:]+$"), ("/other", "/another"))),
        (
            Certificate,
            Text("PEM certificate", _pattern("-----BEGIN CERTIFICATE-----"), (authority("A")[0], authority("B")[0])),
        ),
        (Cidr, Text("network (CIDR)", {"type": "string"}, ("192.0.2.0/24", "198.51.100.0/24"))),
        (DoctorCode, Text("code of docs/runbook.md", _pattern("^[A-Z]{3}[0-9]{3}$"), ("MJS053", "JUL010"))),
        (Digest, Text("image digest", _pattern("^sha256:[0-9a-f]{64}$"), (f"sha256:{0:064x}", f"sha256:{1:064x}"))),
        (DnsLabel, Text("DNS label", _pattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"), ("other", "another"))),
        (DnsName, Text("DNS name", _pattern("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), ("other", "another.example"))),
        (Domain, Text("DNS domain", _pattern("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), ("other", "another.example"))),
        (EnvName, Text("variable name", _pattern("^[A-Za-z_][A-Za-z0-9_]*$"), ("OTHER", "ANOTHER"))),
        (EnvValue, Text("text", {"type": "string"}, ("other", "another"))),
        (Code, Text("program text", {"type": "string", "minLength": 1}, ("println(1)\n", "println(2)\n"))),
        (Host, Text("host name or IPv4 address", _pattern("^[A-Za-z0-9.-]+$"), ("other.example", "192.0.2.1"))),
        (LabelKey, Text("label key", _pattern("^[A-Za-z0-9._/-]+$"), ("other", "example.org/other"))),
        (LabelValue, Text("label value", _pattern("^[A-Za-z0-9._-]{0,63}$"), ("other", "another"))),
        (
            LdapUrl,
            Text(
                "LDAP address",
                _pattern("^ldaps?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?/?( ldaps?://[A-Za-z0-9_.-]+(:[0-9]{1,5})?/?)*$"),
                ("ldap://other:389", "ldaps://other:636"),
            ),
        ),
        (LicenseManager, Text("license manager", _pattern("@"), ("27000@other", "27000@192.0.2.9"))),
        (AnnotationText, Text("text", {"type": "string"}, ("other", "another"))),
        (Argument, Text("one line of text", {"type": "string", "minLength": 1}, ("other", "another"))),
        (Line, Text("one line of text", {"type": "string", "minLength": 1}, ("other", "another"))),
        (NoProxy, Text("host, domain or network", {"type": "string", "minLength": 1}, ("other", ".example.org"))),
        (MountPath, Text("mount path", _pattern("^/[^:]+$"), ("/other", "/another"))),
        (Price, Text("price", _PRICE, ("0.5", "2"))),
        (PrincipalFormat, Text("principal format", _pattern(r"\[username\]"), ("[username]@other", "uid=[username]"))),
        (PrivateKey, Text("secret text", _SECURE, (authority("A")[1], authority("B")[1]))),
        (Cpu, Text("CPU quantity", _QUANTITY, ("3", "200m"))),
        (Bytes, Text("byte quantity", _QUANTITY, ("30Gi", "200Mi"))),
        (Release, Text("release", _pattern("^r20[0-9][0-9][ab]$"), ("r2024b", "r2025b", "r2026b"))),
        (Registry, Text("registry", _pattern(r"^[A-Za-z0-9.:/_\[\]-]+$"), ("other.example", "localhost:5000/other"))),
        (
            Repository,
            Text("image repository", _pattern(r"^[A-Za-z0-9.:/_\[\]-]+$"), ("other", "registry.example.org/other")),
        ),
        (ProxyUrl, Text("proxy address", _pattern("^http://"), ("http://other:3128", "http://192.0.2.9:3128"))),
        (ServerUrl, Text("server address", _pattern("^https?://"), ("https://other.example", "http://another:8000"))),
        (SessionName, Text("session name", _pattern("^[a-z0-9]([-a-z0-9]{0,37}[a-z0-9])?$"), ("other", "another"))),
        (Tag, Text("image tag", _pattern("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"), ("other", "r2025b"))),
        (TomlText, Text("TOML text", {"type": "string"}, (_PROJECTS[0], _PROJECTS[1]))),
        (UserName, Text("user name", _pattern("^[a-z_][a-z0-9_-]{0,31}$"), ("other", "another"))),
    )
}
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_KUBERNETES: Final[Mapping[str, tuple[Json, ...]]] = {
    "Affinity": (
        {"podAntiAffinity": {_REQUIRED: [{"topologyKey": "kubernetes.io/hostname"}]}},
        {
            "nodeAffinity": {
                _REQUIRED: {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a100"]}]}]
                }
            }
        },
    ),
    "TopologySpreadConstraint": (
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule"},
        {"maxSkew": 2, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
    ),
}
"""Two values of each type of Kubernetes that a setting has."""
_ITEMS: Final[Mapping[type[BaseModel], tuple[Json, ...]]] = {
    Suppression: ({"code": "MJS053", "reason": "other"}, {"code": "JUL010", "reason": "another"}),
    Toleration: ({"operator": "Exists"}, {"key": "other", "value": "another"}),
    Declared: ({"name": "other", "address": "192.0.2.20"}, {"name": "another", "address": "192.0.2.21"}),
    SelfRegistered: ({"name": "other"}, {"name": "another", "credential": "certificate"}),
    SingleNode: ({"name": "other"}, {"name": "another", "port": 6555}),
    MultiLocale: ({"name": "other", "locales": 2}, {"name": "another", "locales": 3}),
}
"""Two items of each list of groups."""


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
    return Type(name, {"$ref": f"{REFERENCE}{name}"}, _KUBERNETES[name]) if name else None


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
        return Type(*_text(metadata, Text("secret text", _SECURE, ("other", "another"))))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice([str(member.value) for member in annotation])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Type("group", {"$ref": f"#/definitions/{definition_name(annotation)}"}, (), annotation)
    raise UndescribedTypeError(f"type {annotation} has no description: extend _simple in {THIS_FILE}")


def _text(metadata: tuple[Any, ...], unchecked: Text) -> Text:
    validators = [item.func for item in metadata if isinstance(item, (AfterValidator, BeforeValidator))]
    # The last validator is the narrowest.
    for validator in reversed(validators):
        if validator in _TEXTS:
            return _TEXTS[validator]
    if not validators or unchecked.schema is _SECURE:
        return unchecked
    names = ", ".join(getattr(validator, "__name__", repr(validator)) for validator in validators)
    raise UndescribedTypeError(
        f"text that is checked by {names} has no words, schema and samples: add its type to _TEXTS in {THIS_FILE}"
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
    if any(isinstance(item, AfterValidator) and item.func is _validator(Distinct) for item in metadata):
        schema["uniqueItems"] = True
    samples: tuple[Any, ...] = item.samples
    if item.group:
        if item.group not in _ITEMS:
            raise UndescribedTypeError(
                f"a list of {item.group.__name__} has no samples: add two items of it to _ITEMS in {THIS_FILE}"
            )
        samples = _ITEMS[item.group]
    return Type(
        f"list of {item.words}s",
        schema,
        (*([sample] for sample in samples), [*samples[:3]], []),
        item.group,
        is_list=True,
    )


def _map(key: Type, value: Type) -> Type:
    if value.group:
        schema = {"type": "object", "propertyNames": key.schema, "additionalProperties": value.schema}
        names: tuple[Any, ...] = tuple({name: {}} for name in key.samples)
        return Type(f"map of {key.words} to {value.words}", schema, names, value.group, is_map=True)
    schema = {"type": "object", "propertyNames": key.schema, "additionalProperties": value.schema}
    samples = tuple({one: other} for one, other in zip(key.samples, value.samples, strict=False))
    return Type(f"map of {key.words} to {value.words}", schema, (*samples, {}))
