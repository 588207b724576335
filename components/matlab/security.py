"""Where MATLAB's own containers need more than the hardened default: each exception with its reason, and only here."""

from __future__ import annotations

from typing import Final

from components.shared.manifest import Manifest
from components.shared.security import SECCOMP, container

HAPROXY_USER: Final = 99
"""The user of the official HAProxy image."""
WORKER_CAPABILITIES: Final = ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")
"""What uid 0 needs to make the worker user, set its password (PAM audits it), hand over its files and end its tasks."""


def worker() -> Manifest:
    """Container of a worker. Exception: uid 0 and a writable root.

    MJS starts as root to run MATLAB as the worker user, and that user's home, the password file
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

    The image is closed, and its user is not known; what it writes apart from its log is not known either.
    """
    return {**container(writable_root=True, capabilities=("DAC_OVERRIDE",)), "seccompProfile": dict(SECCOMP)}
