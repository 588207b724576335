"""The cost of a stack, as an administrator sees it in a preview and in the outputs."""

from __future__ import annotations

import pytest

from tests.e2e.checkout import Checkout


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

    checkout.matlab["workers"]["max"] = 4
    prices["workerLicenseHour"] = 2
    checkout.write()
    before = checkout.writes()
    checkout.run("up")
    assert checkout.writes() == before
    assert checkout.outputs()["costPerHour"]["maximum"]["licenses"] == 8
