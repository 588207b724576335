"""Field types of every stack config: each rejects a wrong value with the problem and the remedy."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Annotated, Any, Final, NoReturn, Self, TypeVar

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
    """A group of settings: camelCase in the stack file, unknown keys rejected, frozen, documented by its docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        # A rejected value may be a secret: pydantic's own texts must not repeat it.
        hide_input_in_errors=True,
    )

    def __deepcopy__(self, _: object = None) -> Self:
        """Return the group itself, which nobody can change: pydantic copies every default that it fills in."""
        return self


def refuse(problem: str, remedy: str) -> NoReturn:
    """Reject a value from within a validator."""
    # Pydantic treats these texts as templates, but what the person typed may contain braces.
    raise PydanticCustomError("refused", "{problem}", {"problem": problem, "remedy": remedy})


T = TypeVar("T")


def distinct(items: tuple[T, ...]) -> tuple[T, ...]:
    """The items. Rejects a list that names one of them twice."""
    for item, count in Counter(items).items():
        if count > 1:
            refuse(f"`{item}` is listed {count} times", "List it once.")
    return items


# Server-side apply rejects a duplicate item in a list that it merges by name; in other lists it is a mistake too.
Distinct = Annotated[tuple[T, ...], AfterValidator(distinct)]
"""A list without repetitions."""

# Strict: YAML has numbers and booleans, so "4" or 1 in their place is a mistake.
Bool = Annotated[bool, Field(strict=True)]
HIGHEST = 2**31 - 1
"""Kubernetes keeps most numbers in 32 bits, and rejects larger ones late."""
Seconds = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Count = Annotated[int, Field(strict=True, ge=0, le=HIGHEST)]
Positive = Annotated[int, Field(strict=True, ge=1, le=HIGHEST)]
HIGHEST_PORT: Final = 65535
Port = Annotated[int, Field(strict=True, ge=1, le=HIGHEST_PORT)]
"""A TCP or UDP port."""
# In a NetworkPolicy, an empty list of ports means every port.
Ports = Annotated[Distinct[Port], Field(min_length=1)]
"""Some ports."""
UserPort = Annotated[int, Field(strict=True, ge=1024, le=HIGHEST_PORT)]
"""A TCP port that an unprivileged process can listen on."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME_PART = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_KEY = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9_.]{0,61})?[a-zA-Z0-9]")


def is_dns_label(text: str) -> bool:
    """Tell whether a text can be the name of a namespace or Service."""
    return bool(_LABEL.fullmatch(text))


def _dns_label(value: str) -> str:
    if not is_dns_label(value):
        refuse(f"{value!r} is not a DNS label", "Use up to 63 lower-case letters, digits and dashes (RFC 1123).")
    return value


def is_dns_name(value: str) -> bool:
    """Tell whether a text can be the name of most Kubernetes objects."""
    # Kubernetes limits the length of the whole name, not of its parts.
    return len(value) <= 253 and all(_NAME_PART.fullmatch(part) for part in value.split("."))  # noqa: PLR2004


def _dns_name(value: str) -> str:
    if not is_dns_name(value):
        refuse(f"{value!r} is not a DNS name", "Use lower-case letters, digits, dashes and dots (RFC 1123).")
    return value


DnsLabel = Annotated[str, AfterValidator(_dns_label)]
"""The name of a namespace or Service (RFC 1123 label)."""
DnsName = Annotated[str, AfterValidator(_dns_name)]
"""The name of most Kubernetes objects, and of hosts (RFC 1123 subdomain)."""
KUBERNETES_OWN: Final = ("kube-node-lease", "kube-public", "kube-system")
"""Namespaces that every Kubernetes cluster has for itself."""
RESERVED_NAMESPACES: Final = ("kube-", "openshift-")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces: avoid the prefix kube-. Operators of
the platform treat both as their own."""


def _namespace(value: str) -> str:
    if value in KUBERNETES_OWN:
        refuse(
            f"{value} belongs to Kubernetes: the NetworkPolicies of the stack would cut off its DNS and controllers",
            "Choose another namespace.",
        )
    if value.startswith(RESERVED_NAMESPACES):
        refuse(f"{value} has a prefix of Kubernetes' own namespaces", "Choose another namespace.")
    return value


NamespaceName = Annotated[DnsLabel, AfterValidator(_namespace)]
"""The name of a namespace for a system's own objects."""


_NOT_IN_A_LINE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: control characters, halves of characters, line and paragraph separators."""


def one_line(value: str) -> str:
    """The text. Rejects one that is empty or has several lines."""
    if not value or any(unicodedata.category(char) in _NOT_IN_A_LINE for char in value):
        refuse("is empty, or contains a line break or control character", "Write one line of text.")
    return value


Argument = Annotated[str, AfterValidator(one_line)]
"""One line of text, not empty, for a program of the user's own."""


def as_it_looks(value: str) -> str:
    """The text. Rejects one with spaces at its ends or with invisible characters."""
    for char in value:
        # People paste these from web pages and chats: no-break and zero-width spaces, direction marks.
        if unicodedata.category(char) == "Cf" or (unicodedata.category(char) == "Zs" and char != " "):
            name = unicodedata.name(char, f"U+{ord(char):04X}").lower()
            refuse(f"contains an invisible character, {name}", "Type the text instead of pasting it.")
    if value != value.strip():
        refuse(f"{value!r} begins or ends with a space", "Remove the space.")
    return value


Line = Annotated[Argument, AfterValidator(as_it_looks)]
"""One line of text that is what it looks like. Quotes and $ are safe: nothing pastes it into a script."""


def _name_text(value: str) -> str:
    if value.startswith("-"):
        refuse(f"{value!r} begins with a dash, so commands would treat it as an option", "Begin with a letter.")
    if len(value) > LONGEST_NAME:
        refuse(f"has {len(value)} characters", f"Write at most {LONGEST_NAME}.")
    return value


LONGEST_NAME = 255
NameText = Annotated[Line, AfterValidator(_name_text)]
"""A name that commands get as an argument."""


def _env_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        refuse(
            f"{value!r} is not a variable name", "Use letters, digits and underscores, and do not begin with a digit."
        )
    return value


EnvName = Annotated[str, AfterValidator(_env_name)]
LONGEST_VARIABLE = 128 * 1024
"""Bytes of name, = and value, with the NUL at its end: Linux starts no process with more (MAX_ARG_STRLEN)."""


def _env_value(value: str) -> str:
    if any(char == "\0" or unicodedata.category(char) == "Cs" for char in value):
        refuse("contains a character that no environment variable can have", "Remove the NUL character.")
    if len(value.encode()) > LONGEST_VARIABLE - 256:
        refuse(
            "is too long: Linux cannot start a program with a variable of this size",
            "Put the text into a file on a volume.",
        )
    return value


EnvValue = Annotated[str, AfterValidator(_env_value)]
"""The value of an environment variable, of any number of lines."""


def _label_key(value: str) -> str:
    if not is_label_key(value):
        refuse(f"{value!r} is not a label key", "Write name or prefix.example.org/name.")
    return value


def _label_value(value: str) -> str:
    if value and not _KEY.fullmatch(value):
        refuse(f"{value!r} is not a label value", "Use up to 63 letters, digits, dashes, underscores and dots.")
    return value


def is_label_key(text: str) -> bool:
    """Tell whether a text can be the key of a label or annotation."""
    prefix, slash, name = text.rpartition("/")
    return bool(_KEY.fullmatch(name)) and (not slash or is_dns_name(prefix))


def is_label_value(value: str) -> bool:
    """Tell whether a text can be the value of a label."""
    return not value or bool(_KEY.fullmatch(value))


def _scheduler(value: str) -> str:
    if not is_label_key(value):
        refuse(f"{value!r} is not the name of a scheduler", "Write its schedulerName, such as volcano.")
    return value


SchedulerName = Annotated[str, AfterValidator(_scheduler)]
"""The name of a scheduler. Kubernetes does not limit it, and GKE's own has a slash."""
LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[str, AfterValidator(_label_value)]
ALL_ANNOTATIONS = 256 * 1024
"""Bytes of all annotations of an object (kubernetes pkg/apis/core/validation, TotalAnnotationSizeLimitB)."""


def _annotation(value: str) -> str:
    if any(char == "\0" or unicodedata.category(char) == "Cs" for char in value):
        refuse("contains a character that no annotation can have", "Remove the NUL character or the lone surrogate.")
    return value


def _annotations(value: dict[str, str]) -> dict[str, str]:
    size = sum(len(key.encode()) + len(text.encode()) for key, text in value.items())
    # Pulumi and kubectl add annotations too.
    if size > ALL_ANNOTATIONS - 16 * 1024:
        refuse(f"have {size} bytes, more than one object can carry", "Shorten them to less than 240 KiB in total.")
    return value


AnnotationText = Annotated[str, AfterValidator(_annotation)]
"""The value of an annotation, of any number of lines."""
Annotations = Annotated[dict[LabelKey, AnnotationText], AfterValidator(_annotations)]
"""Annotations of one object."""


def _secret(value: Any) -> Any:
    # The message does not repeat the value: it ends up in terminals and logs.
    if not isinstance(value, str) or not value or any(char in value for char in "\0\r\n"):
        refuse("is not one line of text", "Set it with pulumi config set --secret --path.")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""One line of text, set only with `pulumi config set --secret --path …`."""


def _secret_text(value: Any) -> Any:
    if not isinstance(value, str) or not value or "\0" in value:
        refuse("is not text", "Set it with pulumi config set --secret --path, which reads standard input.")
    return value


SecretText = Annotated[SecretStr, BeforeValidator(_secret_text)]
"""Like Secret, but with any number of lines."""
