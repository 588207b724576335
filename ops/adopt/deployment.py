"""The state of a stack, as `pulumi stack import` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.shared.kube import Json
from ops.adopt.replay import KUBERNETES, Registration
from ops.adopt.values import stored


def completed(deployment: Json, registered: Sequence[Registration]) -> tuple[Json, list[Registration]]:
    """The deployment with every resource that exists, and the ones that were added to it."""
    present = {entry["urn"]: entry for entry in deployment.get("resources") or ()}
    providers = {
        entry["urn"]: entry["id"] for entry in present.values() if entry["type"].startswith("pulumi:providers:")
    }
    added = [item for item in registered if item.urn not in present and (item.id or not item.custom)]
    for item in added:
        urn, _, _ = item.provider.rpartition("::")
        if urn in providers:
            item.provider = f"{urn}::{providers[urn]}"
    entries = {**present, **{item.urn: _entry(item, {*present, *(each.urn for each in added)}) for item in added}}
    # A resource comes after the ones that it depends on.
    order = {item.urn: index for index, item in enumerate(registered)}
    resources = sorted(entries.values(), key=lambda entry: order.get(entry["urn"], len(order)))
    return {**deployment, "resources": resources}, added


def _entry(item: Registration, known: set[str]) -> Json:
    entry: dict[str, Any] = {
        "urn": item.urn,
        "custom": item.custom,
        "id": item.id,
        "type": item.type,
        "inputs": stored(item.inputs),
        "outputs": stored(item.outputs),
        "parent": item.parent,
        "protect": item.protect,
        "dependencies": [urn for urn in item.dependencies if urn in known],
        "provider": item.provider,
        "propertyDependencies": {
            key: [urn for urn in urns if urn in known] for key, urns in item.property_dependencies.items()
        },
        "additionalSecretOutputs": item.secret_outputs,
        "customTimeouts": item.timeouts,
    }
    if item.type.startswith(KUBERNETES):
        entry["propertyDependencies"] |= {key: [] for key in item.inputs if key not in item.property_dependencies}
    return {key: value for key, value in entry.items() if value not in ("", [], {}) or key == "custom"}
