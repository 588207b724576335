"""Field types of every stack config: each refuses a wrong value with the problem and the remedy."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """A group of settings: camelCase in the stack file, unknown keys refused, frozen, documented by its docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        # A refused value may be a secret: pydantic's own texts must not repeat it.
        hide_input_in_errors=True,
    )


def refuse(problem: str, remedy: str) -> NoReturn:
    """Refuse a value from within a validator."""
    # The texts are templates to pydantic; what the person typed may hold braces.
    raise PydanticCustomError("refused", "{problem}", {"problem": problem, "remedy": remedy})


# Strict: YAML knows numbers and booleans, so "4" or 1 in their place is a slip, not a value.
Bool = Annotated[bool, Field(strict=True)]
HIGHEST = 2**31 - 1
"""Kubernetes keeps most numbers in 32 bits, and refuses greater ones late."""
Seconds = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Count = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Positive = Annotated[int, Field(strict=True, ge=1, le=HIGHEST)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
"""A TCP or UDP port."""
UserPort = Annotated[int, Field(strict=True, ge=1024, le=65535)]
"""A TCP port that needs no privilege to listen on."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME_PART = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_KEY = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9_.]{0,61})?[a-zA-Z0-9]")


def _dns_label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        refuse(f"{value!r} is not a DNS label", "Use up to 63 lower-case letters, digits and dashes (RFC 1123).")
    return value


def _dns_name(value: str) -> str:
    # Kubernetes limits the whole name of an object, not its parts.
    if len(value) > 253 or not all(_NAME_PART.fullmatch(part) for part in value.split(".")):  # noqa: PLR2004
        refuse(f"{value!r} is not a DNS name", "Use lower-case letters, digits, dashes and dots (RFC 1123).")
    return value


DnsLabel = Annotated[str, AfterValidator(_dns_label)]
"""The name of a namespace or Service (RFC 1123 label)."""
DnsName = Annotated[str, AfterValidator(_dns_name)]
"""The name of most Kubernetes objects, and of hosts (RFC 1123 subdomain)."""


_EVERY_NODE = "Write the name or address under which clients reach the cluster, such as mjs.example.org."
_HOST_LENGTH = 253


def _host(value: str) -> str:
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        if re.fullmatch(r"[0-9.]+", value) or not all(_LABEL.fullmatch(part) for part in value.lower().split(".")):
            refuse(
                f"{value!r} is neither an IPv4 address nor a host name",
                "Write the name alone, without scheme, port or path, such as mjs.example.org.",
            )
        if len(value) > _HOST_LENGTH:
            refuse(f"has {len(value)} characters, and a host name has at most {_HOST_LENGTH} (RFC 1035)", _EVERY_NODE)
        if value.lower() == "localhost" or value.lower().endswith(".localhost"):
            refuse(f"{value!r} is a different machine for every client", _EVERY_NODE)
        return value
    if address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast:
        refuse(f"{value!r} is not an address that another machine can connect to", _EVERY_NODE)
    if address.is_reserved or value == "255.255.255.255":
        refuse(f"{value!r} is a reserved address", _EVERY_NODE)
    return str(address)


Host = Annotated[str, AfterValidator(_host)]
"""A host that clients connect to. IPv6 needs a name: the parts of a profile's host string are divided by colons."""


def _cidr(value: str) -> str:
    if "%" in value:
        refuse(f"{value!r} names a network interface", "Write the network without %, such as 2001:db8::/32.")
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        refuse(f"{value!r} is not a network: {error}", "Write address/prefix length, such as 192.0.2.0/24.")


Cidr = Annotated[str, AfterValidator(_cidr)]

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY = re.compile(
    r"(?P<number>\d+(\.\d+)?)(?P<suffix>m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?\d{1,2})?", re.ASCII
)
_SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
_SUFFIXES |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)}
_SUFFIXES |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)}


def quantity(value: str) -> Decimal:
    """The amount that a Kubernetes quantity stands for. Raises ValueError for anything else."""
    match = _QUANTITY.fullmatch(value)
    if not match:
        raise ValueError(value)
    suffix = match["suffix"] or ""
    return Decimal(match["number"]) * (_SUFFIXES.get(suffix) or Decimal(f"1{suffix}"))


def _quantity(value: Any) -> str:
    text = f"{value}" if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    try:
        amount = quantity(text)
    except ValueError:
        refuse(f"{value!r} is not a Kubernetes quantity", "Write a number with an optional suffix: 2, 500m, 8Gi.")
    if amount <= 0:
        refuse(f"{value!r} must be greater than zero", "Write a positive amount, or null to leave it out.")
    return text


def _bytes(value: str) -> str:
    # Not % 1, which fails for amounts such as 1e99.
    if quantity(value) != quantity(value).to_integral_value():
        refuse(f"{value!r} is a fraction of a byte", "Write whole bytes, such as 8Gi; m means one thousandth.")
    return value


Quantity = Annotated[str, BeforeValidator(_quantity)]
"""An amount of CPU (cores), in Kubernetes' notation."""
Bytes = Annotated[str, BeforeValidator(_quantity), AfterValidator(_bytes)]
"""An amount of memory or storage (bytes), in Kubernetes' notation."""


def _one_line(value: str) -> str:
    if not value or any(ord(char) < 32 or ord(char) == 127 for char in value):  # noqa: PLR2004 - ASCII
        refuse("is empty or holds a line break or control character", "Write one line of text.")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
"""One line of text, not empty. Quotes, spaces and $ are safe: nothing pastes it into a script."""


def _absolute(value: str) -> str:
    if not value.startswith("/") or ".." in value.split("/") or ":" in value or _one_line(value) == "/":
        refuse(f"{value!r} is not an absolute path", "Write a path from the root of the container, such as /data.")
    return f"/{posixpath.normpath(value).lstrip('/')}"


AbsolutePath = Annotated[str, AfterValidator(_absolute)]
"""A mount path. A colon is refused, as the kubelet and MATLAB's path lists do."""

SYSTEM_FOLDERS = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/sbin",
    "/usr/share",
    "/var/lib",
    "/var/run",
)
"""Folders that the system in a container needs as they are (Filesystem Hierarchy Standard 3.0)."""


def covers(path: str, folder: str) -> bool:
    """Tell whether a mount at `path` hides `folder`, or is inside it."""
    return f"{path}/".startswith(f"{folder}/") or folder.startswith(f"{path}/")


def _mount_path(value: str) -> str:
    path = _absolute(value)
    if any(covers(path, folder) for folder in SYSTEM_FOLDERS):
        refuse(f"{path} belongs to the operating system of the container", "Mount it elsewhere, such as /data.")
    return path


MountPath = Annotated[str, AfterValidator(_mount_path)]
"""A place in a container for data of its users."""


def _env_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        refuse(f"{value!r} is not a variable name", "Use letters, digits and underscores, not a digit first.")
    return value


EnvName = Annotated[str, AfterValidator(_env_name)]


def _label_key(value: str) -> str:
    prefix, slash, name = value.rpartition("/")
    if not _KEY.fullmatch(name) or (slash and _dns_name(prefix) != prefix):
        refuse(f"{value!r} is not a label key", "Write name or prefix.example.org/name.")
    return value


def _label_value(value: str) -> str:
    if value and not _KEY.fullmatch(value):
        refuse(f"{value!r} is not a label value", "Use up to 63 letters, digits, dashes, underscores and dots.")
    return value


def is_label_value(value: str) -> bool:
    """Tell whether a text may be the value of a label."""
    return not value or bool(_KEY.fullmatch(value))


LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[str, AfterValidator(_label_value)]


def _secret(value: Any) -> Any:
    # Refused without a word about the value: messages end up in terminals and logs.
    if not isinstance(value, str) or not value or any(char in value for char in "\0\r\n"):
        refuse("is not one line of text", "Set it with pulumi config set --secret --path.")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""One line that is given with `pulumi config set --secret --path …` only."""


def _secret_text(value: Any) -> Any:
    if not isinstance(value, str) or not value or "\0" in value:
        refuse("is not text", "Set it with pulumi config set --secret --path, which reads standard input.")
    return value


SecretText = Annotated[SecretStr, BeforeValidator(_secret_text)]
"""As Secret, of any number of lines."""
