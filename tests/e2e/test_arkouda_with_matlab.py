"""Two systems in one stack: each has its namespace, and their outputs stand side by side."""

from __future__ import annotations

from typing import Any

from tests.e2e.arkouda_stack import CORE, NAMESPACE
from tests.e2e.checkout import Checkout

ARKOUDA: dict[str, Any] = {
    "declared": [{"name": "hpc", "address": "192.0.2.10"}],
    "singleNode": [{"name": "small", "cpu": "100m", "memory": "64Mi", "files": {"size": "1Gi"}}],
}


def test_arkouda_stands_beside_matlab(checkout: Checkout) -> None:
    checkout.config["config"]["clusters:arkouda"] = ARKOUDA
    checkout.write()
    checkout.run("up")
    outputs = checkout.outputs()
    assert {"profile", "adminPassword", "arkouda", "arkoudaFiles"} <= set(outputs)
    assert {"Namespace/mjs", "Namespace/arkouda", "PersistentVolumeClaim/small-files"} <= set(outputs["keptOnDestroy"])
    assert "# MATLAB Parallel Server" in outputs["readme"]
    assert "# Arkouda" in outputs["readme"]
    assert set(outputs["arkouda"]["servers"]) == {"hpc", "small"}
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    del checkout.config["config"]["clusters:arkouda"]["declared"]
    checkout.write()
    checkout.run("up")
    assert checkout.outputs()["profile"] == outputs["profile"]
    assert checkout.api.get(f"{CORE}/services/hpc") is None
    assert checkout.api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/small") is not None
