"""The namespace of one system."""

from __future__ import annotations

import pulumi

from components.shared.component import Context, Part
from components.shared.groups import Namespace
from components.shared.manifest import Manifest, manifest

POD_SECURITY = "pod-security.kubernetes.io"
ENFORCE = f"{POD_SECURITY}/enforce"


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


class NamespacePart(Part):
    """The namespace, made and protected by the stack, or one that exists: then there is nothing to register."""

    def __init__(self, token: str, settings: Namespace, context: Context, parent: pulumi.Resource) -> None:
        """Make the namespace if the settings say so."""
        super().__init__(token, "namespace", context, parent)
        self.objects = [self.add(namespace(settings), protect=True)] if settings.create else []
