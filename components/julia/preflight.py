"""Checks Julia sessions against the Kubernetes cluster: missing claims, unsuitable storage, closed ports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from components.julia import names
from components.julia.settings import Settings
from components.julia.topology import JuliaSession, sessions
from components.shared import claims, classes, namespace
from components.shared.config_paths import below
from components.shared.existing import missing
from components.shared.inventory import Inventory
from components.shared.mistakes import Mistake
from components.shared.network_policy import closed_ports
from components.shared.survey import Survey

CLAIM = "PersistentVolumeClaim"


def objections(settings: Settings, survey: Survey) -> Iterator[Mistake]:
    """Every reason not to touch the sessions."""
    for session in sessions(settings):
        inventory = survey.inventories[session.namespace]
        yield from namespace.objections(session.own_namespace, f"{session.path}.namespace", inventory)
        yield from _claims(session, inventory)
        yield from _secrets(session, inventory)
        yield from _classes(session, inventory)
    yield from _gone(settings, survey)


def concerns(settings: Settings, survey: Survey) -> Iterator[str]:
    """What deserves a warning."""
    known = sessions(settings)
    unread = [item for item in known if survey.inventories[item.namespace].of("StorageClass") is None]
    if any(session.own_claim for session in unread):
        yield "julia: your user is not allowed to read StorageClasses, so the ones of depots were not checked."
    policies, path = settings.network.policies, "julia.network.policies"
    if not policies.enabled:
        return
    yield from closed_ports(f"{path}.dnsPorts", "cluster DNS", policies.dns_ports, survey.dns_ports)
    if any(session.starts_workers for session in known):
        yield from closed_ports(
            f"{path}.apiServerPorts", "the API server", policies.api_server_ports, survey.api_server_ports
        )


def _claims(session: JuliaSession, inventory: Inventory) -> Iterator[Mistake]:
    existing = inventory.of(CLAIM)
    if existing is None:
        return
    yield from missing(CLAIM, _named_claims(session), session.namespace, inventory)
    own, depot = names.depot(session.name), session.settings.depot
    path = session.origin("depot")
    if session.own_claim and own in existing:
        yield from claims.changed(path, own, depot, existing[own])
    elif session.own_claim:
        yield from claims.storage_class(path, depot, inventory)
    elif own in existing and inventory.is_ours(CLAIM, own) and depot.claim != own and depot.keep:
        yield Mistake(
            path,
            f"no longer uses PersistentVolumeClaim {own}, which holds the depot of session {session.name}",
            f"Restore the setting, or run: pulumi config set --path {session.path}.depot.keep false, and pulumi up, "
            "before you change it.",
        )


def _gone(settings: Settings, survey: Survey) -> Iterator[Mistake]:
    """Sessions that are no longer in the config, or are elsewhere now, while the stack keeps their depots."""
    for namespace_name, kind, claim in sorted(survey.kept):
        name = names.session_of_depot(claim)
        if kind != CLAIM or name is None:
            continue
        path, here = f"julia.sessions.{name}", settings.sessions.get(name)
        first = f"first run: pulumi config set --path {path}.depot.keep false, and pulumi up"
        if here is None:
            yield Mistake(
                path,
                f"is no longer in the config, but {kind} {claim} holds its depot",
                f"Restore the session. To delete it with its depot: {first}.",
            )
        elif JuliaSession(name, settings).namespace != namespace_name:
            yield Mistake(
                f"{path}.namespace.name",
                f"moves the session, but {kind} {claim} in namespace {namespace_name} holds its depot",
                f"Restore the name. To move without the depot: {first}.",
            )


def _named_claims(session: JuliaSession) -> Iterator[tuple[str, str]]:
    """Config path and name of every claim that the user brings."""
    if session.settings.depot.claim:
        yield session.origin("depot", "claim"), session.settings.depot.claim
    for name in session.settings.claims:
        yield below(session.origin("claims"), name), name


def _secrets(session: JuliaSession, inventory: Inventory) -> Iterator[Mistake]:
    path = session.origin("pullSecrets")
    secrets = [(f"{path}[{index}]", name) for index, name in enumerate(session.settings.pull_secrets)]
    yield from missing("Secret", secrets, session.namespace, inventory)


def _classes(session: JuliaSession, inventory: Inventory) -> Iterator[Mistake]:
    groups = {"manager": session.settings.manager, "workers": session.settings.workers}
    for name, group in groups.items():
        yield from classes.objections(group, partial(session.origin, name), inventory)
