"""The account with which a job outside Kubernetes registers a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.arkouda import names
from components.arkouda.topology import Topology
from components.shared import rbac
from components.shared.manifest import Manifest, manifest
from components.shared.objects import PlannedObject, token_secret


def name_of(server: str) -> str:
    """Name of the account, its Role, its RoleBinding and its token Secret."""
    return f"{server}{names.REGISTRAR_SUFFIX}"


def account(cluster: Topology, server: str, rights: Sequence[Manifest], component: str) -> Iterator[PlannedObject]:
    """A ServiceAccount with these rights and no others, and a token of it."""
    name, namespace = name_of(server), cluster.namespace
    own = manifest("v1", "ServiceAccount", name, namespace, automountServiceAccountToken=False)
    yield PlannedObject(own, component)
    yield PlannedObject(rbac.role(name, namespace, rights), component)
    yield PlannedObject(
        rbac.role_binding(name, namespace, name, [rbac.service_account(name, namespace)]),
        component,
        after=(("Role", name), ("ServiceAccount", name)),
    )
    # Kubernetes deletes a token Secret whose account does not exist.
    yield PlannedObject(token_secret(name, namespace, name), component, after=(("ServiceAccount", name),))
