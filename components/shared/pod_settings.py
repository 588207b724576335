"""Settings that every group of pods has: metadata, placement and runtime, in the words of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from components.shared.fields import Annotations, DnsName, LabelKey, LabelValue, Model, SchedulerName
from components.shared.kubernetes_types import Affinity, SpreadConstraint

KEEPS_NODE: Final = "karpenter.sh/do-not-disrupt"
"""Annotation of pods whose nodes Karpenter leaves alone.

https://karpenter.sh/docs/concepts/disruption/#pod-level-controls
"""
SAFE_TO_EVICT: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict"
"""https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md"""
NOT_EVICTED: Final[Mapping[str, str]] = {
    SAFE_TO_EVICT: "false",
    KEEPS_NODE: "true",
}
"""Annotations that keep autoscalers from moving a pod to another node to save one: its work would be lost."""


class Pods(Model):
    """One group of pods."""

    default_annotations: ClassVar[Mapping[str, str]] = {}
    """Annotations that the pods have unless the settings say otherwise."""

    annotations: Annotations = {}
    """Extra annotations of the pods."""
    priority_class: DnsName | None = None
    """Existing PriorityClass of the pods; null: the default one."""
    runtime_class: DnsName | None = None
    """Existing RuntimeClass of the pods; null: the default runtime."""
    scheduler: SchedulerName | None = None
    """Name of the scheduler that places the pods; null: the default one."""
    affinity: Affinity = {}
    """Nodes and pods that these pods run near to, or away from, in the syntax of Kubernetes 1.29."""
    topology_spread_constraints: tuple[SpreadConstraint, ...] = ()
    """How the pods are spread over zones and nodes, in the syntax of Kubernetes 1.29."""

    def placement(self) -> dict[str, Any]:
        """Fields of the pod spec, without the empty ones."""
        fields = {
            "priorityClassName": self.priority_class,
            "runtimeClassName": self.runtime_class,
            "schedulerName": self.scheduler,
            "affinity": self.affinity,
            "topologySpreadConstraints": list(self.topology_spread_constraints),
        }
        return {name: value for name, value in fields.items() if value}

    def metadata(self, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Metadata of the pods. `labels` and `annotations` are the program's own; nothing replaces them."""
        together = {**self.default_annotations, **self.annotations, **(annotations or {})}
        return {"labels": dict(labels), **({"annotations": together} if together else {})}


class LabelledPods(Pods):
    """Pods that can have labels."""

    labels: dict[LabelKey, LabelValue] = {}
    """Extra labels of the pods."""

    def metadata(self, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Metadata of the pods. `labels` and `annotations` are the program's own; nothing replaces them."""
        return super().metadata({**self.labels, **labels}, annotations)
