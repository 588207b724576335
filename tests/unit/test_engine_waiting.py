"""When an object is ready, and the sentence when it is not."""

from __future__ import annotations

from typing import Any

import pytest

from local.engine.errors import EngineError, NeedsCli
from local.engine.kubernetes_api import has_field
from local.engine.waiting import check_annotations, readiness, seconds, timed_out, timeout, wait_for

SERVICE: dict[str, Any] = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "lb", "namespace": "mjs"},
    "spec": {"type": "LoadBalancer"},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ports": []}]}, "phase": "Up", "count": 3,
               "conditions": [{"type": "Ready", "status": "True"},
                              {"type": "Odd", "status": "False", "message": "why"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    "expression",
    [
        "jsonpath={.status.loadBalancer.ingress}",
        "jsonpath={.status.loadBalancer.ingress[0].ip}",
        "jsonpath={$.status.loadBalancer.ingress[0]['ip']}=192.0.2.1",
        "jsonpath={.status.phase}=Up",
        "jsonpath=.status.count=3",
        "condition=Ready",
        "condition=Odd=False",
    ],
)
def test_an_expression_that_holds(expression: str) -> None:
    assert wait_for(expression)(SERVICE) is None


@pytest.mark.parametrize(
    ("expression", "lack"),
    [
        ("jsonpath={.status.loadBalancer.ingress[1].ip}", ".status.loadBalancer.ingress[1].ip is not there yet"),
        ("jsonpath={.status.missing.deeper}", ".status.missing.deeper is not there yet"),
        ("jsonpath={.status.phase}=Down", ".status.phase is Up, not Down"),
        ("condition=Odd", "condition Odd is False: why"),
        ("condition=Unheard", "no condition Unheard yet"),
    ],
)
def test_an_expression_that_does_not_hold_says_so(expression: str, lack: str) -> None:
    assert wait_for(expression)(SERVICE) == lack


@pytest.mark.parametrize(
    "expression",
    [
        "jsonpath={.a[*].b}",
        "jsonpath={..b}",
        "jsonpath={.a[?(@.b==1)]}",
        "jsonpath={.a[-1]}",
        "jsonpath=",
        "exists",
        "condition=",
    ],
)
def test_more_of_jsonpath_is_refused(expression: str) -> None:
    with pytest.raises(NeedsCli, match="waitFor"):
        wait_for(expression)


def annotated(**notes: str) -> dict[str, Any]:
    notes = {f"pulumi.com/{name}": text for name, text in notes.items()}
    return {**SERVICE, "metadata": {**SERVICE["metadata"], "annotations": notes}}


def test_annotations_change_the_wait_and_unknown_ones_are_refused() -> None:
    assert readiness(annotated(skipAwait="true")) is None
    both = readiness(annotated(waitFor='["condition=Ready", "condition=Odd"]'))
    assert both is not None
    assert both(SERVICE) == "condition Odd is False: why"
    assert timeout(annotated(timeoutSeconds="30"), None) == 30
    assert timeout(annotated(timeoutSeconds="30"), 5.0) == 5
    assert timeout(SERVICE, None) == 600
    with pytest.raises(EngineError, match="timeoutSeconds"):
        timeout(annotated(timeoutSeconds="soon"), None)
    for name, text in (("replaceUnready", "true"), ("patchFieldManager", "x"), ("deletionPropagationPolicy", "orphan")):
        with pytest.raises(NeedsCli, match=name):
            check_annotations(annotated(**{name: text}))


def test_kinds_have_their_rules() -> None:
    ready = readiness(SERVICE)
    assert ready is not None
    assert ready(SERVICE) is None
    assert ready({**SERVICE, "status": {}}) == "no address yet"
    assert readiness({**SERVICE, "spec": {"type": "ClusterIP"}}) is None
    assert readiness({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}) is None
    assert readiness({"apiVersion": "example.com/v1", "kind": "Deployment", "metadata": {}}) is None


@pytest.mark.parametrize(
    ("status", "lack"),
    [
        ({}, "its controller has not seen it yet"),
        ({"observedGeneration": 2, "updatedReplicas": 1}, "1 of 2 pods are of the new revision"),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 3}, "1 pods of the old revision still run"),
        (
            {"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1},
            "1 of 2 pods are available",
        ),
    ],
)
def test_a_deployment_is_ready_when_all_its_new_pods_are(status: dict[str, Any], lack: str) -> None:
    live = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}}
    check = readiness(live)
    assert check is not None
    assert check({**live, "status": status}) == lack
    done = {"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2,
            "conditions": [{"type": "Available", "status": "True"}]}  # fmt: skip
    assert check({**live, "status": done}) is None


def test_durations_are_those_of_go() -> None:
    assert [seconds(text) for text in ("", "10m", "1h30m", "45s", "1.5m", "500ms")] == [None, 600, 5400, 45, 90, 0.5]
    for text in ("10", "ten", "5 m", "3d"):
        with pytest.raises(EngineError, match="duration"):
            seconds(text)


def test_a_service_without_an_address_names_the_two_ways_out() -> None:
    text = timed_out({**SERVICE, "status": {}}, "no address yet", "", 300.0)
    assert text == (
        "no load-balancer implementation gave the Service mjs/lb an address within 300 seconds; install one, or set "
        "clusterHost of the system in the stack config"
    )


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (".spec.replicas", True),
        (".spec.paused", False),
        ('.spec.containers[name="a"].image', True),
        ('.spec.containers[name="a"].args', False),
        ('.spec.containers[name="b"].image', False),
        ('.spec.ports[port=80,protocol="TCP"].name', True),
        (".metadata.annotations.example.com/a.b", True),
        (".metadata.annotations.example.com/a", False),
        ('.metadata.finalizers[="x/y"]', True),
        ('.metadata.finalizers[="x/z"]', False),
    ],
)
def test_a_field_of_a_conflict_is_found_in_the_manifest(path: str, ours: bool) -> None:
    manifest = {
        "metadata": {"annotations": {"example.com/a.b": "1"}, "finalizers": ["x/y"]},
        "spec": {"replicas": 1, "containers": [{"name": "a", "image": "i"}], "ports": [{"port": 80, "name": "http"}]},
    }
    assert has_field(manifest, path) is ours
