"""The access token of a server, which clients show when they connect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.arkouda import names
from components.arkouda.server_settings import Server
from components.arkouda.topology import Topology
from components.shared.objects import PlannedObject, secret

GENERATION: Final = "clusters.pulumi/token-generation"
"""Pod annotation that changes with the token, so that a new token restarts the server."""


def secret_name(server: Server) -> str:
    """Name of the Secret with the token."""
    return f"{server.name}{names.TOKEN_SUFFIX}"


def objects(cluster: Topology, server: Server, component: str) -> Iterator[PlannedObject]:
    """The Secret, where the server's pods read it."""
    if server.authenticate:
        yield PlannedObject(secret(secret_name(server), cluster.namespace), component)


def pod_annotations(server: Server) -> dict[str, str]:
    """Annotations of pods that read the token."""
    return {GENERATION: str(server.token_generation)} if server.authenticate else {}
