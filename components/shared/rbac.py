"""Rights of pods and users in a namespace: Roles with their rules, and RoleBindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.shared.manifest import Manifest, manifest

GROUP: Final = "rbac.authorization.k8s.io"


def rule(group: str, resource: str, *verbs: str, named: Sequence[str] | None = None) -> Manifest:
    """Verbs on one resource; `named` limits them to the objects with these names."""
    found: Manifest = {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
    return {**found, "resourceNames": list(named)} if named else found


def role(name: str, namespace: str, rules: Sequence[Manifest]) -> Manifest:
    """A Role."""
    return manifest(f"{GROUP}/v1", "Role", name, namespace, rules=list(rules))


def role_binding(name: str, namespace: str, role: str, subjects: Sequence[Manifest]) -> Manifest:
    """Gives a Role to subjects."""
    return manifest(
        f"{GROUP}/v1",
        "RoleBinding",
        name,
        namespace,
        subjects=list(subjects),
        roleRef={"apiGroup": GROUP, "kind": "Role", "name": role},
    )


def service_account(name: str, namespace: str) -> Manifest:
    """A ServiceAccount, as the subject of a RoleBinding."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
