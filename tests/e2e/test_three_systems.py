"""All three systems in one stack: each in its own namespaces, with their outputs next to each other."""

from __future__ import annotations

from typing import Any

from tests.e2e.adoption import adopt
from tests.e2e.arkouda_stack import CORE, NAMESPACE
from tests.e2e.checkout import Checkout, refused

ARKOUDA: dict[str, Any] = {
    "declared": [{"name": "hpc", "address": "192.0.2.10"}],
    "singleNode": [{"name": "small", "cpu": "100m", "memory": "64Mi", "files": {"size": "1Gi"}}],
}
JULIA: dict[str, Any] = {
    "sessions": {"ana": {"manager": {"cpu": "100m", "memory": "64Mi"}, "workers": {"max": 2, "memory": "1Gi"}}},
    "defaults": {"depot": {"size": "1Gi"}},
}


def test_a_stack_deploys_all_three_systems(checkout: Checkout) -> None:
    checkout.config["config"] |= {"clusters:arkouda": ARKOUDA, "clusters:julia": JULIA}
    checkout.write()
    checkout.run("up")
    outputs = checkout.outputs()
    assert {"profile", "adminPassword", "juliaSessions", "arkouda", "arkoudaFiles"} <= set(outputs)
    assert {
        "Namespace/mjs",
        "Namespace/arkouda",
        "PersistentVolumeClaim/small-files",
        "Namespace/julia-ana",
        "PersistentVolumeClaim/julia-ana-depot",
    } <= set(outputs["keptOnDestroy"])
    assert [line for line in outputs["readme"].splitlines() if line.startswith("# ")] == [
        "# MATLAB Parallel Server R2026a",
        "# Julia sessions",
        "# Arkouda",
    ]
    assert set(outputs["arkouda"]["servers"]) == {"hpc", "small"}
    assert set(outputs["juliaSessions"]) == {"ana"}
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    del checkout.config["config"]["clusters:arkouda"]["declared"]
    checkout.write()
    checkout.run("up")
    assert checkout.outputs()["profile"] == outputs["profile"]
    assert checkout.api.get(f"{CORE}/services/hpc") is None
    assert checkout.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/small") is not None
    assert checkout.api.get("/apis/apps/v1/namespaces/julia-ana/statefulsets/julia-ana") is not None
    _data_outlives_its_setting(checkout)
    text = checkout.run("destroy")
    assert "julia-ana-depot" in text
    assert checkout.api.get("/apis/apps/v1/namespaces/julia-ana/statefulsets/julia-ana") is None
    assert checkout.api.get("/api/v1/namespaces/julia-ana/persistentvolumeclaims/julia-ana-depot") is not None


def _data_outlives_its_setting(checkout: Checkout) -> None:
    """Pulumi failed only when it came to the protected objects, and advised to take their protection away."""
    config = checkout.config["config"]
    arkouda = config.pop("clusters:arkouda")
    config["clusters:matlab"]["namespace"] = {"name": "elsewhere"}
    config["clusters:julia"]["sessions"]["ana"]["namespace"] = {"create": False}
    refused(
        checkout,
        "arkouda: is no longer in the config, but the stack keeps its data: Namespace/arkouda, "
        "PersistentVolumeClaim/small-files.",
        "matlab.namespace.name: is elsewhere, but the stack keeps data in namespace mjs: Namespace/mjs, "
        "PersistentVolumeClaim/mjs-checkpoint, ",
        "julia.sessions.ana.namespace.create: is false, but the stack created namespace julia-ana and keeps it.",
    )
    del config["clusters:matlab"]["namespace"], config["clusters:julia"]["sessions"]["ana"]["namespace"]
    config["clusters:arkouda"] = {**arkouda, "namespace": {"name": "elsewhere"}}
    refused(checkout, "arkouda.namespace.name: is elsewhere, but the stack keeps data in namespace arkouda")

    # docs/data.md#letting-go
    del config["clusters:arkouda"]
    checkout.write()
    urn = f"urn:pulumi:{checkout.stack}::clusters::clusters:arkouda:Servers::arkouda"
    checkout.run("pulumi", "--", "state", "delete", "--yes", "--force", "--target-dependents", urn)
    checkout.run("up")
    assert "arkouda" not in checkout.outputs()
    assert checkout.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/small") is not None
    config["clusters:arkouda"] = arkouda
    checkout.write()
    adopt(checkout, "--stack", checkout.stack)
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == [], "the same objects belong to the stack again"
