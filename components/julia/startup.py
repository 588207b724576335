"""The ConfigMap that Julia reads when it starts: Julia files as they are, their settings, and the packages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from components.julia import names, worker_pod
from components.julia.settings import Kind
from components.julia.topology import POOL_PORT, JuliaSession
from components.shared.manifest import Manifest, config_map, files
from components.shared.objects import PlannedObject
from components.shared.toml import toml

FILES: Final = Path(__file__).parent / "files"


class Package(NamedTuple):
    """A Julia package."""

    name: str
    uuid: str
    version: str


ON_DEMAND: Final = Package("K8sClusterManagers", "5aeab163-63d2-4171-9fbf-e22244d80acb", "0.1.5")
"""The last release. It accepts JSON 0.21 and DataStructures 0.18 only (its Project.toml)."""
IN_A_POOL: Final = Package("ElasticClusterManager", "547eee1f-27c8-4193-bfd6-9e092c8e3331", "2.0.0")


def package(session: JuliaSession) -> Package:
    """The cluster manager that the session needs."""
    return ON_DEMAND if session.starts_workers else IN_A_POOL


def startup_file(session: JuliaSession) -> str:
    """What Julia loads before the prompt or the script."""
    return names.STARTUP_FILE if session.starts_workers else names.POOL_FILE


def objects(session: JuliaSession, component: str) -> Iterator[PlannedObject]:
    """The ConfigMap."""
    yield PlannedObject(configuration(session), component)


def configuration(session: JuliaSession) -> Manifest:
    """Everything that Julia reads when it starts."""
    return config_map(names.startup(session.name), session.namespace, _data(session))


def _data(session: JuliaSession) -> dict[str, str]:
    packages, script = session.settings.packages, session.settings.script
    own = [startup_file(session), names.PACKAGES_FILE]
    if not session.starts_workers:
        own.append(names.WORKER_FILE)
    data = {**files(FILES, *own), names.SETTINGS_FILE: toml(settings(session))}
    if session.installs_packages:
        data[names.PROJECT_FILE] = packages.project or project(package(session))
        data |= {names.MANIFEST_FILE: packages.manifest} if packages.manifest else {}
    if session.kind is Kind.SCRIPT and script.text:
        data[names.SCRIPT_FILE] = script.text
    return data


def project(needed: Package) -> str:
    """Project.toml of a session that names no packages of its own. Compat entries pin what the project names itself."""
    return toml({"deps": {needed.name: needed.uuid}, "compat": {needed.name: f"={needed.version}"}})


def settings(session: JuliaSession) -> dict[str, Any]:
    """What the Julia files have to know."""
    if not session.starts_workers:
        return {"pool": {"host": names.session(session.name), "port": POOL_PORT}}
    workers = session.settings.workers
    return {
        "manager": {
            "worker_prefix": names.worker(session.name),
            "image": session.worker_image,
            "cpu": workers.cpu,
            "memory": workers.memory,
            "pending_timeout": workers.pending_timeout,
        },
        "pod": worker_pod.additions(session),
    }
