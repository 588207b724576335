"""The small engine against the Pulumi CLI: given the same stack file, both make the same cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.shared.manifest import STACK as STACK_LABEL
from tests.e2e.checkout import NAMESPACE, STACK, Checkout
from tests.e2e.conftest import ENGINES
from tests.e2e.disturbance import COLLECTIONS

pytestmark = pytest.mark.skipif(len(ENGINES) == 1, reason="there is no Pulumi CLI, or ENGINE=small keeps it out")

OF_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")
OF_CONTROLLERS = ("pv.kubernetes.io/", "volume.kubernetes.io/", "deployment.kubernetes.io/")
"""Annotations that the control plane writes."""
GIVEN_BY_THE_CLUSTER = ("clusterIP", "clusterIPs", "volumeName", "healthCheckNodePort")
GENERATED = ("adminPassword", "profile")


@pytest.fixture(scope="module")
def engine() -> str:
    """The first of the two; the test goes on to the other."""
    return "small"


def test_both_make_the_same_objects_and_outputs_and_leave_each_others_alone(checkout: Checkout) -> None:
    """A newcomer begins with the small engine and moves on to the CLI: nothing may mean something else there."""
    objects, outputs = {}, {}
    for engine, other, maker in (
        ("small", "pulumi", "the small engine"),
        ("pulumi", "small", "the Pulumi CLI"),
    ):
        checkout.engine = engine
        checkout.run("up")
        objects[engine], outputs[engine] = everything(checkout), comparable_outputs(checkout.outputs())
        before = len(checkout.writes())
        for action in ("preview", "up", "destroy"):
            text = checkout.run(action, code=1, ENGINE=other)
            assert f"stack {STACK} was made with {maker}" in text
            assert f"make destroy PURGE=1 ENGINE={engine}" in text
        assert checkout.writes()[before:] == []
        checkout.run("destroy", "--purge", CONFIRM=STACK)
        assert everything(checkout) == {}
    assert objects["small"].keys() == objects["pulumi"].keys()
    for name, made in objects["small"].items():
        assert made == objects["pulumi"][name], name
    assert outputs["small"] == outputs["pulumi"]


def everything(checkout: Checkout) -> dict[str, Any]:
    """All objects of the stack, without what is another one each time."""
    query = {"labelSelector": f"{STACK_LABEL}={STACK}"}
    found = {}
    for kind, path in COLLECTIONS.items():
        for item in (checkout.api.request("GET", path, query=query))["items"]:
            assert item["metadata"].get("namespace", NAMESPACE) == NAMESPACE
            found[f"{kind}/{item['metadata']['name']}"] = comparable(item)
    return found


def comparable(live: dict[str, Any]) -> dict[str, Any]:
    """An object without what the cluster gives it, and a Secret without its values."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in OF_THE_SERVER}
    annotations = metadata.pop("annotations", {})
    metadata["annotations"] = {key: text for key, text in annotations.items() if not key.startswith(OF_CONTROLLERS)}
    rest = {key: value for key, value in live.items() if key not in {"metadata", "status"}}
    if isinstance(spec := rest.get("spec"), dict):
        rest["spec"] = {key: value for key, value in spec.items() if key not in GIVEN_BY_THE_CLUSTER}
        for port in rest["spec"].get("ports", ()):
            port.pop("nodePort", None)
    if "type" in live:  # a Secret
        rest["data"] = sorted(live.get("data", ()))
    return {"metadata": metadata, **rest}


def comparable_outputs(outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs; of those that are generated, the shape."""
    scheduler = json.loads(outputs["profile"])["SchedulerComponent"]
    profile = {key: value for key, value in scheduler.items() if "Certificate" not in key and "Key" not in key}
    shapes = {"adminPassword": len(outputs["adminPassword"]), "profile": (profile, sorted(scheduler))}
    return {**{key: value for key, value in outputs.items() if key not in GENERATED}, **shapes}
