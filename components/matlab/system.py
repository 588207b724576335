"""MATLAB Parallel Server, as the program sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from components.matlab import credentials, names, objects, preflight
from components.matlab.rules import RULES, warnings
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.inventory import Inventory
from components.shared.mistakes import Mistake
from components.shared.objects import Fingerprint, PlannedObject
from components.system import Inventories, Site, System

if TYPE_CHECKING:
    import pulumi

PLACEHOLDER_ADDRESS: Final = "load-balancer-address.invalid"
"""Stands for the external address where nobody can know it; names under .invalid never resolve (RFC 2606)."""
_POOL_PROXY: Final = re.compile(rf"{re.escape(names.POOL_PROXY)}-\d+")


def _namespaces(settings: Settings) -> Sequence[str]:
    return [settings.namespace.name]


def _objects(settings: Settings, fingerprint: Fingerprint) -> list[PlannedObject]:
    return objects.objects(Topology(settings), fingerprint)


def _secret_sources(settings: Settings) -> Mapping[str, Any]:
    return credentials.sources(Topology(settings), settings.network.cluster_host or PLACEHOLDER_ADDRESS)


def _objections(settings: Settings, inventories: Inventories) -> Iterator[Mistake]:
    return preflight.objections(Topology(settings), inventories[settings.namespace.name])


def _concerns(settings: Settings, inventories: Inventories) -> Iterator[str]:
    return preflight.concerns(Topology(settings), inventories[settings.namespace.name])


def existing_pool_proxies(inventory: Inventory | None) -> list[str]:
    """Names of the pool proxies that the controller has made, whether the settings still need them or not."""
    found = {**(inventory.of("Deployment") or {}), **(inventory.of("Secret") or {})} if inventory else {}
    return sorted((name for name in found if _POOL_PROXY.fullmatch(name)), key=lambda name: (len(name), name))


def _deploy(settings: Settings, site: Site) -> Mapping[str, pulumi.Output[Any]]:
    # Here, since the Pulumi SDKs take a second to import, and commands that only check or list need none of them.
    from components.matlab.cluster import MatlabCluster

    surplus = existing_pool_proxies(site.inventories.get(settings.namespace.name))
    return MatlabCluster("matlab", settings, site.opts, owner=site.owner, address=site.address, surplus=surplus).outputs


SYSTEM: Final = System(
    key="matlab",
    settings=Settings,
    rules=RULES,
    warnings=warnings,
    namespaces=_namespaces,
    objects=_objects,
    secret_sources=_secret_sources,
    objections=_objections,
    concerns=_concerns,
    deploy=_deploy,
)
