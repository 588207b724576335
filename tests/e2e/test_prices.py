"""The cost of a stack, as an administrator sees it in a preview and in the outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.checkout import NAMESPACE, Checkout


def test_a_preview_shows_what_a_change_costs_and_prices_touch_nothing(checkout: Checkout) -> None:
    checkout.matlab["workers"] = {"max": 4, "resources": {"cpuRequest": 2}}
    prices = {"currency": "EUR", "cpuHour": 0.5, "workerLicenseHour": 1, "storage": {"ssd": {"gibMonth": 1}}}
    checkout.config["config"]["clusters:prices"] = prices
    checkout.write()
    printed = checkout.run("up")
    assert "prices.storage: has no price for class" in printed
    cost = checkout.outputs()["costPerHour"]
    assert cost["currency"] == "EUR"
    assert cost["maximum"]["total"] - cost["minimum"]["total"] == pytest.approx(4 * (2 * 0.5 + 1))

    checkout.matlab["workers"]["max"] = 6
    checkout.write()
    preview = " ".join(checkout.run("preview").split())
    assert "costPerHour" in preview
    assert "licenses: 4 => 6" in preview
    low, high = cost["minimum"]["total"], cost["maximum"]["total"]
    # Two more workers, each with its CPUs and its license.
    higher = round(high + 2 * (2 * 0.5 + 1), 4)
    least, most, more = (f"{amount:.10g}" for amount in (low, high, higher))
    change = f"Cost per hour: {least} to {most} EUR → {least} to {more} EUR"
    assert change in ops(checkout, "impact", code=1)
    assert f"{change}." in ops(checkout, "impact", "--markdown", code=1)
    (report,) = json.loads(ops(checkout, "impact", "--json", code=1))["stacks"]
    assert report["costPerHour"]["before"] == {"minimum": low, "maximum": high, "currency": "EUR"}
    assert report["costPerHour"]["after"] == {"minimum": low, "maximum": higher, "currency": "EUR"}
    what_runs_now_costs_what_its_pods_request(checkout, cost)

    checkout.matlab["workers"]["max"] = 4
    prices["workerLicenseHour"] = 2
    checkout.write()
    before = checkout.writes()
    checkout.run("up")
    assert checkout.writes() == before
    assert checkout.outputs()["costPerHour"]["maximum"]["licenses"] == 8


def ops(checkout: Checkout, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "ops", *words, "--stack", "dev"]
    done = subprocess.run(
        command, cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def what_runs_now_costs_what_its_pods_request(checkout: Checkout, cost: dict[str, Any]) -> None:
    """Without a worker as much as the minimum; a worker with a node adds its requests and its license."""
    assert json.loads(ops(checkout, "status", "--json"))["costPerHour"]["now"] == cost["minimum"]
    requests = {"cpu": "0.25"}
    pod = {
        "metadata": {"name": "mjs-worker-1", "labels": {"app": "mjs-worker"}},
        "spec": {
            "nodeName": "a-node-that-does-not-exist",
            "containers": [{"name": "worker", "image": "worker", "resources": {"requests": requests}}],
        },
    }
    checkout.api.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", pod)
    now = json.loads(ops(checkout, "status", "--json"))["costPerHour"]["now"]
    assert now["total"] == pytest.approx(cost["minimum"]["total"] + 0.25 * 0.5 + 1)
    assert f"cost per hour         {now['total']:.10g} now; it can be " in ops(checkout, "status")
