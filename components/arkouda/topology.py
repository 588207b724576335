"""What follows from the settings: which servers there are, their hosts, ports and command lines. Pure, no Pulumi."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from components.arkouda import names
from components.arkouda.fields import BY_JOB
from components.arkouda.server_settings import (
    Declared,
    InKubernetes,
    Job,
    MultiLocale,
    SelfRegistered,
    Server,
)
from components.arkouda.settings import Settings
from components.shared.quantities import quantity
from components.shared.workload import Port

ARRAY_SHARE = 80
"""Percent of a pod's memory for arrays; code, buffers of GASNet and Chapel's stacks need the rest."""


class Entry(NamedTuple):
    """A server and the config path of its settings."""

    path: str
    server: Server


class Topology:
    """All Arkouda servers of a stack."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def namespace(self) -> str:
        """Namespace of every object."""
        return self.settings.namespace.name

    @property
    def lists(self) -> dict[str, Sequence[Server]]:
        """The servers of each kind, by the name of their list."""
        settings = self.settings
        return {
            "declared": settings.declared,
            "selfRegistered": settings.self_registered,
            "singleNode": settings.single_node,
            "multiLocale": settings.multi_locale,
        }

    @property
    def entries(self) -> list[Entry]:
        """Every server with its config path, in the order in which they are written."""
        return [
            Entry(f"arkouda.{kind}[{index}]", server)
            for kind, servers in self.lists.items()
            for index, server in enumerate(servers)
        ]

    @property
    def servers(self) -> list[Server]:
        """Every server."""
        return [entry.server for entry in self.entries]

    @property
    def exporters(self) -> list[Server]:
        """The servers with an exporter."""
        return [server for server in self.servers if server.metrics.enabled and server.metrics.exporter]

    def host(self, server: Server) -> str:
        """Host that clients inside Kubernetes connect to; the pods' search domains complete it."""
        return f"{server.name}.{self.namespace}"

    def metrics_host(self, server: Server) -> str:
        """Host of the metrics port. A server that registers itself makes a Service for it."""
        suffix = names.METRICS_SUFFIX if isinstance(server, SelfRegistered) else ""
        return f"{server.name}{suffix}.{self.namespace}"


def ports(server: Server) -> tuple[Port, ...]:
    """The ports of a server's Service. Each is also the port that the server listens on.

    The server announces its Service's port in place of its own, so the two must not differ.
    """
    client = Port(names.CLIENT, server.port)
    return (client, Port(names.METRICS, server.metrics.port)) if server.metrics.enabled else (client,)


def needs_credentials(server: Server) -> bool:
    """A job writes to the Kubernetes API for the server."""
    return isinstance(server, SelfRegistered) or (isinstance(server, Declared) and server.address == BY_JOB)


def job(server: Server) -> Job | None:
    """The job that runs a server outside Kubernetes, where the stack hands one out."""
    return server.job if isinstance(server, (Declared, SelfRegistered)) and needs_credentials(server) else None


def locales(server: Server) -> int:
    """Number of locales (-nl)."""
    if isinstance(server, MultiLocale):
        return server.locales
    own = job(server)
    return own.locales if own else 1


def registered_services(server: Server) -> list[str]:
    """The Services that a server creates itself."""
    if not isinstance(server, SelfRegistered):
        return []
    return [server.name, *([f"{server.name}{names.METRICS_SUFFIX}"] if server.metrics.enabled else [])]


def user_name(cluster: Topology, server: SelfRegistered) -> str:
    """The name by which the API server knows the server."""
    if server.credential == "token":
        return f"system:serviceaccount:{cluster.namespace}:{server.name}{names.REGISTRAR_SUFFIX}"
    return f"arkouda:{cluster.namespace}:{server.name}"


def arguments(server: Server) -> list[str]:
    """The command line of arkouda_server, without the command."""
    return [item for item in _arguments(server) if item]


def _arguments(server: Server) -> Iterator[str]:
    registers = isinstance(server, SelfRegistered)
    daemons = ["INTEGRATION" if registers else "DEFAULT", *(["METRICS"] if server.metrics.enabled else [])]
    own = server if isinstance(server, InKubernetes) else job(server)
    if own:
        yield from ("-nl", str(locales(server)))
        yield f"--logLevel=LogLevel.{own.log_level}"
    yield f"--ServerPort={server.port}"
    yield "--ServerDaemon.daemonTypes=" + ",".join(f"ServerDaemonType.{daemon}" for daemon in daemons)
    if registers:
        yield "--ExternalIntegration.systemType=SystemType.KUBERNETES"
    if server.metrics.enabled:
        # Metrics are recorded only while memory is tracked.
        yield "--memTrack=true"
    if memory := array_memory(server):
        yield f"--memMax={memory}"
    if server.authenticate:
        yield "--authenticate=true"
    if own:
        yield from own.server_options


def array_memory(server: Server) -> int | None:
    """Bytes per locale for --memMax; None: the server's own default."""
    if isinstance(server, InKubernetes):
        return int(quantity(server.mem_max) if server.mem_max else quantity(server.memory) * ARRAY_SHARE / 100)
    own = job(server)
    return int(quantity(own.mem_max)) if own and own.mem_max else None


def environment(server: Server) -> dict[str, str]:
    """Environment variables of the server that are not secrets."""
    found: dict[str, str] = {}
    if server.metrics.enabled:
        found["METRICS_SERVER_PORT"] = str(server.metrics.port)
    if isinstance(server, InKubernetes):
        # Chapel counts the cores of the node, not those of the container.
        found["CHPL_RT_NUM_THREADS_PER_LOCALE"] = str(max(1, int(quantity(server.cpu))))
    elif (own := job(server)) and own.threads_per_locale:
        found["CHPL_RT_NUM_THREADS_PER_LOCALE"] = str(own.threads_per_locale)
    return found
