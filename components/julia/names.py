"""Every fixed name, label and path of Julia sessions, once."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "julia"
"""Its key in a stack file."""
PREFIX: Final = "julia"
SESSION_LABEL: Final = "clusters.pulumi/session"
"""Label of every pod of a session, its workers included."""
WORKER_PREFIX_LABEL: Final = "worker-prefix"
"""K8sClusterManagers gives it to the workers that it creates."""

MANAGER: Final = "manager"
"""Container name."""
WORKER: Final = "worker"
"""Container name; K8sClusterManagers uses the same one."""

_WORKER: Final = "-worker"
_USERS: Final = "-users"
_STARTUP: Final = "-startup"
_DEPOT: Final = "-depot"
_COOKIE: Final = "-cookie"
_DENY: Final = "-deny"
SUFFIXES: Final = (_WORKER, _USERS, _STARTUP, _DEPOT, _COOKIE, _DENY)
"""Suffixes in the names of a session's objects. No session's name may end with one of them."""


def session(name: str) -> str:
    """Most objects of a session, and its namespace by default."""
    return f"{PREFIX}-{name}"


def pod(name: str) -> str:
    """The pod of an interactive session."""
    return f"{session(name)}-0"


def worker(name: str) -> str:
    """The workers: prefix of their names, `app` label, ServiceAccount, NetworkPolicy."""
    return session(name) + _WORKER


def users(name: str) -> str:
    """Role and RoleBinding of the people who use a session."""
    return session(name) + _USERS


def startup(name: str) -> str:
    """ConfigMap with everything that Julia reads when it starts."""
    return session(name) + _STARTUP


def depot(name: str) -> str:
    """Claim of the depot."""
    return session(name) + _DEPOT


def session_of_depot(claim: str) -> str | None:
    """The name of the session that a claim is the depot of, if it is one."""
    own = claim.startswith(f"{PREFIX}-") and claim.endswith(_DEPOT)
    return claim.removeprefix(f"{PREFIX}-").removesuffix(_DEPOT) if own else None


def cookie(name: str) -> str:
    """Secret that a pool's workers show when they join."""
    return session(name) + _COOKIE


def deny(name: str) -> str:
    """NetworkPolicy that denies what no other one allows."""
    return session(name) + _DENY


CONFIG_DIR: Final = "/julia/config"
COOKIE_DIR: Final = "/julia/cookie"
COOKIE_KEY: Final = "cookie"
DEPOT_DIR: Final = "/depot"
HOME_DIR: Final = f"{DEPOT_DIR}/home"
PROJECT_DIR: Final = f"{DEPOT_DIR}/environments/session"
"""Project of a session that installs its packages itself."""
TEMPORARY_DIR: Final = "/tmp"  # noqa: S108 - the only folder that a worker can write to
WORKER_DEPOT_DIR: Final = f"{TEMPORARY_DIR}/depot"

STARTUP_FILE: Final = "startup.jl"
POOL_FILE: Final = "pool.jl"
WORKER_FILE: Final = "worker.jl"
PACKAGES_FILE: Final = "packages.jl"
SETTINGS_FILE: Final = "settings.toml"
SCRIPT_FILE: Final = "script.jl"
PROJECT_FILE: Final = "Project.toml"
MANIFEST_FILE: Final = "Manifest.toml"
