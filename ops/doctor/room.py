"""Whether the nodes have room for the system at its maximum, and keep its pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import yaml

from components.matlab import names
from components.shared import capacity
from components.shared.kube import Json
from components.shared.objects import Key
from components.shared.pod_settings import KEEPS_NODE
from ops.doctor.findings import Finding
from ops.doctor.place import Place
from ops.doctor.snapshot import Snapshot

KARPENTER: Final = "karpenter.sh/nodepool"
"""Label of every node that Karpenter made (https://karpenter.sh/docs/concepts/scheduling/)."""
_TEMPLATE: Final[Key] = ("ConfigMap", names.WORKER_TEMPLATE)


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """Findings about nodes, where you may read them."""
    nodes = snapshot.objects.get("Node", [])
    if not nodes:
        return
    here = ("Namespace", place.namespace)
    if not capacity.autoscaler(nodes):
        for group, sentence in capacity.shortages(place.groups, nodes):
            # A worker that is too large for every node is the cause.
            needs = frozenset({_TEMPLATE} if group and group.workers and place.system == "matlab" else ())
            yield Finding(place.code("018"), here, f"has too few nodes: {sentence}", needs=needs)
    for sentence in capacity.large_images(place.groups, nodes):
        yield Finding(place.code("016"), here, f"has too little disk: {sentence}")
    if place.system == "matlab" and any(KARPENTER in (node["metadata"].get("labels") or {}) for node in nodes):
        yield from _disruption(snapshot)


def _disruption(snapshot: Snapshot) -> Iterator[Finding]:
    template = snapshot.of("ConfigMap").get(names.WORKER_TEMPLATE)
    if template is None:
        return
    metadata = yaml.safe_load(template["data"][names.TEMPLATE_FILE])["metadata"]
    if (metadata.get("annotations") or {}).get(KEEPS_NODE) != "true":
        yield Finding(
            "MJS015", _TEMPLATE, f"has no annotation {KEEPS_NODE}, and Karpenter manages nodes of this cluster"
        )


def remarks(place: Place, snapshot: Snapshot) -> Iterator[str]:
    """Why room was not judged, if it was not."""
    if place.groups:
        yield from scaling(snapshot.objects.get("Node", ()))


def scaling(nodes: Iterable[Json]) -> Iterator[str]:
    """A sentence if an autoscaler may add nodes."""
    if label := capacity.autoscaler(nodes):
        yield f"Free capacity on the nodes was not checked: they have label {label}, so an autoscaler may add more."
