"""The files that a stack hands out for each server: connection, environment, and the job that runs it outside.

They leave the stack as one secret output; `python -m ops arkouda-files` writes them to a folder.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from components.arkouda import declared, names, registrar
from components.arkouda.pods import FILES
from components.arkouda.server_settings import Declared, SelfRegistered, Server
from components.arkouda.topology import (
    Topology,
    arguments,
    environment,
    job,
    locales,
    registered_services,
    user_name,
)
from components.shared.manifest import files as read_files
from components.shared.shell import assignments

CONNECT: Final = "connect.py"
ENVIRONMENT: Final = "arkouda.env"
CA: Final = "ca.pem"
JOB: Final = "job.sh"
EXECUTABLE: Final = (JOB, "submit.sh", "request-certificate.sh")
"""Files that are commands."""
CONNECT_TIMEOUT: Final = 60
"""Seconds. Without it, a client that NetworkPolicies block waits for ever, like any other."""


@dataclass(frozen=True)
class Credentials:
    """What only a deployed stack knows; empty where a server has no use for it."""

    access_token: str = ""
    """Token that clients show to the server."""
    api_token: str = ""
    """Token that the job shows to the API server."""
    authority: str = ""
    """CA of the API server, PEM."""
    owner: str = ""
    """UID of the server's Role."""


def files(cluster: Topology, server: Server, known: Credentials) -> dict[str, str]:
    """The files of one server by name."""
    found = {CONNECT: connect(cluster, server, known.access_token)}
    if job(server):
        found |= _job_files(cluster, server, known)
    elif isinstance(server, Declared):
        found[ENVIRONMENT] = assignments({**environment(server), **_access(known)})
    return found


def connect(cluster: Topology, server: Server, access_token: str = "") -> str:
    """Python code that connects a client to the server, in a pod."""
    options = [f"server={json.dumps(cluster.host(server))}", f"port={server.port}", f"timeout={CONNECT_TIMEOUT}"]
    if access_token:
        options.append(f"access_token={json.dumps(access_token)}")
    return f"import arkouda as ak\n\nak.connect({', '.join(options)})\n"


def command(server: Server) -> str:
    """The command that runs a server outside Kubernetes, for the shell."""
    return shlex.join([names.EXECUTABLE, *arguments(server)])


def _access(known: Credentials) -> dict[str, str]:
    return {"ARKOUDA_SERVER_TOKEN": known.access_token} if known.access_token else {}


def _job_files(cluster: Topology, server: Server, known: Credentials) -> dict[str, str]:
    own = job(server)
    registers = isinstance(server, SelfRegistered)
    script = "job-self-registered.sh" if registers else "job-declared.sh"
    found = read_files(FILES, "common.sh", "submit.sh", "shutdown.py", script)
    found[JOB] = found.pop(script)
    found[ENVIRONMENT] = assignments(job_environment(cluster, server, known))
    found["server.args"] = "".join(f"{argument}\n" for argument in arguments(server))
    found["sbatch.args"] = "".join(f"{option}\n" for option in (own.sbatch_options if own else ()))
    if isinstance(server, SelfRegistered) and server.credential == "certificate":
        found |= read_files(FILES, "request-certificate.sh")
    else:
        found[CA] = known.authority
    return found


def job_environment(cluster: Topology, server: Server, known: Credentials) -> Mapping[str, str | int]:
    """Variables of the job and of the server in it. Their names are upstream's, but for those with ARKOUDA_.

    A server reads only one of each pair of ports, and which one differs, so the two are always equal.
    """
    own = job(server)
    found: dict[str, str | int] = {
        "K8S_HOST": cluster.settings.api_server or "",
        "NAMESPACE": cluster.namespace,
        **({"SSL_TOKEN": known.api_token} if known.api_token else {}),
        "EXTERNAL_SERVICE_NAME": server.name,
        "EXTERNAL_SERVICE_PORT": server.port,
        "EXTERNAL_SERVICE_TARGET_PORT": server.port,
    }
    if server.metrics.enabled and isinstance(server, SelfRegistered):
        found |= {
            "METRICS_SERVICE_NAME": registered_services(server)[-1],
            "METRICS_SERVICE_PORT": server.metrics.port,
            "METRICS_SERVICE_TARGET_PORT": server.metrics.port,
        }
    found |= {**environment(server), **_access(known)}
    found |= {
        "ARKOUDA_SERVER_NAME": server.name,
        "ARKOUDA_EXECUTABLE": own.executable if own else "",
        "ARKOUDA_LOCALES": locales(server),
        "ARKOUDA_STOP_MARGIN": own.stop_margin if own else 0,
    }
    if isinstance(server, SelfRegistered):
        found |= {
            "ARKOUDA_OWNER": registrar.name_of(server.name),
            "ARKOUDA_OWNER_UID": known.owner,
            "ARKOUDA_USER": user_name(cluster, server),
        }
    elif isinstance(server, Declared):
        found["ARKOUDA_SLICE"] = declared.slice_name(server)
    return found
