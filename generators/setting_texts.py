"""Kinds of text, types of Kubernetes and items of lists that settings have: words, schemas for editors, sample values.

A new kind of text needs an entry in `TEXTS`, an item of a list of groups one in `ITEMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel

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
    LocalQueue,
    NoProxy,
    PrincipalFormat,
    ProxyUrl,
    Release,
    UserName,
)
from components.price_settings import Currency, Price
from components.shared.fields import (
    AnnotationText,
    Argument,
    DnsLabel,
    DnsName,
    EnvName,
    EnvValue,
    LabelKey,
    LabelValue,
    Line,
    SchedulerName,
)
from components.shared.groups import KubeconfigPath, Toleration
from components.shared.hosts import Cidr, Host
from components.shared.image_names import Digest, Registry, Repository, Tag
from components.shared.paths import AbsolutePath, Executable, MountPath
from components.shared.pem import Certificate, PrivateKey
from components.shared.quantities import Bytes, Cpu
from generators.samples import authority, project_of_managers

Json = dict[str, Any]

TEXTS_FILE: Final = f"generators/{Path(__file__).name}"


class Text(NamedTuple):
    """A kind of text: its name in the reference, what an editor checks (less than the program does), two values."""

    words: str
    schema: Json
    samples: tuple[str, ...]


def _pattern(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


def validator_of(alias: Any) -> Callable[..., Any]:
    """The function that checks a kind of text."""
    found: Callable[..., Any] = get_args(alias)[-1].func
    return found


SECURE: Final[Json] = {
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
TEXTS: Final[Mapping[Callable[..., Any], Text]] = {
    validator_of(alias): kind
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
        (Executable, Text("absolute path", _pattern("^/[^:]+$"), ("/other", "/another"))),
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
        (LocalQueue, Text("LocalQueue", _pattern("^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$"), ("other", "team.another"))),
        (SchedulerName, Text("scheduler", _pattern("^[A-Za-z0-9._/-]+$"), ("other", "example.org/other"))),
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
        (KubeconfigPath, Text("path", {"type": "string", "minLength": 1}, ("other", "/another"))),
        (NoProxy, Text("no-proxy item", {"type": "string", "minLength": 1}, ("other", ".example.org"))),
        (MountPath, Text("mount path", _pattern("^/[^:]+$"), ("/other", "/another"))),
        (Currency, Text("one line of text", {"type": "string", "minLength": 1}, ("EUR", "USD"))),
        (Price, Text("price", _PRICE, ("0.5", "2"))),
        (PrincipalFormat, Text("principal format", _pattern(r"\[username\]"), ("[username]@other", "uid=[username]"))),
        (PrivateKey, Text("secret text", SECURE, (authority("A")[1], authority("B")[1]))),
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
KUBERNETES: Final[Mapping[str, tuple[Json, ...]]] = {
    "Affinity": (
        {"podAntiAffinity": {_REQUIRED: [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {}}]}},
        {
            "nodeAffinity": {
                _REQUIRED: {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a100"]}]}]
                }
            }
        },
    ),
    "TopologySpreadConstraint": (
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {},
        },
        {
            "maxSkew": 2,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {},
        },
    ),
}
"""Two values of each type of Kubernetes that a setting has."""
ITEMS: Final[Mapping[type[BaseModel], tuple[Json, ...]]] = {
    Suppression: ({"code": "MJS053", "reason": "other"}, {"code": "JUL010", "reason": "another"}),
    Toleration: ({"operator": "Exists"}, {"key": "other", "value": "another"}),
    Declared: ({"name": "other", "address": "192.0.2.20"}, {"name": "another", "address": "192.0.2.21"}),
    SelfRegistered: ({"name": "other"}, {"name": "another", "credential": "certificate"}),
    SingleNode: ({"name": "other"}, {"name": "another", "port": 6555}),
    MultiLocale: ({"name": "other", "locales": 2}, {"name": "another", "locales": 3}),
}
"""Two items of each list of groups."""
