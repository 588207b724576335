"""Rules about more than one setting of Julia sessions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from components.julia import names, pods, rules_packages, rules_people, rules_project, startup
from components.julia.effects import without_effect
from components.julia.settings import Kind, Manager, Settings
from components.julia.topology import JuliaSession, sessions
from components.shared import rules_pods
from components.shared.config_paths import below
from components.shared.floors import Floor, small_claim, too_low, too_much
from components.shared.groups import AccessMode
from components.shared.mistakes import Mistake, Rule, dotted
from components.shared.network_policy import metadata_networks
from components.shared.paths import covers
from components.shared.references import circular, references
from components.shared.rules_images import image_warnings

LARGEST_CONFIG_MAP: Final = 2**20
"""Bytes of all values (kubernetes pkg/apis/core/validation, ValidateConfigMap)."""
RESERVED_MOUNTS: Final = (*rules_packages.HIDDEN, "/usr/local/julia")
"""The last one is Julia itself in the official image."""
EXACT_TAG: Final = re.compile(r"v?\d+\.\d+\.\d+.*")


def _any_session(settings: Settings) -> Iterator[Mistake]:
    if not settings.sessions:
        yield Mistake(
            "julia.sessions",
            "contains no session",
            "Run: pulumi config set --path julia.sessions.NAME.workers.max 4",
        )


def _namespaces(settings: Settings) -> Iterator[Mistake]:
    first: dict[str, JuliaSession] = {}
    for session in sessions(settings):
        other = first.setdefault(session.namespace, session)
        if other is not session:
            yield Mistake(
                f"{session.path}.namespace.name",
                f"{session.namespace} is the namespace of session {other.name}: anyone who starts workers in it "
                "could read and delete the objects of both",
                "Give each session its own namespace.",
            )


def _script(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        script = session.settings.script
        if session.kind is not Kind.SCRIPT:
            continue
        if not script.path and not script.text:
            yield Mistake(
                f"{session.path}.script",
                "has neither a path nor a text",
                f"Set {session.path}.script.path, or script.text.",
            )
        elif script.path and script.text:
            yield Mistake(f"{session.path}.script", "has both a path and a text", "Remove one of them.")


def _places(settings: Settings) -> Iterator[Mistake]:
    """Programs in folders where a volume of the pod hides what the image has, and that begin empty."""
    for session in sessions(settings):
        script, executable = session.settings.script.path, session.settings.workers.executable
        if session.kind is Kind.SCRIPT and script:
            depot = () if session.settings.depot.persistent else (names.DEPOT_DIR,)
            yield from _hidden(f"{session.path}.script.path", script, (names.CONFIG_DIR, names.TEMPORARY_DIR, *depot))
        if executable:
            files = () if session.starts_workers else (names.CONFIG_DIR, names.COOKIE_DIR)
            yield from _hidden(session.origin("workers", "executable"), executable, (names.TEMPORARY_DIR, *files))


def _hidden(path: str, file: str, folders: Iterable[str]) -> Iterator[Mistake]:
    for folder in folders:
        if file.startswith(f"{folder}/"):
            yield Mistake(
                path,
                f"{file} is in {folder}, where the pod mounts a volume that does not contain it",
                "Name a file in the image or on a claim.",
            )


def _sizes(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        given = session.settings
        texts = {
            session.origin("packages", "project"): given.packages.project,
            session.origin("packages", "manifest"): given.packages.manifest,
            f"{session.path}.script.text": given.script.text,
        }
        sizes = {path: len(text.encode()) for path, text in texts.items() if text}
        whole = sum(len(text.encode()) for text in startup.configuration(session)["data"].values())
        if sizes and whole > LARGEST_CONFIG_MAP:
            longest = max(sizes, key=lambda path: sizes[path])
            yield Mistake(
                longest,
                f"has {sizes[longest]} bytes, and with it the session's ConfigMap is larger than Kubernetes allows",
                f"Put it into the image: the limit for all texts of a session is {LARGEST_CONFIG_MAP} bytes.",
            )


def _memory(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for name, group in (("manager", session.settings.manager), ("workers", session.settings.workers)):
            yield from too_much(session.origin(name, "memory"), group.memory)


def _depot(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        depot = session.settings.depot
        if session.shares_depot and session.own_claim and AccessMode.READ_WRITE_MANY not in depot.access_modes:
            yield Mistake(
                session.origin("depot", "shareWithWorkers"),
                "is true, but only one node can mount the claim",
                f"Write {session.origin('depot', 'accessModes')}: [ReadWriteMany], with a StorageClass that supports "
                "it.",
            )


def _claims(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        path, claims = session.origin("claims"), session.settings.claims
        for claim, folder in claims.items():
            if any(covers(folder, used) for used in RESERVED_MOUNTS):
                yield Mistake(
                    below(path, claim), f"{folder} is used by the session itself", "Mount it elsewhere, such as /data."
                )
        for folder, count in Counter(claims.values()).items():
            if count > 1:
                yield Mistake(path, f"{folder} is the path of two claims", "Give each claim its own path.")


def _environment(settings: Settings) -> Iterator[Mistake]:
    for session in sessions(settings):
        for group, (variables, own) in _variables(session).items():
            path = session.origin(group, "env")
            for name in variables:
                if name in own:
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
                    f"refers to itself, but Kubernetes knows no earlier value: $({other}) would stay as it is",
                    f"Write the whole value. If you want the text $({name}), write $$({name}).",
                )


def _variables(session: JuliaSession) -> dict[str, tuple[Mapping[str, str], set[str]]]:
    """The variables of each group, and the names of those that the program sets itself."""
    return {
        "manager": (session.settings.manager.env, {one["name"] for one in pods.session_variables(session)}),
        "workers": (session.settings.workers.env, {one["name"] for one in pods.worker_variables(session)}),
    }


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
                "Raise it, or lower connectTimeout.",
            )


def _pods(settings: Settings) -> Iterator[Mistake]:
    containers = {
        dotted(steps): names.MANAGER if isinstance(group, Manager) else names.WORKER
        for steps, group in rules_pods.groups(settings, "julia")
    }
    yield from rules_pods.mistakes(settings, "julia", pods.OWNED, containers)


RULES: tuple[Rule[Settings], ...] = (
    _any_session,
    _namespaces,
    _script,
    _places,
    _sizes,
    *rules_packages.RULES,
    *rules_project.RULES,
    _memory,
    _depot,
    _claims,
    _environment,
    *rules_people.RULES,
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
        version = rules_packages.julia_version(image.repository, image.tag)
        found.update(dict.fromkeys(rules_project.warnings(session, version)))
        if session.has_prompt and not session.settings.users and not session.settings.groups:
            found[f"{session.path}.users: is empty, so only administrators can attach to session {session.name}."] = (
                None
            )
        found |= dict.fromkeys(_of_pods(session))
    yield from found
    yield from image_warnings(settings, "julia")
    yield from rules_pods.warnings(settings, "julia")


def _of_pods(session: JuliaSession) -> Iterator[str]:
    settings = session.settings
    yield from small_claim(
        session.origin("depot", "size").removesuffix(".size"),
        settings.depot,
        reason="compiled packages fill it quickly",
    )
    apps = (("manager", settings.manager, names.session), ("workers", settings.workers, names.worker))
    for name, group, app in apps:
        own = pods.labels(session, app(session.name))
        yield from rules_pods.not_spread(group, own, session.origin(name, "topologySpreadConstraints"), pods.OWNED)
