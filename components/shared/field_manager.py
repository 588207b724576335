"""The manager under which Pulumi's Kubernetes provider applies an object.

Server-side apply removes a field that the config no longer has only for the manager that wrote it
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). The provider chooses a name for
each object, and remembers it in the state alone.
"""

from __future__ import annotations

from typing import Final

from components.shared.kube import Json

PROVIDER: Final = "pulumi-kubernetes-"
"""Prefix of the provider's managers; the provider chooses the rest (provider.go, fieldManagerName)."""


def manager(live: Json) -> str:
    """The manager under which the stack applies the object: its own of earlier, or one that each attempt chooses."""
    for entry in live["metadata"].get("managedFields") or ():
        own = entry["manager"].startswith(PROVIDER) and entry["operation"] == "Apply"
        # The subresources status and scale have other writers.
        if own and not entry.get("subresource"):
            name: str = entry["manager"]
            return name
    return f"{PROVIDER}{live['metadata']['uid'][:8]}"


def notes(live: Json, api_version: str) -> Json:
    """What the provider adds to the outputs of an object in the state; `__` is how it marks its notes."""
    return {"__initialApiVersion": api_version, "__fieldManager": manager(live)}
