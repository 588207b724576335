"""What the pods of a session share: labels, volumes, environment, security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.julia import names
from components.julia.settings import JuliaWorkers, Manager
from components.julia.topology import JuliaSession, whole_cores
from components.shared import security, workload
from components.shared.manifest import GPU, Manifest, env, literal_env, tolerations, volume_source
from components.shared.rules_pods import Owned
from components.shared.workload import app, mount

NO_SIDECARS: Final = {
    # K8sClusterManagers.jl looks for its image in the only container, and asks the only container for its state.
    "consul.hashicorp.com/connect-inject": "false",
    "linkerd.io/inject": "disabled",
    "sidecar.istio.io/inject": "false",
}
"""Annotations that keep service meshes out."""
ISTIO_LABEL: Final = {"sidecar.istio.io/inject": "false"}
"""Istio's webhook reads the label first (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/)."""
OWNED: Final = Owned(
    frozenset({*ISTIO_LABEL, names.WORKER_PREFIX_LABEL, "cluster-cookie", "worker-id"}), frozenset(NO_SIDECARS)
)
"""With the labels that K8sClusterManagers.jl gives its workers."""
FIELDS: Final = {
    "POD_NAME": "metadata.name",
    "POD_UID": "metadata.uid",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_IP": "status.podIP",
}
"""Variables with which a session learns about its own pod."""
SETTINGS_OF_VARIABLES: Final[Mapping[str, str]] = {
    "JULIA_NUM_PRECOMPILE_TASKS": "packages.precompileTasks",
    "JULIA_NUM_THREADS": "threads",
    "JULIA_PKG_SERVER": "packages.server",
    "JULIA_PROJECT": "packages.folder",
    "JULIA_DEPOT_PATH": "packages.depot",
    "JULIA_WORKER_TIMEOUT": "workers.connectTimeout",
}
"""Where to set what a variable would set. `threads` is in the group of the pod."""


def labels(session: JuliaSession, name: str) -> dict[str, str]:
    """Labels of a pod; `name` is its `app` label."""
    return {**app(name), names.SESSION_LABEL: session.name, **ISTIO_LABEL}


def session_environment(session: JuliaSession) -> list[Manifest]:
    """Environment of the session itself."""
    return [*session_variables(session), *env(session.settings.manager.env)]


def session_variables(session: JuliaSession) -> list[Manifest]:
    """The variables of the session that the program sets itself."""
    settings = session.settings
    fields = [
        {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}
        for name, path in FIELDS.items()
    ]
    own = {
        "HOME": names.HOME_DIR,
        "JULIA_DEPOT_PATH": _depots(session, names.DEPOT_DIR),
        "JULIA_PROJECT": settings.packages.folder or names.PROJECT_DIR,
        "JULIA_PKG_SERVER": settings.packages.server,
        **_julia(session, settings.manager),
    }
    return [*fields, *literal_env(own)]


def worker_environment(session: JuliaSession) -> list[Manifest]:
    """Environment of a worker."""
    return [*worker_variables(session), *env(session.settings.workers.env)]


def worker_variables(session: JuliaSession) -> list[Manifest]:
    """The variables of a worker that the program sets itself. It finds the session's packages where both see them."""
    settings = session.settings
    project = settings.packages.folder or (names.PROJECT_DIR if session.shares_depot else None)
    shared = [names.DEPOT_DIR] if session.shares_depot else []
    own = {
        "HOME": names.TEMPORARY_DIR,
        "JULIA_DEPOT_PATH": _depots(session, names.WORKER_DEPOT_DIR, *shared),
        **({"JULIA_PROJECT": project} if project else {}),
        **_julia(session, settings.workers),
    }
    return literal_env(own)


def _julia(session: JuliaSession, group: Manager | JuliaWorkers) -> dict[str, str]:
    settings = session.settings
    return {
        "JULIA_NUM_PRECOMPILE_TASKS": str(settings.packages.precompile_tasks),
        "JULIA_NUM_THREADS": str(group.threads or whole_cores(group.cpu)),
        # Julia's default, 60, is on both sides: the session does not pass its own on to workers.
        "JULIA_WORKER_TIMEOUT": str(settings.workers.connect_timeout),
    }


def _depots(session: JuliaSession, *own: str) -> str:
    """JULIA_DEPOT_PATH. The empty entry at the end is the depot that comes with Julia."""
    image = session.settings.packages.depot
    return ":".join([*own, *([image] if image else []), ""])


def placement(group: Manager | JuliaWorkers) -> Manifest:
    """Fields of a pod spec that say where the pod runs, without the empty ones."""
    return {
        **({"nodeSelector": dict(group.node_selector)} if group.node_selector else {}),
        **({"tolerations": tolerations(group.tolerations)} if group.tolerations else {}),
        **group.placement(),
    }


def common_spec(session: JuliaSession) -> Manifest:
    """Fields of the pod spec of session and workers."""
    settings = session.settings
    secrets = [{"name": name} for name in settings.pull_secrets]
    return {
        "enableServiceLinks": False,
        "securityContext": security.pod(settings.user_id, settings.group_id),
        **({"imagePullSecrets": secrets} if secrets else {}),
    }


def amounts(group: Manager | JuliaWorkers) -> dict[str, str]:
    """CPU and memory of one pod."""
    return {"cpu": group.cpu, "memory": group.memory}


def resources(group: Manager | JuliaWorkers) -> Manifest:
    """Requests and limits; they are equal, as K8sClusterManagers.jl makes them for workers."""
    limits = amounts(group)
    if isinstance(group, JuliaWorkers) and group.num_gpus:
        limits |= gpus(group)
    return {"requests": amounts(group), "limits": limits}


def gpus(workers: JuliaWorkers) -> dict[str, str]:
    """The GPUs of a worker, which Kubernetes requests as soon as they are limited."""
    return {GPU: str(workers.num_gpus)}


def session_volumes(session: JuliaSession) -> list[tuple[Manifest, Manifest]]:
    """Each volume of the session with its mount."""
    return [
        (
            volume_source("depot", names.depot(session.name), session.settings.depot),
            mount("depot", names.DEPOT_DIR, read_only=False),
        ),
        *_configuration(session),
        *_claims(session),
    ]


def worker_volumes(session: JuliaSession) -> list[tuple[Manifest, Manifest]]:
    """Each volume of a worker with its mount."""
    shared: list[tuple[Manifest, Manifest]] = []
    if session.shares_depot:
        source = volume_source("depot", names.depot(session.name), session.settings.depot)
        shared.append((source, mount("depot", names.DEPOT_DIR)))
    return [*shared, *_temporary(), *_claims(session)]


def pool_worker_volumes(session: JuliaSession) -> list[tuple[Manifest, Manifest]]:
    """Each volume of a worker in a pool with its mount."""
    return [*worker_volumes(session), _files(session), cookie_volume(session)]


def _configuration(session: JuliaSession) -> list[tuple[Manifest, Manifest]]:
    cookie = [] if session.starts_workers else [cookie_volume(session)]
    return [_files(session), *cookie, *_temporary()]


def _files(session: JuliaSession) -> tuple[Manifest, Manifest]:
    source = {"name": "config", "configMap": {"name": names.startup(session.name)}}
    return source, mount("config", names.CONFIG_DIR)


def cookie_volume(session: JuliaSession) -> tuple[Manifest, Manifest]:
    """The cookie, readable by the group of the pod alone."""
    source = {"secretName": names.cookie(session.name), "defaultMode": 0o440}
    return {"name": "cookie", "secret": source}, mount("cookie", names.COOKIE_DIR)


def _temporary() -> list[tuple[Manifest, Manifest]]:
    return [({"name": "tmp", "emptyDir": {}}, mount("tmp", names.TEMPORARY_DIR, read_only=False))]


def _claims(session: JuliaSession) -> list[tuple[Manifest, Manifest]]:
    return [
        (
            {"name": f"data-{index}", "persistentVolumeClaim": {"claimName": claim}},
            mount(f"data-{index}", path, read_only=False),
        )
        for index, (claim, path) in enumerate(sorted(session.settings.claims.items()))
    ]


def template(  # noqa: PLR0913 - the parts of a pod
    session: JuliaSession,
    name: str,
    *,
    group: Manager | JuliaWorkers,
    container: Manifest,
    volumes: list[tuple[Manifest, Manifest]],
    service_account: str,
    token: bool,
    **spec: Any,
) -> Manifest:
    """A pod template of the session; `name` is its `app` label, and `token` gives it its account's rights."""
    pod_volumes, mounts = workload.pod_volumes(volumes)
    whole = {
        **container,
        "resources": resources(group),
        "securityContext": security.container(),
        "volumeMounts": mounts,
    }
    return {
        "metadata": group.metadata(labels(session, name), NO_SIDECARS),
        "spec": {
            **placement(group),
            **common_spec(session),
            "serviceAccountName": service_account,
            "automountServiceAccountToken": token,
            "containers": [whole],
            "volumes": pod_volumes,
            **spec,
        },
    }
