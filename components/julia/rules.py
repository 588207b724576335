"""Rules about more than one setting of Julia sessions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from components.julia import names, pods, rules_packages
from components.julia.effects import without_effect
from components.julia.settings import Kind, Settings
from components.julia.topology import JuliaSession, sessions
from components.shared import rules_pods
from components.shared.config_paths import below
from components.shared.fields import covers
from components.shared.floors import Floor, small_claim, too_low
from components.shared.groups import AccessMode
from components.shared.mistakes import Mistake, Rule
from components.shared.network_policy import metadata_networks
from components.shared.quantities import quantity
from components.shared.references import circular, references
from components.shared.rules_images import image_warnings

MOST_MEMORY: Final = "1Pi"
"""The API server warns of amounts that it has to round, kubectl prints the warning, and K8sClusterManagers.jl fails."""
RESERVED_MOUNTS: Final = (*rules_packages.HIDDEN, "/usr/local/julia")
"""The last one is Julia itself in the official image."""
EVERYBODY: Final = ("system:anonymous", "system:authenticated", "system:serviceaccounts", "system:unauthenticated")
"""Users and groups that anybody, or any pod, belongs to."""
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


FLOOR: Final = Floor("Julia", "50m", "64Mi")


def _floors(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for name, group in (("manager", session.settings.manager), ("workers", session.settings.workers)):
            cpu, memory = (session.origin(name, "cpu"), group.cpu), (session.origin(name, "memory"), group.memory)
            yield from too_low(FLOOR, cpu, memory)


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
    *rules_packages.RULES,
    _memory,
    _depot,
    _claims,
    _environment,
    _people,
    _policies,
    _floors,
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
        found |= dict.fromkeys(_of_pods(session))
    yield from found
    yield from image_warnings(settings, "julia")


def _of_pods(session: JuliaSession) -> Iterator[str]:
    settings = session.settings
    yield from small_claim(
        session.origin("depot", "size").removesuffix(".size"), settings.depot, reason="compiled packages soon fill it"
    )
    apps = (("manager", settings.manager, names.session), ("workers", settings.workers, names.worker))
    for name, group, app in apps:
        own = pods.labels(session, app(session.name))
        yield from rules_pods.not_spread(group, own, session.origin(name, "topologySpreadConstraints"), pods.OWNED)
