"""Field types of a MATLAB cluster: each rejects a wrong value with the problem and the remedy."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, TypeAdapter

from components.shared.fields import HIGHEST_PORT, Line, distinct, is_dns_name, refuse
from components.shared.hosts import LONGEST_NAME, Cidr, host_problem, is_address

OLDEST_RELEASE: Final = "r2024a"
"""The first release that MathWorks' chart runs."""


def _release(value: str) -> str:
    if not re.fullmatch(r"r20\d\d[ab]", value, re.ASCII):
        refuse(f"{value!r} is not a MATLAB release", "Write r, the year and a or b in lower case, such as r2026a.")
    if value < OLDEST_RELEASE:
        refuse(f"{value!r} is too old for MATLAB Job Scheduler on Kubernetes", f"Write {OLDEST_RELEASE} or later.")
    return value


Release = Annotated[str, AfterValidator(_release)]
"""A MATLAB release. Lexicographic order is release order."""

LDAP_PORTS: Final = {"ldap": 389, "ldaps": 636}
"""The port of an address that names none (RFC 4516; Java's LDAP provider)."""
LDAP_PORTS_OF_THE_OTHER: Final = {
    "ldap": {636: "ldaps://", 3269: "ldaps:// of a global catalog"},
    "ldaps": {389: "ldap://", 3268: "ldap:// of a global catalog"},
}
"""Ports on which a server speaks the other protocol: the connection would wait for a greeting that never comes."""
_LDAP_URL: Final = re.compile(
    r"(?P<scheme>ldaps?)://(?P<host>[\w.-]+|\[(?P<ipv6>[0-9a-fA-F:.]+)\])(?::(?P<port>\d{1,5}))?/?", re.ASCII
)


class LdapServer(NamedTuple):
    """One server of an LDAP address."""

    scheme: str
    host: str
    port: int


def ldap_servers(url: str) -> list[LdapServer]:
    """The servers of an LDAP address. Raises ValueError with the part that is wrong and the reason."""
    servers = []
    for part in url.split():
        match = _LDAP_URL.fullmatch(part)
        if not match:
            raise ValueError(f"{part!r} is not an LDAP address")
        if match["ipv6"]:
            if ipaddress.IPv6Address(match["ipv6"]).is_loopback:
                raise ValueError(f"{part!r} names no server: a pod that connects to it connects to itself")
        elif problem := host_problem(match["host"], underscores=True):
            raise ValueError(f"{part!r} names no server: {match['host']} {problem}")
        port = int(match["port"] or LDAP_PORTS[match["scheme"]])
        if not 1 <= port <= HIGHEST_PORT:
            raise ValueError(f"{part!r} is not an LDAP address: {port} is not a port")
        if other := LDAP_PORTS_OF_THE_OTHER[match["scheme"]].get(port):
            raise ValueError(f"{part!r} names the port of {other}")
        servers.append(LdapServer(match["scheme"], match["host"], port))
    return servers


def _ldap_url(value: str) -> str:
    remedy = "Write ldap://HOST:PORT or ldaps://HOST:PORT. Separate several servers with spaces."
    try:
        servers = ldap_servers(value)
    except ValueError as error:
        refuse(str(error), remedy)
    if not servers:
        refuse("is empty", "Write ldap://HOST:PORT or ldaps://HOST:PORT, or remove it.")
    if len({server.scheme for server in servers}) > 1:
        refuse("mixes ldap:// and ldaps://", "Use the same scheme for all servers.")
    distinct(tuple(f"{server.host}:{server.port}" for server in servers))
    return " ".join(value.split())


LdapUrl = Annotated[str, AfterValidator(_ldap_url)]
"""Addresses of LDAP servers, tried in this order."""


def _principal_format(value: str) -> str:
    if "[username]" not in value:
        refuse(
            f"{value!r} does not contain [username], so every user would be the same principal",
            "Write where the name goes, such as [username]@example.org or uid=[username],ou=people,dc=example,dc=org.",
        )
    if value.startswith("("):
        refuse(
            f"{value!r} is a search filter, and MJS signs in as the user without a search",
            "Write the user's principal, such as [username]@example.org or uid=[username],ou=people,dc=example,dc=org.",
        )
    if _DISTINGUISHED.match(value) and (part := next((part for part in _parts(value) if not _RDN.match(part)), None)):
        refuse(
            f"{part.strip()!r} is not a part of a distinguished name",
            "Write attribute=value for each part, such as uid=[username],ou=people,dc=example,dc=org.",
        )
    return value


# RFC 4514: a backslash escapes a comma.
_RDN: Final = re.compile(r"\s*[A-Za-z0-9.-]+\s*=\s*\S")
_DISTINGUISHED: Final = re.compile(r"[A-Za-z0-9.-]+\s*=")


def _parts(name: str) -> list[str]:
    """The parts of a distinguished name. One with quotes, as RFC 2253 still reads it, is left whole."""
    return [name] if '"' in name else re.split(r"(?<!\\)[,;]", name)


PrincipalFormat = Annotated[Line, AfterValidator(_principal_format)]


_PROXY_URL: Final = re.compile(r"http://(?P<host>[\w.-]+|\[(?P<ipv6>[0-9a-fA-F:.]+)\]):(?P<port>\d{1,5})/?", re.ASCII)


def proxy_port(url: str) -> int:
    """The port in the address of a web proxy."""
    return int(url.rstrip("/").rpartition(":")[2])


def proxy_host(url: str) -> str:
    """The host in the address of a web proxy, without the brackets of IPv6."""
    return url.removeprefix("http://").rpartition(":")[0].strip("[]")


def _proxy_url(value: str) -> str:
    match = _PROXY_URL.fullmatch(value)
    if "@" in value:
        refuse(
            "contains a user or password, which everybody who can read pods would see",
            "Use a proxy that identifies the nodes by their address.",
        )
    if not match or not 1 <= int(match["port"]) <= HIGHEST_PORT or not _is_another_machine(match):
        refuse(f"{value!r} is not the address of a web proxy", "Write http://HOST:PORT, for https traffic too.")
    return value


def _is_another_machine(match: re.Match[str]) -> bool:
    if match["ipv6"]:
        return is_address(match["ipv6"]) and not ipaddress.ip_address(match["ipv6"]).is_loopback
    return host_problem(match["host"], underscores=True) is None


ProxyUrl = Annotated[Line, AfterValidator(_proxy_url)]
"""The address of a web proxy."""


def _no_proxy(value: str) -> str:
    remedy = "Write a host, a domain with its dot in front such as .example.org, an address or a network."
    if "/" in value and "://" not in value:
        return TypeAdapter(Cidr).validate_python(value)
    known = value == "localhost" or is_address(value)
    if not known and host_problem(value.removeprefix("."), underscores=True):
        refuse(f"{value!r} is not a host, domain or network", remedy)
    return value


NoProxy = Annotated[Line, AfterValidator(_no_proxy)]
"""What a program reaches without the web proxy. Programs read wildcards, spaces and ports in different ways."""


class LicenseServer(NamedTuple):
    """One server of a network license manager. Without a port, FlexNet tries its default ones."""

    port: str
    host: str


def license_servers(value: str) -> list[LicenseServer]:
    """The servers in a value of MLM_LICENSE_FILE, as far as it is a list of port@host."""
    parts = (server.rpartition("@") for server in re.split(r"[:,]", value) if server)
    return [LicenseServer(port, host) for port, _, host in parts]


def _license_manager(value: str) -> str:
    remedy = (
        "Write port@host, such as 27000@license.example.org: host and port are in the SERVER line of the license file. "
        "Separate several servers with a colon."
    )
    for server in re.split(r"[:,]", value):
        port, at, host = server.rpartition("@")
        if not at or not re.fullmatch(r"\d*", port, re.ASCII):
            refuse(f"{server!r} is not a network license manager", remedy)
        if problem := host_problem(host, underscores=True):
            refuse(f"{host!r} {problem}", remedy)
        if port and not 1 <= int(port) <= HIGHEST_PORT:
            refuse(f"{port} is not a port", f"Write a port between 1 and {HIGHEST_PORT} before the @.")
    for group in value.split(":"):
        count = len(group.split(","))
        # FlexNet reads a list with commas as the three servers of one redundant license manager.
        if count not in (1, REDUNDANT_SERVERS):
            refuse(
                f"separates {count} servers with commas, but a redundant license manager has {REDUNDANT_SERVERS}",
                "Separate independent license managers with a colon.",
            )
    distinct(tuple(re.split(r"[:,]", value)))
    return value


REDUNDANT_SERVERS: Final = 3


LicenseManager = Annotated[Line, AfterValidator(_license_manager)]
"""One network license manager, or several: a colon separates them, and commas the servers of a redundant one."""

SYSTEM_USERS: Final = frozenset(
    {
        *("root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data"),
        *("backup", "list", "irc", "gnats", "nobody", "messagebus", "sshd", "_apt"),
    }
)
"""Users of Ubuntu, on which MathWorks builds the images: their homes do not exist or belong to the system."""


def _user(value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", value):
        refuse(
            f"{value!r} is not a user name",
            "Use up to 32 lower-case letters, digits, dashes and underscores, and begin with a letter.",
        )
    if value in SYSTEM_USERS or value.startswith("systemd-"):
        refuse(f"{value!r} is a user of the operating system", "Use another name, such as matlab.")
    return value


UserName = Annotated[str, AfterValidator(_user)]
"""A user that a worker creates with useradd."""
LONGEST_LABEL: Final = 63


def _local_queue(value: str) -> str:
    if not is_dns_name(value) or len(value) > LONGEST_LABEL:
        refuse(
            f"{value!r} is not the name of a LocalQueue",
            f"Use up to {LONGEST_LABEL} lower-case letters, digits, dashes and dots.",
        )
    return value


LocalQueue = Annotated[str, AfterValidator(_local_queue)]
"""The name of a LocalQueue of Kueue, which is also the value of a label."""


def _domain(value: str) -> str:
    if (
        len(value) > LONGEST_NAME
        or value.rpartition(".")[2].isdigit()
        or not all(
            re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", part) and len(part) <= LONGEST_LABEL
            for part in value.split(".")
        )
    ):
        refuse(
            f"{value!r} is not a DNS domain",
            "Write the cluster's domain in lower case and without a final dot, such as cluster.local.",
        )
    return value


Domain = Annotated[str, AfterValidator(_domain)]
"""A DNS domain."""
