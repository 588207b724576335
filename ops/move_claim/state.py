"""The state of a stack that a claim leaves without being deleted."""

from __future__ import annotations

from typing import Final

from components.shared.kube import Json

_TYPE: Final = "kubernetes:core/v1:PersistentVolumeClaim"


def released(deployment: Json, namespace: str, claim: str) -> Json | None:
    """The deployment without the claim, as `pulumi stack import` reads it; None if it does not contain the claim.

    `pulumi state delete` rejects a resource that others depend on.
    """
    resources = deployment.get("resources") or []
    urns = {entry["urn"] for entry in resources if entry["type"] == _TYPE and entry.get("id") == f"{namespace}/{claim}"}
    if not urns:
        return None
    return {**deployment, "resources": [_without(entry, urns) for entry in resources if entry["urn"] not in urns]}


def _without(entry: Json, urns: set[str]) -> Json:
    kept = dict(entry)
    if "dependencies" in entry:
        kept["dependencies"] = [urn for urn in entry["dependencies"] if urn not in urns]
    if "propertyDependencies" in entry:
        kept["propertyDependencies"] = {
            key: [urn for urn in found or () if urn not in urns] for key, found in entry["propertyDependencies"].items()
        }
    return kept
