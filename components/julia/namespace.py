"""The namespace of a session, with the amounts that its pods may use together."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from components.julia import names
from components.julia.settings import JuliaWorkers, Manager
from components.julia.topology import JuliaSession
from components.shared.manifest import GPU, Manifest, manifest
from components.shared.namespace import namespace
from components.shared.objects import PlannedObject, protected
from components.shared.quantities import bytes_text, cpu_text, quantity


def objects(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """Namespace, quota and defaults for containers. A namespace with a depot that is kept is kept with it.

    The warning level equals the enforced one: kubectl prints warnings, and K8sClusterManagers.jl treats every line that
    kubectl prints as a failure (its pod.jl, create_pod).
    """
    own = session.own_namespace
    if own.create:
        item = PlannedObject(namespace(own, reported=own.pod_security), component)
        yield protected(item, names.SYSTEM) if session.keeps_data else item
    yield PlannedObject(quota(session), component)
    yield PlannedObject(limit_range(session), component)


def quota(session: JuliaSession) -> Manifest:
    """Exactly the session and its workers. The API server rejects one worker more."""
    manager, workers = session.settings.manager, session.settings.workers
    cpu = cpu_text(_sum(manager, workers, "cpu"))
    memory = bytes_text(_sum(manager, workers, "memory"))
    hard = {
        "pods": str(1 + workers.max),
        "requests.cpu": cpu,
        "requests.memory": memory,
        "limits.cpu": cpu,
        "limits.memory": memory,
    }
    if workers.num_gpus:
        hard[f"requests.{GPU}"] = str(workers.max * workers.num_gpus)
    return manifest("v1", "ResourceQuota", names.session(session.name), session.namespace, spec={"hard": hard})


def _sum(manager: Manager, workers: JuliaWorkers, what: str) -> Decimal:
    return quantity(getattr(manager, what)) + workers.max * quantity(getattr(workers, what))


def limit_range(session: JuliaSession) -> Manifest:
    """A container that names no amounts gets those of a worker: under a quota it would be rejected without any."""
    workers = session.settings.workers
    amounts = {"cpu": workers.cpu, "memory": workers.memory}
    limits = [{"type": "Container", "default": amounts, "defaultRequest": amounts}]
    return manifest("v1", "LimitRange", names.session(session.name), session.namespace, spec={"limits": limits})
