"""Quotas and limits of the namespaces, against the pods and claims that the stack has at most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from components.shared.demand import PodGroup, text
from components.shared.inventory import Inventory
from components.shared.kube import Json
from components.shared.objects import PlannedObject
from components.shared.quantities import bytes_text, quantity
from components.stack import StackConfig
from ops.doctor.findings import Finding
from ops.planned import planned_namespaces

_CLAIM: Final = "PersistentVolumeClaim"


def limits(stack: StackConfig, inventories: Mapping[str, Inventory]) -> Iterator[Finding]:
    """Findings about every namespace that exists."""
    for namespace in planned_namespaces(stack):
        yield from _of_namespace(namespace.objects, namespace.pods, inventories[namespace.name])


def _of_namespace(own: list[PlannedObject], groups: list[PodGroup], inventory: Inventory) -> Iterator[Finding]:
    planned = {item.key for item in own}
    ranges = list((inventory.of("LimitRange") or {}).values())
    for name, quota in (inventory.of("ResourceQuota") or {}).items():
        if ("ResourceQuota", name) not in planned:
            yield from _quota(quota, groups, own, _has_defaults(ranges))
    for name, item in (inventory.of("LimitRange") or {}).items():
        if ("LimitRange", name) not in planned:
            yield from _range(item, groups)


def _has_defaults(ranges: list[Json]) -> frozenset[str]:
    """Resources for which a LimitRange gives containers a limit."""
    rules = (rule for item in ranges for rule in item["spec"].get("limits") or ())
    return frozenset(name for rule in rules for name in rule.get("default") or ())


def _quota(
    quota: Json, groups: list[PodGroup], own: list[PlannedObject], defaults: frozenset[str]
) -> Iterator[Finding]:
    # A quota with a scope counts only some pods.
    if quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"):
        return
    key = ("ResourceQuota", quota["metadata"]["name"])
    needed = _needed(groups, own)
    for name, hard in (quota["spec"].get("hard") or {}).items():
        resource = name.removeprefix("limits.")
        without = [group.what for group in groups if name.startswith("limits.") and not _limited(group, resource)]
        if without and resource not in defaults:
            yield Finding("PRE007", key, f"limits {resource}, so it rejects pods without a limit: {without[0]}")
        elif needed.get(name, Decimal(0)) > quantity(hard):
            amount = _amount(name, needed[name])
            yield Finding("PRE007", key, f"allows {hard} of {name}, but the stack needs {amount} at its maximum")


def _limited(group: PodGroup, resource: str) -> bool:
    return all(resource in ((one.get("resources") or {}).get("limits") or {}) for one in group.spec["containers"])


def _needed(groups: list[PodGroup], own: list[PlannedObject]) -> dict[str, Decimal]:
    needed: dict[str, Decimal] = {"pods": Decimal(sum(group.count for group in groups))}

    def add(name: str, amount: Decimal) -> None:
        needed[name] = needed.get(name, Decimal(0)) + amount

    for group in groups:
        for resource, amount in group.requests.items():
            add(f"requests.{resource}", amount * group.count)
            if resource in {"cpu", "memory"}:
                add(resource, amount * group.count)
        for resource, amount in group.limits.items():
            add(f"limits.{resource}", amount * group.count)
    for item in own:
        if item.key[0] == _CLAIM:
            add("persistentvolumeclaims", Decimal(1))
            add("requests.storage", quantity(item.manifest["spec"]["resources"]["requests"]["storage"]))
    return needed


def _amount(name: str, amount: Decimal) -> str:
    if name.endswith("cpu"):
        return text("cpu", amount).removesuffix(" CPU")
    return bytes_text(amount) if name.endswith(("memory", "storage")) else f"{amount:f}"


def _range(item: Json, groups: list[PodGroup]) -> Iterator[Finding]:
    key = ("LimitRange", item["metadata"]["name"])
    for rule in item["spec"].get("limits") or ():
        if rule.get("type") == "Container":
            for group in groups:
                yield from _container(key, group, rule)


def _container(key: tuple[str, str], group: PodGroup, rule: Json) -> Iterator[Finding]:
    for container in group.spec["containers"]:
        resources = container.get("resources") or {}
        limits: Mapping[str, str] = resources.get("limits") or {}
        requests: Mapping[str, str] = {**limits, **(resources.get("requests") or {})}
        for name, highest in (rule.get("max") or {}).items():
            given = str(limits.get(name) or requests.get(name) or "0")
            if quantity(given) > quantity(highest):
                yield Finding("PRE008", key, f"allows {highest} of {name}, but a container of {group.what} has {given}")
        for name, lowest in (rule.get("min") or {}).items():
            if name in requests and quantity(str(requests[name])) < quantity(lowest):
                given = str(requests[name])
                yield Finding(
                    "PRE008", key, f"requires {lowest} of {name}, but a container of {group.what} has {given}"
                )
