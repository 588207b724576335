"""The workers of a pool: they always run, and connect to the session with a cookie."""

from __future__ import annotations

from collections.abc import Iterator

from components.julia import names, pods
from components.julia.session import workload
from components.julia.startup import FILES
from components.julia.topology import POOL_PORT, JuliaSession
from components.shared.manifest import CHECKSUM, Manifest, checksum, files
from components.shared.objects import PlannedObject, secret
from components.shared.workload import Port, app, cluster_ip

COOKIE_LENGTH = 16
"""Characters that Distributed.jl sends when it connects (HDR_COOKIE_LEN)."""


def way_in(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """The Service under whose name workers find the session, and the cookie that both know."""
    name = names.session(session.name)
    service = cluster_ip(name, session.namespace, app(name), [Port("join", POOL_PORT)])
    yield PlannedObject(service, component, skip_await=True)
    yield PlannedObject(secret(names.cookie(session.name), session.namespace), component)


def workers(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """The workers, after the session that they connect to."""
    timeout = session.settings.manager.start_timeout
    after = (("StatefulSet", names.session(session.name)),)
    yield PlannedObject(stateful_set(session), component, after=after, timeout=timeout)


def stateful_set(session: JuliaSession) -> Manifest:
    """As many workers as the settings say. Kubernetes restarts one that ends."""
    settings, name = session.settings, names.worker(session.name)
    template = pods.template(
        session,
        name,
        group=settings.workers,
        container={
            "name": names.WORKER,
            "image": session.worker_image,
            "imagePullPolicy": session.worker_pull_policy,
            "command": [settings.workers.executable or "julia", f"{names.CONFIG_DIR}/{names.WORKER_FILE}"],
            "env": pods.worker_environment(session),
        },
        volumes=pods.pool_worker_volumes(session),
        service_account=name,
        token=False,
    )
    template["metadata"]["annotations"][CHECKSUM] = checksum(files(FILES, names.WORKER_FILE))
    return workload(session, name, settings.workers.max, template)
