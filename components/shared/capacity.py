"""Whether the nodes can ever hold the pods of a system, from what Kubernetes reports about its nodes.

Only what is proven is said: a group that does not fit even if nothing else runs, or pods that together request more
than all nodes offer. https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from components.shared.demand import DISK, Amounts, PodGroup, text
from components.shared.kube import Json
from components.shared.quantities import quantity

AUTOSCALED: Final = (
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
)
"""Labels of nodes that an autoscaler may have added, and may add more of."""
_KEEPS_OUT: Final = {"NoSchedule", "NoExecute"}
_HOST: Final = "kubernetes.io/hostname"


def autoscaler(nodes: Iterable[Json]) -> str | None:
    """The label by which a node shows that more of its kind may come; None: the nodes are all that there is."""
    labels = (node["metadata"].get("labels") or {} for node in nodes)
    return next((label for own in labels for label in AUTOSCALED if label in own), None)


def shortages(groups: Sequence[PodGroup], nodes: Sequence[Json]) -> Iterator[tuple[PodGroup | None, str]]:
    """What can never be scheduled: a group, or None for all pods together, and why, in one sentence with numbers."""
    every = [(group, _alone(group, nodes)) for group in groups if group.count]
    found = [(group, sentence) for group, sentence in every if sentence]
    yield from found
    if not found:
        yield from ((None, sentence) for sentence in _together(groups, nodes))


def _alone(group: PodGroup, nodes: Sequence[Json]) -> str:
    """Why the group does not fit, with nothing else on the nodes; empty if it does."""
    verdicts = [(node, _objection(group.spec, node)) for node in nodes]
    eligible = [node for node, objection in verdicts if objection is None]
    if not eligible:
        reasons = sorted({objection for _, objection in verdicts if objection})
        return f"none of the {len(nodes)} nodes may run {group.what}: {', '.join(reasons)}"
    requests = group.requests
    held = sum(_held(group, requests, node) for node in eligible)
    if held >= group.count:
        return ""
    amounts = " and ".join(text(name, amount) for name, amount in sorted(requests.items()))
    which = f"the {len(eligible)} nodes that may run them hold" if len(eligible) > 1 else "the only node for them holds"
    many = f"{group.count} pods request" if group.count > 1 else "1 pod requests"
    each = " each" if group.count > 1 else ""
    return f"{group.what}: {many} {amounts}{each}, and {which} {held}, even if nothing else runs there"


def _held(group: PodGroup, requests: Amounts, node: Json) -> int:
    """How many pods of the group an empty node holds."""
    offered = {"pods": Decimal(110), **_allocatable(node)}
    counts = [int(offered.get(name, Decimal(0)) // amount) for name, amount in requests.items() if amount]
    held = min([int(offered["pods"]), *counts])
    return min(held, 1) if _one_per_node(group.spec) else held


def _one_per_node(spec: Mapping[str, Any]) -> bool:
    rules = ((spec.get("affinity") or {}).get("podAntiAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    return any(rule.get("topologyKey") == _HOST for rule in rules or ())


def _together(groups: Sequence[PodGroup], nodes: Sequence[Json]) -> Iterator[str]:
    usable = [node for node in nodes if any(_objection(group.spec, node) is None for group in groups)]
    needed: dict[str, Decimal] = {}
    for group in groups:
        for name, amount in group.requests.items():
            needed[name] = needed.get(name, Decimal(0)) + amount * group.count
    for name, amount in needed.items():
        offered = sum((_allocatable(node).get(name, Decimal(0)) for node in usable), Decimal(0))
        if amount > offered:
            most = text(name, amount)
            yield f"all pods together request {most} at the maximum, and the nodes offer {text(name, offered)}"


def _allocatable(node: Json) -> dict[str, Decimal]:
    found = (node.get("status") or {}).get("allocatable") or {}
    return {name: quantity(amount) for name, amount in found.items()}


def _objection(spec: Mapping[str, Any], node: Json) -> str | None:
    """Why the scheduler never considers the node for the pod; None: it does."""
    labels = node["metadata"].get("labels") or {}
    for name, value in (spec.get("nodeSelector") or {}).items():
        if labels.get(name) != value:
            return f"no label {name}={value}"
    node_spec = node.get("spec") or {}
    for taint in node_spec.get("taints") or ():
        if taint["effect"] in _KEEPS_OUT and not any(_tolerates(one, taint) for one in spec.get("tolerations") or ()):
            return "cordoned" if taint["key"] == "node.kubernetes.io/unschedulable" else f"taint {taint['key']}"
    return "cordoned" if node_spec.get("unschedulable") else None


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    same = toleration["key"] == taint["key"]
    return same and (toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))


def large_images(groups: Sequence[PodGroup], nodes: Sequence[Json]) -> Iterator[str]:
    """Groups whose image is larger than the disk of a node that may run them, as far as a node reports its size.

    Of several groups with one image, the first.
    """
    sizes: dict[str, int] = {}
    for node in nodes:
        for image in (node.get("status") or {}).get("images") or ():
            for name in image.get("names") or ():
                # The size of an image differs between architectures.
                sizes[name] = max(sizes.get(name, 0), int(image.get("sizeBytes", 0)))
    of_images = {tuple(one.get("image", "") for one in group.spec["containers"]): group for group in reversed(groups)}
    for images, group in of_images.items():
        size = max(sizes.get(image, 0) for image in images)
        disks = [
            (disk, node["metadata"]["name"])
            for node in nodes
            if _objection(group.spec, node) is None and (disk := _allocatable(node).get(DISK)) is not None
        ]
        if size and disks and min(disks)[0] < size:
            disk, name = min(disks)
            yield f"{group.what}: the image has {_gib(size)}, and node {name} offers {_gib(disk)} of disk to pods"


def _gib(amount: Decimal | int) -> str:
    return f"{amount / 2**30:.1f}".removesuffix(".0") + "Gi"
