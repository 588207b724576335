"""Arkouda, as the program sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from components.arkouda import access, multi_locale, names, objects, preflight, recovery
from components.arkouda.rules import RULES, warnings
from components.arkouda.server_settings import InKubernetes, MultiLocale
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology
from components.shared import kept
from components.shared.demand import PodGroup
from components.shared.mistakes import Mistake
from components.shared.objects import Fingerprint, PlannedObject
from components.shared.recovery import Recovered, SecretReader
from components.shared.survey import Survey
from components.system import Site, System

if TYPE_CHECKING:
    import pulumi


def _namespaces(settings: Settings) -> Mapping[str, str]:
    return {settings.namespace.name: "arkouda.namespace"}


def _objects(settings: Settings, _fingerprint: Fingerprint, survey: Survey) -> list[PlannedObject]:
    return objects.objects(Topology(settings), survey)


def _workers(_settings: Settings) -> Iterator[PodGroup]:
    return iter(())


def _secret_sources(settings: Settings) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for server in Topology(settings).servers:
        if server.authenticate and isinstance(server, InKubernetes):
            found[access.secret_name(server)] = server.token_generation
        if isinstance(server, MultiLocale):
            found[multi_locale.ssh_secret(server)] = "generated"
    return found


def _objections(settings: Settings, survey: Survey) -> Iterator[Mistake]:
    yield from preflight.objections(Topology(settings), survey.inventories[settings.namespace.name])
    yield from kept.left_behind(settings.namespace, "arkouda.namespace", names.SYSTEM, survey.kept)


def _concerns(settings: Settings, survey: Survey) -> Iterator[str]:
    return preflight.concerns(Topology(settings), survey)


def _recovered(settings: Settings, secret: SecretReader) -> Recovered:
    return recovery.recovered(Topology(settings), secret)


def _deploy(settings: Settings, site: Site) -> Mapping[str, pulumi.Output[Any]]:
    # Imported here: the Pulumi SDKs take a second to import, and commands that only check or list do not need them.
    from components.arkouda.servers import ArkoudaServers

    return ArkoudaServers("arkouda", settings, site.opts, survey=site.survey, labels=site.labels, api=site.api).outputs


SYSTEM: Final = System(
    key=names.SYSTEM,
    settings=Settings,
    rules=RULES,
    warnings=warnings,
    namespaces=_namespaces,
    objects=_objects,
    workers=_workers,
    secret_sources=_secret_sources,
    objections=_objections,
    concerns=_concerns,
    recovered=_recovered,
    deploy=_deploy,
)
