"""Keys of labels and annotations that other programs read as orders, or as marks of their own objects."""

from __future__ import annotations

from typing import Final

_OF_HELM: Final = ("helm.sh/", "meta.helm.sh/")
_OF_WRITERS: Final = {
    "kubectl.kubernetes.io/last-applied-configuration": "which kubectl uses to record what it has applied",
    "deployment.kubernetes.io/revision": "which a Kubernetes controller owns",
    "kubernetes.io/config.mirror": "which the kubelet uses to mark its own pods",
}
_DOMAINS: Final = (".kubernetes.io", ".k8s.io", ".x-k8s.io")
"""Reserved for Kubernetes and its projects (https://kubernetes.io/docs/reference/labels-annotations-taints/)."""
RECOMMENDED: Final = "app.kubernetes.io"
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels"""
OF_WORKLOADS: Final = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels by which controllers of Kubernetes know their pods; with another value, the API server rejects a Job."""
WITHOUT_EFFECT: Final = {
    "scheduler.alpha.kubernetes.io/affinity": "Kubernetes reads the field of the pod instead",
    "scheduler.alpha.kubernetes.io/critical-pod": "Kubernetes ignores it since 1.16",
    "scheduler.alpha.kubernetes.io/tolerations": "Kubernetes reads the field of the pod instead",
    "seccomp.security.alpha.kubernetes.io/pod": "Kubernetes ignores it since 1.27",
}
"""Annotations of pods."""
OF_SECCOMP: Final = "container.seccomp.security.alpha.kubernetes.io/"
"""The name of a container follows."""


def ignored(key: str) -> str | None:
    """Why Kubernetes ignores an annotation of a pod; None if it may not."""
    of_seccomp = "seccomp.security.alpha.kubernetes.io/pod"
    return WITHOUT_EFFECT.get(of_seccomp if key.startswith(OF_SECCOMP) else key)


def owner(key: str) -> str | None:
    """What another program does with the key on any object, as the end of a sentence; None for a free key."""
    if key.startswith(_OF_HELM):
        return "which Helm uses to mark the objects of its releases"
    if key.startswith("pulumi.com/"):
        return "which tells Pulumi how to write an object"
    return _OF_WRITERS.get(key)


def is_of_kubernetes(label: str) -> bool:
    """Tell whether controllers of Kubernetes may act on the label; the recommended ones are for people."""
    domain, slash, _ = label.rpartition("/")
    return bool(slash) and domain != RECOMMENDED and f".{domain}".endswith(_DOMAINS)
