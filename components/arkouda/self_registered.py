"""A server outside Kubernetes that creates its own Services: its account, its rights, and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.arkouda import admission, registrar
from components.arkouda.server_settings import SelfRegistered
from components.arkouda.topology import Topology, registered_services, user_name
from components.shared import rbac
from components.shared.manifest import Manifest
from components.shared.objects import PlannedObject


def objects(cluster: Topology, server: SelfRegistered, component: str) -> Iterator[PlannedObject]:
    """Everything that the server needs before it starts. Its Services are its own."""
    if server.admission_policy:
        policy = admission.policy(cluster, server)
        yield PlannedObject(policy, component)
        yield PlannedObject(
            admission.binding(cluster, server), component, after=((policy["kind"], policy["metadata"]["name"]),)
        )
    if server.credential == "token":
        yield from registrar.account(cluster, server.name, rights(server), component)
        return
    name, namespace = registrar.name_of(server.name), cluster.namespace
    yield PlannedObject(rbac.role(name, namespace, rights(server)), component)
    user = {"kind": "User", "apiGroup": rbac.GROUP, "name": user_name(cluster, server)}
    yield PlannedObject(rbac.role_binding(name, namespace, name, [user]), component, after=(("Role", name),))


def rights(server: SelfRegistered) -> list[Manifest]:
    """The requests of a server (create, and delete of its Services) and of the job around it.

    The job makes its Services dependents of the Role, so that Kubernetes deletes them with it, and deletes what a
    killed server has left. RBAC cannot limit `create` to names; the admission policy does.
    """
    own: Sequence[str] = registered_services(server)
    return [
        rbac.rule("", "services", "create"),
        rbac.rule("", "endpoints", "create"),
        rbac.rule("", "services", "patch", "delete", named=own),
        rbac.rule("", "endpoints", "delete", named=own),
    ]
