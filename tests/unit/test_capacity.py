"""What a preview says about nodes that can never hold the pods of a stack, and what it leaves unsaid."""

from __future__ import annotations

from typing import Any

from components.shared.capacity import autoscaler, large_images, shortages
from components.shared.demand import PodGroup
from components.shared.kube import Json


def node(cpu: str = "8", memory: str = "32Gi", name: str = "n", **more: Any) -> Json:
    allocatable = {"cpu": cpu, "memory": memory, "pods": "110", **more.pop("offers", {})}
    status = {"allocatable": allocatable, "images": more.pop("images", [])}
    return {"metadata": {"name": name, "labels": more.pop("labels", {})}, "spec": more, "status": status}


def group(count: int = 4, cpu: str = "4", memory: str = "8Gi", **spec: Any) -> PodGroup:
    limits = {"memory": memory, **spec.pop("limits", {})}
    container = {"name": "c", "image": "image:1", "resources": {"requests": {"cpu": cpu}, "limits": limits}}
    return PodGroup("workers", "mjs", count, {"containers": [container], **spec}, workers=True)


def said(*groups: PodGroup, nodes: list[Json]) -> list[str]:
    return [sentence for _, sentence in shortages(groups, nodes)]


def test_pods_that_fit_are_not_mentioned() -> None:
    assert said(group(4), nodes=[node(), node()]) == []
    assert said(group(0, cpu="100"), nodes=[node()]) == []


def test_too_many_workers_are_counted() -> None:
    """A container that has only a limit requests as much: 8Gi here."""
    several = "workers: 5 pods request 4 CPU and 8Gi of memory each, and the 2 nodes that may run them hold 4"
    assert said(group(5), nodes=[node(), node()]) == [f"{several}, even if nothing else runs there"]
    one = "workers: 1 pod requests 9 CPU and 8Gi of memory, and the only node for them holds 0"
    assert said(group(1, cpu="9"), nodes=[node()]) == [f"{one}, even if nothing else runs there"]


def test_all_pods_together_need_more_than_there_is() -> None:
    assert said(group(2, memory="1Gi"), group(1, memory="1Gi"), nodes=[node()]) == [
        "all pods together request 12 CPU at the maximum, and the nodes offer 8 CPU"
    ]


def test_only_nodes_that_the_scheduler_considers_count() -> None:
    gpu = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    nodes = [node(taints=[gpu]), node(unschedulable=True), node(labels={"pool": "other"})]
    assert said(group(1, nodeSelector={"pool": "compute"}), nodes=nodes) == [
        "none of the 3 nodes may run workers: no label pool=compute"
    ]
    assert said(group(1, nodeSelector={"pool": "other"}), nodes=nodes) == []
    assert said(group(1), nodes=nodes[:2]) == ["none of the 2 nodes may run workers: cordoned, taint gpu"]
    for toleration in (
        {"key": "gpu", "operator": "Exists"},
        {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
        {"operator": "Exists"},
    ):
        assert said(group(1, tolerations=[toleration]), nodes=nodes[:1]) == []
    for toleration in ({"key": "gpu", "value": "no"}, {"key": "gpu", "operator": "Exists", "effect": "NoExecute"}):
        assert said(group(1, tolerations=[toleration]), nodes=nodes[:1]) != []
    soft = {"key": "gpu", "effect": "PreferNoSchedule"}
    assert said(group(1), nodes=[node(taints=[soft])]) == []


def test_gpus_and_one_pod_per_node_are_respected() -> None:
    with_gpu = group(2, cpu="1", limits={"nvidia.com/gpu": "1"})
    assert said(with_gpu, nodes=[node(), node(offers={"nvidia.com/gpu": "2"})]) == []
    (sentence,) = said(with_gpu, nodes=[node()])
    assert "1 nvidia.com/gpu" in sentence
    apart = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname"}]}
    assert said(group(2, cpu="1", affinity={"podAntiAffinity": apart}), nodes=[node()]) != []


def test_an_image_is_compared_with_the_smallest_disk() -> None:
    image = {"names": ["image:1"], "sizeBytes": 30 * 2**30}
    small, large = ({"ephemeral-storage": size} for size in ("20Gi", "100Gi"))
    nodes = [node(name="big", images=[image], offers=large), node(name="small", offers=small)]
    (sentence,) = large_images([group()], nodes)
    assert sentence == "workers: the image has 30Gi, and node small offers 20Gi of disk to pods"
    assert list(large_images([group()], nodes[:1])) == []
    assert list(large_images([group()], nodes[1:])) == [], "nobody reports its size"


def test_a_node_of_an_autoscaler_is_recognised() -> None:
    assert autoscaler([node()]) is None
    assert autoscaler([node(), node(labels={"karpenter.sh/nodepool": "x"})]) == "karpenter.sh/nodepool"
