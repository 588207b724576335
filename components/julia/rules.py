"""Rules about more than one setting of Julia sessions."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from components.julia import names, pods
from components.julia.effects import without_effect
from components.julia.settings import Kind, Settings
from components.julia.startup import ON_DEMAND, package
from components.julia.topology import JuliaSession, sessions
from components.shared import rules_pods
from components.shared.config_paths import below
from components.shared.fields import covers
from components.shared.floors import Floor, too_low
from components.shared.groups import AccessMode
from components.shared.hosts import host_problem
from components.shared.mistakes import Mistake, Rule
from components.shared.network_policy import metadata_networks
from components.shared.quantities import quantity
from components.shared.references import circular, references

MOST_MEMORY: Final = "1Pi"
"""The API server warns of amounts that it has to round, kubectl prints the warning, and K8sClusterManagers.jl fails."""
JSON_VERSION: Final = "0.21."
"""What K8sClusterManagers.jl accepts (its Project.toml)."""
RESERVED_MOUNTS: Final = (names.DEPOT_DIR, "/julia", names.TEMPORARY_DIR, "/usr/local/julia")
"""The last one is Julia itself in the official image."""
EVERYBODY: Final = ("system:anonymous", "system:authenticated", "system:serviceaccounts", "system:unauthenticated")
"""Users and groups that anybody, or any pod, belongs to."""
OLDEST_JULIA: Final = (1, 6, 0)
"""K8sClusterManagers.jl and ElasticClusterManager.jl need it (their Project.toml)."""
EXACT_TAG: Final = re.compile(r"v?\d+\.\d+\.\d+.*")


def _any_session(settings: Settings) -> Iterator[Mistake]:
    if not settings.sessions:
        yield Mistake(
            "julia.sessions",
            "names no session",
            "Run: pulumi config set --path julia.sessions.NAME.workers.max 4",
        )


def _namespaces(settings: Settings) -> Iterator[Mistake]:
    first: dict[str, JuliaSession] = {}
    for session in sessions(settings):
        other = first.setdefault(session.namespace, session)
        if other is not session:
            yield Mistake(
                f"{session.path}.namespace.name",
                f"{session.namespace} is the namespace of session {other.name}: whoever starts workers in it could "
                "read and delete everything of both",
                "Give each session its own namespace.",
            )


def _script(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        script = session.settings.script
        if session.kind is not Kind.SCRIPT:
            continue
        if not script.path and not script.text:
            yield Mistake(
                f"{session.path}.script", "names no script", f"Set {session.path}.script.path, or script.text."
            )
        elif script.path and script.text:
            yield Mistake(f"{session.path}.script", "has a path and a text", "Remove one of them.")


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


def _memory(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        memory = session.settings.workers.memory
        if quantity(memory) > quantity(MOST_MEMORY):
            yield Mistake(
                session.origin("workers", "memory"), f"{memory} is more than any node has", "Write an amount like 8Gi."
            )


def _depot(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        depot = session.settings.depot
        if session.shares_depot and session.own_claim and AccessMode.READ_WRITE_MANY not in depot.access_modes:
            yield Mistake(
                session.origin("depot", "shareWithWorkers"),
                "is true, but only one node may mount the claim",
                f"Write {session.origin('depot', 'accessModes')}: [ReadWriteMany], with a StorageClass that offers it.",
            )


def _claims(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        path, claims = session.origin("claims"), session.settings.claims
        for claim, folder in claims.items():
            if any(covers(folder, used) for used in RESERVED_MOUNTS):
                yield Mistake(
                    below(path, claim), f"{folder} belongs to the session itself", "Mount it elsewhere, such as /data."
                )
        for folder, count in Counter(claims.values()).items():
            if count > 1:
                yield Mistake(path, f"{folder} is the path of two claims", "Give each claim its own path.")


def _environment(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for group, variables in _variables(session).items():
            path = session.origin(group, "env")
            for name in variables:
                if name in pods.RESERVED_VARIABLES:
                    setting = pods.SETTINGS_OF_VARIABLES.get(name)
                    root = path.removesuffix(f".{group}.env")
                    instead = f"{group}.threads" if setting == "threads" else setting
                    yield Mistake(
                        f"{path}.{name}",
                        "is a variable that the program sets itself",
                        f"Set {root}.{instead} instead." if setting else "Remove it.",
                    )
            for name in circular(variables):
                other = references(variables[name])[0]
                yield Mistake(
                    f"{path}.{name}",
                    f"refers to itself, and Kubernetes knows no earlier value: $({other}) would stay as it is",
                    f"Write the whole value. If you want the text $({name}), write $$({name}).",
                )


def _variables(session: JuliaSession) -> dict[str, Mapping[str, str]]:
    return {"manager": session.settings.manager.env, "workers": session.settings.workers.env}


def _people(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for field, given in (("users", session.settings.users), ("groups", session.settings.groups)):
            path = f"{session.path}.{field}"
            for name in given:
                if name in EVERYBODY:
                    yield Mistake(
                        path,
                        f"{name} contains everybody or every pod, and the session is a shell",
                        "Name users or groups.",
                    )


def _policies(settings: Settings) -> Iterator[Mistake]:
    yield from metadata_networks("julia.network.policies.egress", settings.network.policies.egress)


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


FLOOR: Final = Floor("Julia", "50m", "64Mi")


def _floors(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for name, group in (("manager", session.settings.manager), ("workers", session.settings.workers)):
            cpu, memory = (session.origin(name, "cpu"), group.cpu), (session.origin(name, "memory"), group.memory)
            yield from too_low(FLOOR, cpu, memory)


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


HIDDEN: Final = (names.DEPOT_DIR, "/julia", names.TEMPORARY_DIR)
"""Where volumes of the session hide what the image has."""


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


def _deadline(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        workers = session.settings.workers
        # Kubernetes counts from the moment when the pod is on a node.
        if workers.active_deadline is not None and workers.active_deadline <= workers.connect_timeout:
            yield Mistake(
                session.origin("workers", "activeDeadline"),
                f"{workers.active_deadline} ends workers that may still be connecting: connectTimeout is "
                f"{workers.connect_timeout}",
                "Write more seconds, or lower connectTimeout.",
            )


def _pods(settings: Settings) -> Iterator[Mistake]:
    yield from rules_pods.mistakes(settings, "julia", pods.OWNED)


RULES: tuple[Rule[Settings], ...] = (
    _any_session,
    _namespaces,
    _script,
    _packages,
    _memory,
    _depot,
    _claims,
    _environment,
    _people,
    _policies,
    _server,
    _floors,
    _folders,
    _versions,
    _deadline,
    _pods,
    without_effect,
)


def warnings(settings: Settings) -> Iterator[str]:
    """What is accepted, but probably not what was meant."""
    found: dict[str, None] = {}
    for session in sessions(settings):
        image = session.settings.image
        if not image.digest and not EXACT_TAG.fullmatch(image.tag or ""):
            found[
                f"{session.origin('image', 'tag')}: {image.tag or 'latest'} moves, so session and workers may run "
                "different versions of Julia, which cannot talk to each other. Name an exact version, or a digest."
            ] = None
        if session.has_prompt and not session.settings.users and not session.settings.groups:
            found[f"{session.path}.users: is empty, so only administrators can attach to session {session.name}."] = (
                None
            )
    yield from found
