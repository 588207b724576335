"""Nodes of the embedded cluster: their pods become Ready, and no container runs, so there is no log and no command."""

from __future__ import annotations

from typing import Final

from components.shared.kube import Json

_RUNTIME: Final = "fakeRuntime:"
"""What a hollow kubelet reports (pkg/kubelet/container/testing/fake_runtime.go in Kubernetes)."""


def is_hollow(node: Json) -> bool:
    """Tell whether a node only says that its containers run."""
    info = node.get("status", {}).get("nodeInfo") or {}
    return str(info.get("containerRuntimeVersion", "")).startswith(_RUNTIME)


def explanation(name: str) -> str:
    """Why nothing can be learnt from a pod on this node."""
    return f"{name} is a hollow node of the embedded cluster, which runs no containers"
