"""Everything that `python -m ops impact` can announce. docs/impact.md is generated from this table."""

from __future__ import annotations

from typing import Final

from ops.impact.rule import Level, Rule
from ops.impact.rules_arkouda import ARKOUDA
from ops.impact.rules_julia import JULIA
from ops.impact.rules_matlab import MATLAB

__all__ = ["RULES", "Level", "Rule"]

_ANY: Final = (
    Rule(
        "protected-object",
        Level.LOST,
        "",
        "A protected object is deleted",
        "It holds data or credentials. Pulumi refuses to delete it, unless you run it with `--ignore-protect`.",
        "A protected resource is deleted or replaced.",
        "Restore the setting, or move the data as docs/data.md says.",
    ),
    Rule(
        "another-cluster",
        Level.LOST,
        "",
        "Everything moves to another Kubernetes cluster",
        "Every object is created there, and deleted here.",
        "The Kubernetes provider is replaced.",
        "Restore `kubernetes.context`, and deploy another stack to the other cluster.",
    ),
    Rule(
        "data-deleted",
        Level.LOST,
        "",
        "Data is deleted",
        "Depending on its StorageClass, the volume is deleted with its claim. So is everything in a namespace.",
        "A PersistentVolumeClaim or a Namespace is deleted or replaced.",
        "Copy what you need first.",
    ),
    Rule(
        "pods-removed",
        Level.INTERRUPTS,
        "",
        "Pods are removed for good",
        "What runs in them ends.",
        "A Deployment, StatefulSet, Job or template is deleted, or runs fewer replicas.",
        "Tell the users.",
    ),
    Rule(
        "access-removed",
        Level.ACTION,
        "",
        "Somebody loses rights",
        "They can no longer use what the role allows.",
        "Subjects of a RoleBinding are removed, or it is deleted or replaced.",
        "Tell them.",
    ),
    Rule(
        "connections-refused",
        Level.ACTION,
        "",
        "Some connections may be refused",
        "A NetworkPolicy allows less than before. Kubernetes enforces it at once, and nothing restarts.",
        "A rule of a NetworkPolicy is removed or changed, or a policy for existing pods is created.",
        "Compare the rules in the preview.",
    ),
)
_ORDER: Final = list(Level)
_RULES: Final = sorted((*_ANY, *MATLAB, *ARKOUDA, *JULIA), key=lambda rule: _ORDER.index(rule.level))
RULES: Final = {rule.code: rule for rule in _RULES}
"""Every rule by its code, the worst first."""
