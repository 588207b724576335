"""The content of a Secret."""

from __future__ import annotations

from base64 import b64decode

from components.shared.kube import RESOURCES, KubernetesApi


def secret_values(api: KubernetesApi, namespace: str, name: str) -> dict[str, str]:
    """The values of a Secret, in clear; empty if it does not exist."""
    found = api.get(f"{RESOURCES['Secret'].path(namespace)}/{name}") or {}
    return {key: b64decode(text).decode() for key, text in (found.get("data") or {}).items()}
