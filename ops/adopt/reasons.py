"""Why an update after a takeover changes a field, and what that does to pods. One table."""

from __future__ import annotations

import re
from typing import Final

from components.matlab import names

OTHER: Final = "the stack file, or a default of this program, differs from what exists"
_REASONS: Final = (
    (r"\w+ metadata\.annotations\.pulumi\.com/.*", "tells Pulumi's provider what to wait for"),
    (r"\w+ metadata\.(labels|annotations).*", "the stack becomes the owner"),
    (r"Secret metadata\.ownerReferences.*", "the credentials are no longer deleted with the controller's Deployment"),
    (r"Secret data.*", "the layout of the content changes, or the cluster has no key to keep it by"),
    (r"\w+ .*(securityContext|automountServiceAccountToken|defaultMode|readOnly).*", "least privilege (B19, B36)"),
    (r"Role rules.*|RoleBinding subjects.*", "least privilege for the controller (B30)"),
    (r"Deployment .*[pP]robe.*", "readiness tells when the pod really works (B25)"),
    (r"Deployment .*terminationGracePeriodSeconds", "30 seconds are too short for a clean shutdown (B27)"),
    (r"Deployment .*annotations\.(checksum|clusters\.pulumi)/.*", "pods roll with what they read (B24)"),
    (r"ConfigMap data.*", "scripts and configuration of this program, without the chart's bugs (docs/hazards.md)"),
)  # fmt: skip
_RESTARTS: Final = {
    names.JOB_MANAGER: "running jobs are interrupted; queued jobs stay",
    names.INGRESS_PROXY: "clients lose their connection for some seconds",
    names.PARALLEL_SERVER_PROXY: "clients lose their connection for some seconds",
    names.CONTROLLER: "workers do not scale for some seconds",
}


def reason(kind: str, path: str) -> str:
    """Why the field at the path changes."""
    return next((why for pattern, why in _REASONS if re.fullmatch(pattern, f"{kind} {path}")), OTHER)


def restart(kind: str, name: str, path: str) -> str | None:
    """What a change of the field does to pods; None if no pod notices."""
    if kind == "ConfigMap" and name == names.WORKER_TEMPLATE and path.startswith("data"):
        return "all workers are replaced, busy ones too (B29)"
    if kind in {"Deployment", "StatefulSet"} and path.startswith("spec.template."):
        return f"its pods restart: {_RESTARTS[name]}" if name in _RESTARTS else "its pods restart"
    return None
