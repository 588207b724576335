"""Plans as `pulumi preview --json` prints them, from the objects before and after a change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.matlab.objects import COMPONENTS
from components.shared.manifest import Manifest
from components.shared.objects import PlannedObject, by_key
from generators.changes import fixed

SECRET = "[secret]"
MATLAB = {name: f"clusters:matlab:Cluster${kind}" for name, kind in COMPONENTS.items()}
"""Qualified type of each component."""


def state(manifest: Mapping[str, Any], component: str, parent_type: str, *, protect: bool = False) -> dict[str, Any]:
    """One resource in a state."""
    version, kind = manifest["apiVersion"], manifest["kind"]
    group = version if "/" in version else f"core/{version}"
    hidden = {"data": SECRET} if kind == "Secret" else {}
    return {
        "urn": f"urn:pulumi:lab::clusters::{parent_type}$kubernetes:{group}:{kind}::{manifest['metadata']['name']}",
        "inputs": {**manifest, **hidden},
        "protect": protect,
        "parent": f"urn:pulumi:lab::clusters::{parent_type}::{component}",
    }


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, *paths: str) -> dict[str, Any]:
    found: dict[str, Any] = {"op": op, "urn": (new or old or {})["urn"]}
    if old:
        found["oldState"] = old
    if new:
        found["newState"] = new
    found["detailedDiff"] = {path: {"kind": "update", "inputDiff": False} for path in paths} or None
    return found


def document(*steps: dict[str, Any], errors: tuple[str, ...] = (), warnings: tuple[str, ...] = ()) -> str:
    said = [("error", text) for text in errors] + [("warning", text) for text in warnings]
    diagnostics = [{"severity": severity, "message": f"{severity}: {text}\n"} for severity, text in said]
    root = {"op": "same", "urn": "urn:pulumi:lab::clusters::pulumi:pulumi:Stack::clusters-lab", "oldState": {}}
    return json.dumps({"config": {}, "steps": [root, *steps], "diagnostics": diagnostics})


def between(
    before: Sequence[PlannedObject],
    after: Sequence[PlannedObject],
    parent_types: Mapping[str, str],
    secrets: set[str],
    *further: dict[str, Any],
) -> str:
    """The plan from one set of objects to another, and `further` steps.

    `secrets` are the Secrets whose content changes.
    """
    one, other = by_key(before), by_key(after)
    steps = []
    for key in one.keys() | other.keys():
        old, new = one.get(key), other.get(key)
        states = [
            state(item.manifest, item.component, parent_types[item.component], protect=item.protect) if item else None
            for item in (old, new)
        ]
        secret = key[0] == "Secret" and key[1] in secrets
        if old is None or new is None:
            steps.append(step("create" if new else "delete", *states))
        elif old.manifest != new.manifest or secret:
            op = "replace" if _is_replaced(old.manifest, new.manifest) else "update"
            steps.append(step(op, *states, *(["data"] if secret else [])))
    return document(*steps, *further)


def _is_replaced(old: Manifest, new: Manifest) -> bool:
    """As the provider decides it for what a setting can change."""
    if old["kind"] == "PersistentVolumeClaim":
        return fixed(old) != fixed(new)
    return old["kind"] == "Job" and old["spec"]["template"] != new["spec"]["template"]


KNOWN, UNKNOWN = "-----BEGIN CERTIFICATE-----\nMIIE", "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The certificate of a CA in a preview."""


def certificate(name: str, authority: str) -> dict[str, Any]:
    """A certificate in a state, which `authority` signs."""
    kind = "clusters:matlab:Cluster$clusters:matlab:Credentials$tls:index/locallySignedCert:LocallySignedCert"
    return {"urn": f"urn:pulumi:lab::clusters::{kind}::{name}", "inputs": {"caCertPem": authority}}
