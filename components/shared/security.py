"""The hardened security context of every pod and container. A system lists its exceptions in its own security.py."""

from __future__ import annotations

from typing import Any, Final

from components.shared.manifest import Manifest

UNPRIVILEGED_USER: Final = 65532
"""Any number but 0 does for a static binary in an image from scratch; this is the usual `nonroot`."""

SECCOMP: Final = {"type": "RuntimeDefault"}


def pod(user: int, group: int | None = None) -> Manifest:
    """Pod security context of a pod whose processes run as `user`; volumes are given to `group`, if any.

    Only volumes whose root has another group are changed: the kubelet would otherwise visit every file at each start.
    """
    context: Manifest = {"runAsUser": user, "runAsNonRoot": user != 0, "seccompProfile": dict(SECCOMP)}
    if group is not None:
        context |= {"runAsGroup": group, "fsGroup": group, "fsGroupChangePolicy": "OnRootMismatch"}
    return context


def container(*, writable_root: bool = False, capabilities: tuple[str, ...] = ()) -> Manifest:
    """Container security context: read-only root, no privilege escalation, no capabilities."""
    dropped: dict[str, Any] = {"drop": ["ALL"]}
    if capabilities:
        dropped["add"] = list(capabilities)
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": dropped,
        "readOnlyRootFilesystem": not writable_root,
    }
