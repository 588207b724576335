"""The content of a Secret."""

from __future__ import annotations

from components.shared.kube import RESOURCES, KubernetesApi
from components.shared.manifest import secret_data


def secret_values(api: KubernetesApi, namespace: str, name: str) -> dict[str, str]:
    """The values of a Secret, in clear; empty if it does not exist."""
    return secret_data(api.get(f"{RESOURCES['Secret'].path(namespace)}/{name}") or {})
