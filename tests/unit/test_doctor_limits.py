"""Quotas and limits of a namespace, against all pods and claims that a stack has at its maximum."""

from __future__ import annotations

from typing import Any

import pytest

from components.shared.groups import Target
from components.shared.inventory import Inventory
from components.shared.kube import Json
from components.stack import StackConfig
from ops.doctor.limits import limits
from tests.unit.clusters import cluster

WORKER = {"cpuRequest": "2", "memoryRequest": "4Gi", "memoryLimit": "4Gi"}


def said(kind: str, spec: Json, **matlab: Any) -> list[str]:
    """What is found where somebody has made one object."""
    here = cluster({"workers": {"max": 10, "resources": WORKER}, **matlab})
    stack = StackConfig("lab", Target(context="lab"), {"matlab": here.settings})
    objects: dict[str, dict[str, Json] | None] = {kind: {"theirs": {"metadata": {"name": "theirs"}, "spec": spec}}}
    inventory = Inventory(frozenset(), None, namespace_readable=True, objects=objects)
    return [finding.sentence for finding in limits(stack, {here.namespace: inventory})]


def quota(**hard: str) -> Json:
    return {"hard": {name.replace("_", "."): amount for name, amount in hard.items()}}


@pytest.mark.parametrize(
    ("hard", "sentence"),
    [
        (quota(pods="12"), "allows 12 of pods, but the stack needs 13 at its maximum"),
        (quota(requests_cpu="20"), "allows 20 of requests.cpu, but the stack needs 21200m at its maximum"),
        (quota(requests_storage="1Gi"), "allows 1Gi of requests.storage, but the stack needs 40Gi at its maximum"),
        (quota(limits_cpu="1k"), "limits cpu, so it rejects pods without a limit: Deployment mjs-job-manager"),
    ],
)
def test_a_quota_that_is_too_small_is_named_with_both_amounts(hard: Json, sentence: str) -> None:
    assert said("ResourceQuota", hard) == [f"ResourceQuota theirs {sentence}"]


def test_a_quota_that_is_large_enough_is_not_mentioned() -> None:
    assert said("ResourceQuota", quota(pods="13", requests_cpu="21200m", requests_storage="40Gi")) == []
    assert said("ResourceQuota", {**quota(pods="0"), "scopes": ["BestEffort"]}) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"type": "Container", "max": {"memory": "3Gi"}}, "allows 3Gi of memory, but a container of workers has 4Gi"),
        ({"type": "Container", "min": {"cpu": "2500m"}}, "requires 2500m of cpu, but a container of workers has 2"),
    ],
)
def test_a_limit_range_that_rejects_a_worker_is_named(rule: Json, words: str) -> None:
    assert f"LimitRange theirs {words}" in said("LimitRange", {"limits": [rule]})


def test_a_limit_range_that_fits_is_not_mentioned() -> None:
    assert said("LimitRange", {"limits": [{"type": "Container", "max": {"memory": "16Gi"}}, {"type": "Pod"}]}) == []
