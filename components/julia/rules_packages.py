"""Rules about where the packages of Julia sessions come from, and the version of Julia."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from components.julia import names
from components.julia.settings import Settings
from components.julia.startup import package
from components.julia.topology import sessions
from components.shared.hosts import host_problem, reaches
from components.shared.mistakes import Mistake, Rule
from components.shared.paths import covers

HIDDEN: Final = (names.DEPOT_DIR, "/julia", names.TEMPORARY_DIR)
"""Where volumes of the session hide what the image has."""
OLDEST_JULIA: Final = (1, 6)
"""K8sClusterManagers.jl and ElasticClusterManager.jl need it (their Project.toml)."""


def _server(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        url = urlsplit(session.settings.packages.server)
        host, policies = url.hostname or "", settings.network.policies
        port = url.port or (443 if url.scheme == "https" else 80)
        known = reaches(policies.egress, host)
        # The address behind a name may be in any of the networks.
        reachable = bool(policies.egress) if known is None else known
        blocked = policies.enabled and port not in policies.package_ports and not reachable
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
        if packages.folder and posixpath.basename(packages.folder).endswith("Manifest.toml"):
            yield Mistake(
                session.origin("packages", "folder"),
                f"{packages.folder} is a file",
                "Write the folder that contains it.",
            )


def _versions(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        image, workers = session.settings.image, session.settings.workers.image
        own = julia_version(image.repository, image.tag)
        theirs = julia_version(workers.repository or image.repository, workers.tag)
        if own and own < OLDEST_JULIA:
            yield Mistake(
                session.origin("image", "tag"),
                f"{image.tag} is older than Julia {_dots(OLDEST_JULIA)}, which {package(session).name} needs",
                "Write a newer version.",
            )
        if own and theirs and any(one != other for one, other in zip(own, theirs, strict=False)):
            yield Mistake(
                session.origin("workers", "image", "tag"),
                f"is Julia {_dots(theirs)}, but the session runs {_dots(own)}: different versions cannot talk to each "
                "other",
                "Write the same version, or remove it.",
            )


def julia_version(repository: str, tag: str | None) -> tuple[int, ...] | None:
    """The version of Julia in one of its official images, of two or three numbers.

    None where the tag may count something else.
    """
    version = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", tag or "", re.ASCII)
    is_official = repository.rpartition("/")[2] == "julia"
    return tuple(int(part) for part in version.groups() if part) if version and is_official else None


def _dots(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


RULES: tuple[Rule[Settings], ...] = (_server, _folders, _versions)
