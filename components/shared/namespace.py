"""The namespace of one system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.shared.groups import Namespace
from components.shared.manifest import Manifest, manifest
from components.shared.objects import PlannedObject

COMPONENT: Final = "namespace"
POD_SECURITY: Final = "pod-security.kubernetes.io"
ENFORCE: Final = f"{POD_SECURITY}/enforce"


def objects(settings: Namespace) -> Iterator[PlannedObject]:
    """The namespace, where the stack makes it. It is protected: deleting it would delete everything in it."""
    if settings.create:
        yield PlannedObject(namespace(settings), COMPONENT, protect=True)


def namespace(settings: Namespace) -> Manifest:
    """The Namespace with its Pod Security levels: one is enforced, the strictest is reported."""
    return manifest(
        "v1",
        "Namespace",
        settings.name,
        None,
        labels={
            ENFORCE: settings.pod_security,
            f"{POD_SECURITY}/audit": "restricted",
            f"{POD_SECURITY}/warn": "restricted",
        },
    )
