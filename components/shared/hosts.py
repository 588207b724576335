"""Hosts and networks that a stack config names."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator

from components.shared.fields import refuse

LONGEST_NAME: Final = 253
"""RFC 1035, without the final dot."""
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_OR_UNDERSCORES: Final = re.compile(r"[a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*")
_CIDR: Final = re.compile(r"[0-9a-fA-F:.]+(/\d{1,3})?", re.ASCII)


def host_problem(value: str, *, underscores: bool = False) -> str | None:
    """Why no other machine can connect to a host with this name or IPv4 address, or None.

    `underscores` are common in names of Windows servers, although RFC 1123 has none.
    """
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return _name_problem(value, _LABEL_OR_UNDERSCORES if underscores else _LABEL)
    if address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast:
        return "is not an address that another machine can connect to"
    return "is a reserved address" if address.is_reserved else None


def _name_problem(value: str, label: re.Pattern[str]) -> str | None:
    name = value.lower()
    labels = name.split(".")
    # The C library reads a name that ends in a number as an IPv4 address in one of its old notations.
    if not all(label.fullmatch(part) for part in labels) or _NUMBER.fullmatch(labels[-1]):
        return "is neither an IPv4 address nor a host name"
    if len(name) > LONGEST_NAME:
        return f"has {len(name)} characters, and a host name has at most {LONGEST_NAME}"
    if name in {"localhost", "localhost.localdomain"} or name.endswith(".localhost"):
        return "means a different machine to everyone who uses it"
    return None


def _host(value: str) -> str:
    if problem := host_problem(value):
        shown = "" if len(value) > LONGEST_NAME else f"{value!r} "
        refuse(
            f"{shown}{problem}",
            "Write the name or IPv4 address that clients connect to, such as mjs.example.org: without scheme, port, "
            "path or final dot.",
        )
    return value


Host = Annotated[str, AfterValidator(_host)]
"""A host that clients connect to. IPv6 needs a name: the parts of a profile's host string are divided by colons."""


def _cidr(value: str) -> str:
    remedy = "Write address/prefix length, such as 192.0.2.0/24 or 2001:db8::/32."
    if "%" in value:
        refuse(f"{value!r} names a network interface", "Write the network without %, such as 2001:db8::/32.")
    if not _CIDR.fullmatch(value):
        refuse(f"{value!r} is not a network", remedy)
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        refuse(f"{value!r} is not a network: {error}", remedy)
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        refuse(f"{value!r} is an IPv4 network in IPv6 notation, which Kubernetes rejects", "Write it as IPv4.")
    if network.is_loopback or network.is_multicast or network.is_unspecified or network == BROADCAST:
        refuse(f"{value!r} contains no address of another machine", remedy)
    return str(network)


BROADCAST: Final = ipaddress.IPv4Network("255.255.255.255")
Cidr = Annotated[str, AfterValidator(_cidr)]
"""A network in CIDR notation. A single address gets its prefix length, /32 or /128."""


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def reaches(networks: Iterable[str], host: str) -> bool | None:
    """Tell whether the networks contain a host; None for a name, whose address is not known here."""
    if not is_address(host):
        return None
    address = ipaddress.ip_address(host)
    return any(address in ipaddress.ip_network(network) for network in networks)


def share(networks: Iterable[str], version: int) -> float:
    """The share of all IPv4 or IPv6 addresses that the networks cover together."""
    known = [network for network in map(ipaddress.ip_network, networks) if network.version == version]
    # collapse_addresses merges neighbours and drops networks inside others.
    merged = ipaddress.collapse_addresses(known)  # type: ignore[type-var]
    return sum(2.0**-network.prefixlen for network in merged)
