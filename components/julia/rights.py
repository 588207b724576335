"""Who may do what in the namespace of a session: the session itself, its workers, and the people who use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from components.julia import names
from components.julia.topology import JuliaSession
from components.shared import rbac
from components.shared.manifest import Manifest, manifest
from components.shared.objects import PlannedObject
from components.shared.rbac import rule

OF_SESSION: Final[Mapping[str, tuple[str, ...]]] = {
    "pods": ("create", "delete", "get", "list", "patch"),
    "pods/exec": ("create", "get"),
    "pods/log": ("get",),
}
"""What K8sClusterManagers.jl needs, and nothing else.

kubectl starts exec as a GET since 1.31, and Kubernetes checks `create` for it since 1.35 (KEP-4006).
"""
OF_USERS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "pods"): ("delete", "get", "list"),
    ("", "pods/attach"): ("create", "get"),
    ("", "pods/log"): ("get",),
    ("", "resourcequotas"): ("get", "list"),
    ("apps", "statefulsets"): ("get",),
    ("batch", "jobs"): ("get",),
}
"""Attach, logs, a restart by deleting the pod, and a look at what the quota leaves."""


def objects(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """Accounts first, then their rights."""
    for item in _in_order(session):
        yield PlannedObject(item, component)


def _in_order(session: JuliaSession) -> Iterator[Manifest]:
    name, namespace = names.session(session.name), session.namespace
    yield _account(name, namespace)
    yield _account(names.worker(session.name), namespace)
    if session.starts_workers:
        yield rbac.role(name, namespace, [rule("", resource, *verbs) for resource, verbs in OF_SESSION.items()])
        yield rbac.role_binding(name, namespace, name, [rbac.service_account(name, namespace)])
    if people := _people(session):
        users = names.users(session.name)
        yield rbac.role(users, namespace, [rule(*resource, *verbs) for resource, verbs in OF_USERS.items()])
        yield rbac.role_binding(users, namespace, users, people)


def _account(name: str, namespace: str) -> Manifest:
    # Each pod that needs the token mounts it explicitly: other pods with this account get none.
    return manifest("v1", "ServiceAccount", name, namespace, automountServiceAccountToken=False)


def _people(session: JuliaSession) -> list[Manifest]:
    kinds = {"User": session.settings.users, "Group": session.settings.groups}
    return [{"apiGroup": rbac.GROUP, "kind": kind, "name": name} for kind, given in kinds.items() for name in given]
