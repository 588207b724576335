"""When an update of a Deployment has come to its end, as `kubectl rollout status` judges it."""

from __future__ import annotations

from typing import Any

import pytest

from components.shared.rollout import unfinished


def deployment(**status: int) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": {"observedGeneration": 2, **status}}


READY = {"updatedReplicas": 1, "replicas": 1, "availableReplicas": 1}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (READY, None),
        ({**READY, "observedGeneration": 1}, "Kubernetes has not processed the change yet"),
        ({"replicas": 1, "availableReplicas": 1}, "old pods are still terminating"),
        ({}, "0 of 1 new pods are Ready"),
        ({"updatedReplicas": 1, "replicas": 1}, "0 of 1 new pods are Ready"),
    ],
    ids=["done", "not observed", "the old pod ends", "between the pods", "the new pod starts"],
)
def test_what_is_missing(status: dict[str, int], expected: str | None) -> None:
    assert unfinished(deployment(**status)) == expected


def test_nothing_is_missing_where_no_pod_is_wanted() -> None:
    assert unfinished({**deployment(), "spec": {"replicas": 0}}) is None
