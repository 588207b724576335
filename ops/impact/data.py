"""What is lost: volumes, namespaces, protected objects, the job database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from components.matlab import names
from components.shared.manifest import Manifest
from ops.impact.findings import Finding
from ops.impact.plan import Plan
from ops.impact.pods import TEMPLATE, shell_settings, template

PROVIDER: Final = "pulumi:providers:kubernetes"
DATABASE: Final = "CLUSTER_DATABASE_DIR"
SETTINGS: Final = "settings.sh"


def findings(plan: Plan) -> Iterator[Finding]:
    """Findings about data."""
    for change in plan.changes:
        if change.type == PROVIDER and change.removes:
            yield Finding("another-cluster", change)
        elif change.protected and change.removes:
            yield Finding("protected-object", change)
        elif change.in_cluster and change.kind in {"PersistentVolumeClaim", "Namespace"} and change.removes:
            yield Finding("data-deleted", change)
    yield from _database(plan)


def _database(plan: Plan) -> Iterator[Finding]:
    for change in plan.of("Deployment", names.JOB_MANAGER):
        if not change.old or not (change.removes or change.touches(*TEMPLATE)):
            continue
        before, after = _checkpoint(change.old), _checkpoint(change.new)
        if "emptyDir" in before:
            yield Finding("database-not-kept", change)
            return
        if change.new and before != after:
            detail = f"The checkpoint volume was {_described(before)}, and becomes {_described(after)}."
            if _is_claim(before) and _is_claim(after):
                detail += " After `python -m ops move-claim`, that one holds the jobs, and none is lost."
            yield Finding("empty-database", change, detail)
    for change in plan.of("ConfigMap", names.JOB_MANAGER_CONFIG):
        old, new = (shell_settings(item, SETTINGS).get(DATABASE) for item in (change.old, change.new))
        if old and new and old != new:
            yield Finding("empty-database", change, f"It is in {new}; the old one stays in {old}.")


def _checkpoint(manifest: Manifest) -> Manifest:
    """The source of the volume that holds the database. Its name may change: other data may be in the same claim."""
    spec = template(manifest).get("spec") or {}
    mounts = [mount for container in spec.get("containers") or () for mount in container.get("volumeMounts") or ()]
    names_ = [mount.get("name") for mount in mounts if mount.get("mountPath") == names.DATABASE_DIR]
    volume: Manifest = next((volume for volume in spec.get("volumes") or () if volume.get("name") in names_), {})
    return {key: value for key, value in volume.items() if key != "name"}


def _is_claim(volume: Manifest) -> bool:
    return "persistentVolumeClaim" in volume


def _described(volume: Manifest) -> str:
    claim: Any = (volume.get("persistentVolumeClaim") or {}).get("claimName")
    return f"claim {claim}" if claim else "an emptyDir" if "emptyDir" in volume else "another one"
