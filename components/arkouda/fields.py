"""Field types of Arkouda servers: each rejects a wrong value with the problem and the remedy."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final

from pydantic import AfterValidator

from components.shared.fields import HIGHEST_PORT, Line, refuse
from components.shared.hosts import host_problem

LONGEST_NAME: Final = 40
"""StatefulSets add 11 characters of their own, and this program up to 10, to names of at most 63 characters."""
_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_URL: Final = re.compile(r"https://(?P<host>[\w.-]+)(:(?P<port>\d{1,5}))?", re.ASCII)
_OWN_OPTIONS: Final = {
    "authenticate": "set authenticate",
    "daemonTypes": "it is determined by the kind of server",
    "deployment": "it is determined by the kind of server",
    "logLevel": "set logLevel",
    "memMax": "set memMax",
    "memTrack": "set metrics.enabled",
    "nl": "set locales",
    "numLocales": "set locales",
    "ServerPort": "set port",
    "systemType": "it is determined by the kind of server",
}
"""Options of arkouda_server that the program sets, and how to change them."""


def _server_name(value: str) -> str:
    if not _NAME.fullmatch(value) or len(value) > LONGEST_NAME:
        refuse(
            f"{value!r} cannot be used as the name of the server's Kubernetes objects",
            f"Use up to {LONGEST_NAME} lower-case letters, digits and dashes, starting with a letter (RFC 1035).",
        )
    return value


ServerName = Annotated[str, AfterValidator(_server_name)]
"""The name of a server and of its Service."""


BY_JOB: Final = "job"
"""In place of an address: the job that runs the server enters its own."""


def _address(value: str) -> str:
    if value == BY_JOB:
        return value
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        refuse(
            f"{value!r} is not an IPv4 address",
            "Write the address, such as 192.0.2.10 (an EndpointSlice takes no host names), or "
            f"{BY_JOB} if the job that runs the server registers its own.",
        )
    if problem := host_problem(value):
        # kubernetes pkg/apis/core/validation, ValidateEndpointIP
        refuse(f"{value!r} {problem}", "Write the address under which pods reach the server's first node.")
    return value


Address = Annotated[str, AfterValidator(_address)]
"""The IPv4 address of a server outside Kubernetes, or `job` if a job registers it."""


def _api_server(value: str) -> str:
    match = _URL.fullmatch(value)
    if not match or not 0 < int(match["port"] or 443) <= HIGHEST_PORT:
        refuse(
            f"{value!r} is not the address of an API server",
            "Write https://HOST:PORT without a path, as `kubectl cluster-info` prints it.",
        )
    if problem := host_problem(match["host"]):
        refuse(
            f"{match['host']!r} {problem}",
            "Write a name or address of the API server that the servers' nodes can reach.",
        )
    return value


ApiServer = Annotated[str, AfterValidator(_api_server)]
"""The URL of the Kubernetes API server."""


_ENDS_AT_ONCE: Final = ("-a", "--about", "-h", "--help")
"""Options with which a Chapel program prints a text and ends."""


_BOOLEANS: Final = ("autoShutdown", "logCommands", "trace")
_NEED_VALUE: Final = ("logChannel", "perLocaleMemLimit", "serverConnectionInfo")
"""Options that are not booleans: without a value, the server uses the next argument as the value."""


def option_name(value: str) -> str:
    """The variable that an option sets, without its module: Chapel reads -sNAME=value like --NAME=value."""
    name = value.partition("=")[0].lstrip("-")
    name = name.removeprefix("s") if value.startswith("-s") else name
    return name.removeprefix("no-").rpartition(".")[2]


def _option(value: str) -> str:
    name, _, given = option_name(value), *value.partition("=")[1:]
    own = {option.lower(): option for option in _OWN_OPTIONS}
    for part in (name, value.lstrip("-").partition(".")[0].partition("=")[0]):
        if option := own.get(part.lower()):
            refuse(f"{value!r} is an option that this program sets", f"Remove it; {_OWN_OPTIONS[option]}.")
    if re.fullmatch(r"-nl\d+", value):
        refuse(f"{value!r} is an option that this program sets", f"Remove it; {_OWN_OPTIONS['nl']}.")
    if name == "trace" and given not in ("true", "false"):
        refuse(f"{value!r} is not a value of --trace", "Write --trace=true or --trace=false.")
    if name in _BOOLEANS and "=" in value and given not in ("true", "false"):
        refuse(f"{value!r} is neither true nor false", f"Write --{name}=true or --{name}=false.")
    if (name in _NEED_VALUE and not given) or value in ("-f", "-s"):
        refuse(f"{value!r} has no value, so the server would use the next argument as its value", "Write --name=value.")
    if name == "perLocaleMemLimit" and not given.isdecimal():
        refuse(f"{value!r} is not a whole percentage", "Write --perLocaleMemLimit=80.")
    if value in _ENDS_AT_ONCE:
        refuse(f"{value!r} makes the server print a message and exit", "Remove it.")
    if not is_option(value):
        refuse(f"{value!r} is not an option of arkouda_server", "Write --name=value.")
    return value


def _options(values: tuple[str, ...]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for value in values:
        other = first.setdefault(option_name(value), value)
        if other is not value:
            refuse(f"{other} and {value} set the same variable", "Remove one of them.")
    return values


ServerOption = Annotated[Line, AfterValidator(_option)]
"""One option of arkouda_server."""
ServerOptions = Annotated[tuple[ServerOption, ...], AfterValidator(_options)]
"""Options of one server."""


def is_option(value: str) -> bool:
    """One argument that begins with the name of an option: a space may be only in its value."""
    return bool(re.match(r"--?[A-Za-z][\w.-]*(=|$)", value, re.ASCII))
