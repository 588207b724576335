"""Labels and annotations of pods that other programs read, and the values that they understand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from components.shared.fields import HIGHEST
from components.shared.pod_settings import KEEPS_NODE, SAFE_TO_EVICT, LabelledPods

APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
"""https://kubernetes.io/docs/tutorials/security/apparmor. The name of a container follows."""
DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
UNCONFINED: Final = "unconfined"
_REVISION: Final = "istio.io/rev"
_OF_ISTIO: Final = "sidecar.istio.io/inject"
LINKERD: Final = "linkerd.io/inject"
SIDECARS: Final[Mapping[str, tuple[str, ...]]] = {
    "consul.hashicorp.com/connect-inject": ("true",),
    _REVISION: (),
    "kuma.io/sidecar-injection": ("enabled", "true"),
    LINKERD: ("enabled", "ingress"),
    _OF_ISTIO: ("true",),
}
"""Labels and annotations with which a service mesh is told about sidecars, and the values that add one; (): any."""
_OF_MESHES: Final = {*SIDECARS, "istio.io/dataplane-mode"}
_READ: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    KEEPS_NODE: (re.compile(r"true|false|(\d+[hms])+", re.ASCII), 'Write "true", "false" or a time such as "30m".'),
    SAFE_TO_EVICT: (re.compile(r"true|false"), 'Write "true" or "false".'),
}
"""What autoscalers read in their annotation; they ignore anything else. Only Karpenter knows how long."""
_ANNOTATIONS_ONLY: Final = {KEEPS_NODE, SAFE_TO_EVICT, LINKERD, DELETION_COST, "consul.hashicorp.com/connect-inject"}
_LABELS_ONLY: Final = {"azure.workload.identity/use", "istio.io/dataplane-mode", _REVISION}
_BEFORE_KARPENTER_1: Final = "karpenter.sh/do-not-evict"
_PROFILE: Final = re.compile(r"|runtime/default|unconfined|localhost/.+")


def about_sidecars(group: LabelledPods) -> dict[str, dict[str, str]]:
    """The labels and annotations of the group that keep sidecars out, for other pods beside it."""
    return {
        part: {key: value for key, value in pairs.items() if key in _OF_MESHES and not _adds_sidecar(key, value)}
        for part, pairs in (("labels", group.labels), ("annotations", group.annotations))
    }


def _adds_sidecar(key: str, value: str) -> bool:
    values = SIDECARS.get(key)
    return values is not None and (not values or value in values)


def in_the_wrong_place(key: str, part: str) -> str | None:
    """Why a key has no effect among the `labels` or the `annotations`; None if it may have one."""
    if part == "labels" and (key in _ANNOTATIONS_ONLY or key.startswith(APP_ARMOR)):
        return "it is read as an annotation only"
    return "it is read as a label only" if part == "annotations" and key in _LABELS_ONLY else None


def mistaken_value(key: str, value: str, *, container: str, privileged: bool) -> tuple[str, str] | None:
    """Problem and remedy of an annotation that the API server rejects, or that nobody reads; None if it is right.

    `container` is the only container of the pods; empty if it is not the same in all of them. For pods that the
    controller creates, only its log has the answer of the API server (kubernetes pkg/apis/core/validation,
    ValidatePodSpecificAnnotations).
    """
    pattern, remedy = _READ.get(key, (None, ""))
    if pattern and not pattern.fullmatch(value):
        return f"{value!r} is not a value of this annotation, so autoscalers ignore it", remedy
    if key == DELETION_COST and not _is_cost(value):
        return f"{value!r} is not a whole number of 32 bits, so Kubernetes rejects the pods", 'Write digits: "100".'
    if key.startswith(APP_ARMOR):
        return _mistaken_profile(key.removeprefix(APP_ARMOR), value, container, privileged=privileged)
    return None


def _mistaken_profile(named: str, value: str, container: str, *, privileged: bool) -> tuple[str, str] | None:
    if named != container:
        remedy = f"Write {APP_ARMOR}{container}." if container else "Remove it: no container is in all of them."
        return f"names container {named}, which the pods do not have", remedy
    if not _PROFILE.fullmatch(value):
        return f"{value!r} is not an AppArmor profile", "Write runtime/default, or localhost/ and the profile's name."
    if value == UNCONFINED and not privileged:
        return (
            "is unconfined, and the Pod Security level of the namespace rejects such pods",
            "Write runtime/default, or set podSecurity of the namespace to privileged.",
        )
    return None


def _is_cost(value: str) -> bool:
    # pkg/apis/core/helper, GetDeletionCostFromPodAnnotations: neither a plus sign nor leading zeros.
    return bool(re.fullmatch(r"0|[1-9]\d*|-\d+", value, re.ASCII)) and -HIGHEST - 1 <= int(value) <= HIGHEST


def warnings(pairs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Key and reason of labels or annotations that work, but hardly as they are meant."""
    for key, value in pairs.items():
        # A revision only names the Istio that would add it.
        is_off = key == _REVISION and pairs.get(_OF_ISTIO) == "false"
        if _adds_sidecar(key, value) and not is_off:
            yield key, "adds a sidecar, through which the pods' own connections do not pass. Remove it."
        elif key == LINKERD and value != "disabled":
            yield key, f"Linkerd does not know {value!r}. Write disabled to keep its sidecar out."
        elif key == _BEFORE_KARPENTER_1:
            yield key, f"Karpenter 1 ignores it. Write {KEEPS_NODE}."
