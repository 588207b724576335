"""Rules about what is installed in Julia sessions: packages, where they come from, and the version of Julia."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from components.julia import names
from components.julia.settings import Settings
from components.julia.startup import ON_DEMAND, package
from components.julia.topology import JuliaSession, sessions
from components.shared.fields import covers
from components.shared.hosts import host_problem
from components.shared.mistakes import Mistake, Rule

JSON_VERSION: Final = "0.21."
"""What K8sClusterManagers.jl accepts (its Project.toml)."""
HIDDEN: Final = (names.DEPOT_DIR, "/julia", names.TEMPORARY_DIR)
"""Where volumes of the session hide what the image has."""
OLDEST_JULIA: Final = (1, 6, 0)
"""K8sClusterManagers.jl and ElasticClusterManager.jl need it (their Project.toml)."""


def _packages(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        given, needed = session.settings.packages, package(session)
        if not session.installs_packages:
            continue
        project, manifest = session.origin("packages", "project"), session.origin("packages", "manifest")
        deps = tomllib.loads(given.project).get("deps", {}) if given.project else {needed.name: needed.uuid}
        if not isinstance(deps, Mapping) or deps.get(needed.name) != needed.uuid:
            given_other = isinstance(deps, Mapping) and needed.name in deps
            yield Mistake(
                project,
                f"has another UUID for {needed.name} than the registry of Julia"
                if given_other
                else f"lacks {needed.name}, which session {session.name} needs to reach its workers",
                f'Write {needed.name} = "{needed.uuid}" in its [deps].',
            )
        if given.manifest and not given.project:
            yield Mistake(manifest, "has no Project.toml", f"Set {session.path}.packages.project too.")
        elif given.manifest:
            yield from _locked(session, manifest, given.manifest)


def _locked(session: JuliaSession, path: str, manifest: str) -> Iterator[Mistake]:
    document, needed = tomllib.loads(manifest), package(session)
    # Before Julia 1.6.2 the packages were at the top level.
    packages: Mapping[str, Any] = document.get("deps", document)
    if not isinstance(packages, Mapping):
        packages = {}
    if needed.name not in packages:
        yield Mistake(path, f"lacks {needed.name}", "Write it with Pkg.resolve() in the folder of Project.toml.")
    entries = packages.get("JSON", ())
    entries = entries if isinstance(entries, list) else []
    versions = [str(entry.get("version", "")) for entry in entries if isinstance(entry, Mapping)]
    if needed is ON_DEMAND and any(not version.startswith(JSON_VERSION) for version in versions):
        yield Mistake(
            path,
            f"contains JSON {versions[0]}, and {needed.name} {needed.version} accepts only {JSON_VERSION}x",
            'Add JSON = "0.21" to [compat] in Project.toml and write the manifest again, or use kind: pool.',
        )


def _server(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        url = urlsplit(session.settings.packages.server)
        host, policies = url.hostname or "", settings.network.policies
        port = url.port or (443 if url.scheme == "https" else 80)
        blocked = policies.enabled and not policies.egress and port not in policies.package_ports
        if problem := host_problem(host):
            yield Mistake(
                session.origin("packages", "server"),
                f"{host!r} {problem}",
                "Write the address under which pods reach the package server.",
            )
        elif session.installs_packages and blocked:
            yield Mistake(
                session.origin("packages", "server"),
                f"is on port {port}, which julia.network.policies.packagePorts does not allow",
                f"Add {port} there.",
            )


def _folders(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        packages = session.settings.packages
        for name, folder in (("folder", packages.folder), ("depot", packages.depot)):
            if folder and (used := next((path for path in HIDDEN if covers(folder, path)), None)):
                yield Mistake(
                    session.origin("packages", name),
                    f"{folder} is hidden by {used}, a volume of the session",
                    "Put it elsewhere in the image, such as /opt/packages.",
                )


def _versions(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        image, workers = session.settings.image, session.settings.workers.image
        own, theirs = _julia(image.repository, image.tag), _julia(workers.repository or image.repository, workers.tag)
        if own and own < OLDEST_JULIA:
            yield Mistake(
                session.origin("image", "tag"),
                f"{image.tag} is older than Julia {_dots(OLDEST_JULIA)}, which {package(session).name} needs",
                "Write a newer version.",
            )
        if own and theirs and own != theirs:
            yield Mistake(
                session.origin("workers", "image", "tag"),
                f"is Julia {_dots(theirs)}, and the session has {_dots(own)}: different versions cannot talk to each "
                "other",
                "Write the same version, or remove it.",
            )


def _julia(repository: str, tag: str | None) -> tuple[int, ...] | None:
    """The version of Julia in one of its official images; None where the tag may count something else."""
    version = re.match(r"v?(\d+)\.(\d+)\.(\d+)", tag or "")
    is_official = repository.rpartition("/")[2] == "julia"
    return tuple(map(int, version.groups())) if version and is_official else None


def _dots(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


RULES: tuple[Rule[Settings], ...] = (_packages, _server, _folders, _versions)
