"""All three systems in one stack: each in its own namespaces, with their outputs next to each other."""

from __future__ import annotations

from typing import Any

from tests.e2e.arkouda_stack import CORE, NAMESPACE
from tests.e2e.checkout import Checkout

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
    text = checkout.run("destroy")
    assert "julia-ana-depot" in text
    assert checkout.api.get("/apis/apps/v1/namespaces/julia-ana/statefulsets/julia-ana") is None
    assert checkout.api.get("/api/v1/namespaces/julia-ana/persistentvolumeclaims/julia-ana-depot") is not None
