"""Every name, port and path of Arkouda, once. What upstream's server or image fixes says so."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "arkouda"
"""Its key in a stack file."""
SERVER: Final = "server"
LOCALE: Final = "locale"
"""Names of containers."""
CLIENT: Final = "client"
METRICS: Final = "metrics"
HTTP: Final = "http"
"""Names of ports."""
CLIENT_PORT: Final = 5555
METRICS_PORT: Final = 5556
EXPORTER_PORT: Final = 5080
SSH_PORT: Final = 2222
"""sshd of the locales. An unprivileged process cannot listen on 22."""

METRICS_SUFFIX: Final = "-metrics"
REGISTRAR_SUFFIX: Final = "-registrar"
JOB_SLICE_SUFFIX: Final = "-job"
CONFIG_SUFFIX: Final = "-config"
TOKEN_SUFFIX: Final = "-token"  # noqa: S105 - a suffix
SSH_SUFFIX: Final = "-ssh"
FILES_SUFFIX: Final = "-files"
LOCALE_SUFFIX: Final = "-locale"
LOCALES_SUFFIX: Final = "-locales"
EXPORTER_SUFFIX: Final = "-exporter"
SUFFIXES: Final = (
    METRICS_SUFFIX,
    REGISTRAR_SUFFIX,
    JOB_SLICE_SUFFIX,
    CONFIG_SUFFIX,
    TOKEN_SUFFIX,
    SSH_SUFFIX,
    FILES_SUFFIX,
    LOCALE_SUFFIX,
    LOCALES_SUFFIX,
    EXPORTER_SUFFIX,
)
"""Suffixes in the names of a server's objects."""

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
SLICE_MANAGER_LABEL: Final = "endpointslice.kubernetes.io/managed-by"
SLICE_MANAGER: Final = "clusters.pulumi"
"""Any value but those of Kubernetes' own controllers, which would otherwise manage the slice as their own."""
INSTANCE_LABEL: Final = "instance"
"""Label that tells one exporter from another in Prometheus."""

TOKEN_KEY: Final = "token"  # noqa: S105 - a key
CA_KEY: Final = "ca.crt"
"""Keys of a service-account-token Secret."""
PRIVATE_KEY: Final = "id_rsa"
PUBLIC_KEY: Final = "id_rsa.pub"
HOST_KEY: Final = "host_key"
HOST_PUBLIC_KEY: Final = "host_key.pub"
"""Keys of the Secret for SSH between locales; the first two are upstream's names."""

EXECUTABLE: Final = "/opt/arkouda/arkouda_server"
"""Where upstream's images keep the server."""
SSH_SERVER: Final = "/usr/sbin/sshd"
SSH_CLIENT: Final = "/usr/bin/ssh"
"""Where Debian and Ubuntu, and so upstream's image, keep OpenSSH."""
CONFIG_DIR: Final = "/arkouda/config"
RUN_DIR: Final = "/arkouda/run"
"""Working folder of the server, empty at each start: a tokens.txt of an earlier run would win over the token."""
SSH_DIR: Final = "/arkouda/ssh"
FILES_DIR: Final = "/arkouda-files"
"""Upstream's mount path for data files."""
TEMPORARY_DIR: Final = "/tmp"  # noqa: S108 - a volume of the container's own, as its root file system is read-only
SHARED_MEMORY_DIR: Final = "/dev/shm"  # noqa: S108 - where GASNet looks for memory that processes of a node share
SETTINGS_FILE: Final = "settings.env"
ARGUMENTS_FILE: Final = "server.args"


def token_resource(server: str, generation: int) -> str:
    """Pulumi's name of a server's access token."""
    return f"arkouda-{server}-token-{generation}"


def key_resource(server: str, purpose: str) -> str:
    """Pulumi's name of an SSH key of a server; `purpose` is `ssh` or `host`."""
    return f"arkouda-{server}-{purpose}"
