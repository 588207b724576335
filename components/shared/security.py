"""Security contexts: hardened for every container, and each exception with its reason. Nowhere else."""

from __future__ import annotations

from typing import Any, Final

from components.shared.manifest import Manifest

UNPRIVILEGED_USER: Final = 65532
"""Any number but 0 does for a static binary in an image from scratch; this is the usual `nonroot`."""
HAPROXY_USER: Final = 99
"""User of the official HAProxy image."""

_SECCOMP: Final = {"type": "RuntimeDefault"}

WORKER_CAPABILITIES: Final = ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")
"""What uid 0 needs to make the worker user, set its password (PAM audits it), hand over its files and end its tasks."""


def pod(user: int, group: int | None = None) -> Manifest:
    """Pod security context of a pod whose processes run as `user`; volumes are given to `group`."""
    context: Manifest = {"runAsUser": user, "runAsNonRoot": user != 0, "seccompProfile": dict(_SECCOMP)}
    if group is not None:
        context |= {"runAsGroup": group, "fsGroup": group}
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


def worker() -> Manifest:
    """Container of a worker. Exception: uid 0 and a writable root.

    MJS starts as root to run MATLAB as the worker user (facts §3.8, §6.4), and that user's home, the password file
    and MATLAB's preferences are in the image's own file system.
    """
    return container(writable_root=True, capabilities=WORKER_CAPABILITIES)


def job_manager(user: int) -> Manifest:
    """Container of the job manager. Exception: a writable root.

    MJS and MATLAB's Java write preferences and temporary files outside the volumes. As uid 0, the job manager must
    still write volumes that belong to others, which root without capabilities cannot.
    """
    return container(writable_root=True, capabilities=() if user else ("CHOWN", "DAC_OVERRIDE", "FOWNER"))


def pool_proxy() -> Manifest:
    """Container of a pool proxy. Exception: the image's own user, and a writable root.

    The image is closed, and its user is not known (facts §5.9); what it writes besides its log is not known either.
    """
    return {**container(writable_root=True, capabilities=("DAC_OVERRIDE",)), "seccompProfile": dict(_SECCOMP)}
