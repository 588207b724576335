"""The namespace of one system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.shared.groups import Namespace
from components.shared.inventory import Inventory, owner
from components.shared.manifest import Manifest, manifest
from components.shared.mistakes import NAMESPACE, Mistake
from components.shared.objects import PlannedObject, protected

COMPONENT: Final = "namespace"
POD_SECURITY: Final = "pod-security.kubernetes.io"
ENFORCE: Final = f"{POD_SECURITY}/enforce"


def objects(settings: Namespace, system: str) -> Iterator[PlannedObject]:
    """The namespace, where the stack makes it. It is protected: deleting it would delete everything in it."""
    if settings.create:
        yield protected(PlannedObject(namespace(settings), COMPONENT), system)


def namespace(settings: Namespace, reported: str = "restricted") -> Manifest:
    """The Namespace with its Pod Security levels: one is enforced, and violations of another one are reported."""
    return manifest(
        "v1",
        "Namespace",
        settings.name,
        None,
        labels={
            ENFORCE: settings.pod_security,
            f"{POD_SECURITY}/audit": reported,
            f"{POD_SECURITY}/warn": reported,
        },
    )


def objections(settings: Namespace, path: str, inventory: Inventory) -> Iterator[Mistake]:
    """Why the namespace cannot be created or used; `path` is the config path of the settings."""
    name = settings.name
    if not inventory.namespace_readable:
        return
    if inventory.namespace is None:
        if not settings.create:
            yield Mistake(
                f"{path}.name",
                f"namespace {name} does not exist",
                f"Create it, or set {path}.create to true.",
                NAMESPACE,
            )
    elif inventory.namespace.get("status", {}).get("phase") == "Terminating":
        yield Mistake(
            f"{path}.name", f"namespace {name} is being deleted", "Wait until it is gone, then try again.", NAMESPACE
        )
    elif settings.create and not inventory.is_ours("Namespace", name):
        yield Mistake(
            f"{path}.create",
            f"is true, but namespace {name} exists and belongs to {owner(inventory.namespace)}",
            "Set it to false to use that namespace as it is, or choose another name.",
            NAMESPACE,
        )
