"""What the pods of an Arkouda server share: container, volumes, placement, and the files that its scripts read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from components.arkouda import names
from components.arkouda.server_settings import InKubernetes, MultiLocale, SingleNode
from components.arkouda.topology import Topology, arguments, environment
from components.shared import security
from components.shared.groups import Resources
from components.shared.manifest import Manifest, claim, config_map, env_from_secret, literal_env, resources
from components.shared.manifest import files as read_files
from components.shared.objects import PlannedObject, protected
from components.shared.shell import assignments
from components.shared.workload import Port, mount

FILES: Final = Path(__file__).parent / "files"
SERVER_SCRIPTS: Final = (f"{names.SERVER}.sh", "health.sh")
LOCALE_SCRIPTS: Final = ("ssh.sh", f"{names.LOCALE}.sh")
GRACE_SECONDS: Final = 30
PERIOD_SECONDS: Final = 10
TIMEOUT_SECONDS: Final = 5
START_FAILURES: Final = 360
"""An hour: the server waits for its locales, whose nodes may have to pull the image first."""
FAILURES: Final = 6
"""A minute of failed checks: while the server runs a long command it still accepts connections."""

OneInKubernetes = SingleNode | MultiLocale


def claims(server: OneInKubernetes) -> list[str]:
    """The claim that the stack makes for the files of a server, if it makes one."""
    own = server.files.persistent and not server.files.claim
    return [f"{server.name}{names.FILES_SUFFIX}"] if own else []


def claim_objects(cluster: Topology, server: OneInKubernetes, component: str) -> list[PlannedObject]:
    """The claim. It is protected: a destroy keeps it."""
    return [
        protected(PlannedObject(claim(name, cluster.namespace, server.files), component), names.SYSTEM)
        for name in claims(server)
    ]


def configuration(cluster: Topology, server: OneInKubernetes, locale_hosts: Sequence[str] = ()) -> Manifest:
    """ConfigMap with the scripts of a server, their settings, and its command line, one argument a line."""
    scripts = (*SERVER_SCRIPTS, *(LOCALE_SCRIPTS if locale_hosts else ()))
    settings: Mapping[str, str | int | bool] = {
        "ARKOUDA_EXECUTABLE": server.executable,
        "ARKOUDA_PORT": server.port,
        "ARKOUDA_RUN_DIR": names.RUN_DIR,
        "ARKOUDA_SSH_DIR": names.SSH_DIR,
        "ARKOUDA_SSH_PORT": names.SSH_PORT,
        "ARKOUDA_SSH_SERVER": names.SSH_SERVER,
        "ARKOUDA_SSH_CLIENT": names.SSH_CLIENT,
        "ARKOUDA_LOCALES": " ".join(locale_hosts),
    }
    return config_map(
        f"{server.name}{names.CONFIG_SUFFIX}",
        cluster.namespace,
        {
            **read_files(FILES, *scripts),
            names.SETTINGS_FILE: assignments(settings),
            names.ARGUMENTS_FILE: "".join(f"{argument}\n" for argument in arguments(server)),
        },
    )


def amounts(server: InKubernetes) -> Manifest:
    """Requests equal limits, so that a full node evicts other pods first."""
    return resources(
        Resources(cpuRequest=server.cpu, cpuLimit=server.cpu, memoryRequest=server.memory, memoryLimit=server.memory)
    )


def container(  # noqa: PLR0913 - the parts of a container
    server: OneInKubernetes,
    image: str,
    script: str,
    *,
    ports: Sequence[Port],
    mounts: Sequence[Manifest] = (),
    variables: Sequence[Manifest] = (),
) -> Manifest:
    """The container of a server or locale. Checks run in the container, since they ask more than a TCP probe can."""
    role = script.removesuffix(".sh")
    check = {
        "exec": {"command": ["/bin/bash", f"{names.CONFIG_DIR}/health.sh", role]},
        "periodSeconds": PERIOD_SECONDS,
        "timeoutSeconds": TIMEOUT_SECONDS,
    }
    token = env_from_secret("ARKOUDA_SERVER_TOKEN", f"{server.name}{names.TOKEN_SUFFIX}", names.TOKEN_KEY)
    is_server = script == SERVER_SCRIPTS[0]
    own_env = [
        # Processes on other locales get their variables from the server.
        *literal_env({**(environment(server) if is_server else {}), "HOME": names.RUN_DIR}),
        *([token] if server.authenticate and is_server else []),
        *variables,
    ]
    return {
        "name": role,
        "image": image,
        "imagePullPolicy": str(server.image.pull_policy),
        "command": ["/bin/bash", f"{names.CONFIG_DIR}/{script}"],
        "env": own_env,
        "ports": [{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in ports],
        "resources": amounts(server),
        "securityContext": security.container(),
        "startupProbe": {**check, "failureThreshold": START_FAILURES},
        "readinessProbe": dict(check),
        "livenessProbe": {**check, "failureThreshold": FAILURES},
        "volumeMounts": [
            mount("config", names.CONFIG_DIR),
            mount("run", names.RUN_DIR, read_only=False),
            mount("tmp", names.TEMPORARY_DIR, read_only=False),
            mount("shm", names.SHARED_MEMORY_DIR, read_only=False),
            mount("files", names.FILES_DIR, read_only=False),
            *mounts,
        ],
    }


def volumes(server: OneInKubernetes) -> list[Manifest]:
    """Pod volumes. GASNet keeps its segments in shared memory, of which a container has 64 MiB otherwise."""
    name = server.files.claim or f"{server.name}{names.FILES_SUFFIX}"
    source = {"persistentVolumeClaim": {"claimName": name}} if server.files.persistent else {"emptyDir": {}}
    return [
        {"name": "config", "configMap": {"name": f"{server.name}{names.CONFIG_SUFFIX}"}},
        {"name": "run", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory"}},
        {"name": "files", **source},
    ]


def pod(cluster: Topology, server: InKubernetes) -> dict[str, Any]:
    """What every pod spec of a server holds."""
    return {
        **common(cluster, security.pod(server.user_id, server.group_id)),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
    }


def common(cluster: Topology, context: Manifest) -> dict[str, Any]:
    """What every pod spec holds, exporters included.

    Without service links: a Service named `metrics-server` would give the server METRICS_SERVER_PORT=tcp://…, at
    which it aborts.
    """
    secrets = [{"name": name} for name in cluster.settings.images.pull_secrets]
    return {
        "enableServiceLinks": False,
        "securityContext": context,
        **({"imagePullSecrets": secrets} if secrets else {}),
    }
