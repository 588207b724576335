"""What a stack costs per hour: the user's prices times what the stack requests."""

from __future__ import annotations

from typing import Any

import pytest

from components.cost_of_stack import StackCost, announced, announcement
from components.shared.inventory import Inventory
from components.shared.kube import Json
from components.shared.survey import NOTHING, Survey
from components.stack import StackConfig, load_stack
from ops.render import render

MATLAB: dict[str, Any] = {
    "release": "r2026a",
    "workers": {"max": 10, "min": 2, "resources": {"cpuRequest": 4, "memoryRequest": "16Gi", "memoryLimit": "16Gi"}},
}
NO_CLAIMS: dict[str, Any] = {name: {"persistent": False} for name in ("checkpoint", "log", "workerLog")}


def stack(prices: Json | None, **matlab: Any) -> StackConfig:
    values = {"kubernetes": {"context": "lab"}, "matlab": {**MATLAB, "storage": NO_CLAIMS, **matlab}}
    return load_stack("lab", values | ({"prices": {"currency": "EUR", **prices}} if prices else {}), set())


def per_hour(found: StackConfig, survey: Survey = NOTHING) -> Any:
    assert found.prices
    return StackCost(found, found.prices, survey).per_hour()


def claim(storage_class: str, size: str = "20Gi") -> Json:
    return {"checkpoint": {"size": size, "storageClass": storage_class}}


def test_the_maximum_has_every_worker_and_the_minimum_those_that_always_run() -> None:
    here = per_hour(stack({"cpuHour": 1, "memoryGibHour": "0.25"}))
    one_worker = 4 + 16 * 0.25
    assert here["currency"] == "EUR"
    assert here["maximum"]["total"] - here["minimum"]["total"] == pytest.approx(8 * one_worker)


def test_without_workers_the_pods_that_always_run_still_cost() -> None:
    idle = {**MATLAB["workers"], "max": 0, "min": 0}
    here = per_hour(stack({"cpuHour": 1}, workers=idle))
    assert here["minimum"] == here["maximum"]
    assert here["minimum"]["pods"] >= 1


def test_pool_proxies_that_no_worker_uses_are_only_in_the_maximum() -> None:
    workers = {**MATLAB["workers"], "max": 64, "min": 0, "resources": {"cpuRequest": None}}
    here = per_hour(stack({"cpuHour": 1}, release="r2024b", workers=workers))
    assert here["maximum"]["pods"] > here["minimum"]["pods"]


def test_a_gpu_has_a_price_of_its_own() -> None:
    here = per_hour(stack({"gpuHour": 2}, workers={**MATLAB["workers"], "numGPUs": 2}))
    assert here["minimum"]["pods"] == pytest.approx(2 * 2 * 2)
    assert here["maximum"]["pods"] == pytest.approx(10 * 2 * 2)


@pytest.mark.parametrize(("users", "licenses"), [(None, 1000), (1, 200), (2, 400), (6, 1000)])
def test_term_licenses_are_counted_up_to_200_for_each_user(users: int | None, licenses: int) -> None:
    workers = {**MATLAB["workers"], "max": 1000}
    cap = {} if users is None else {"termLicenseUsers": users}
    here = per_hour(stack({"workerLicenseHour": 0.5, **cap}, workers=workers))
    assert here["maximum"]["licenses"] == pytest.approx(licenses * 0.5)
    assert here["minimum"]["licenses"] == pytest.approx(2 * 0.5)


@pytest.mark.parametrize(("size", "billed"), [("20Gi", 100), ("100Gi", 100), ("300Gi", 300)])
def test_a_claim_below_the_minimum_size_of_its_class_costs_that_size(size: str, billed: int) -> None:
    """Classes of shared file systems bill 100 GiB for the smallest claim."""
    prices = {"storage": {"files": {"gibMonth": 0.73, "minimumSize": "100Gi"}}}
    here = per_hour(stack(prices, storage={**NO_CLAIMS, **claim("files", size)}))
    assert here["minimum"]["storage"] == pytest.approx(billed * 0.001)


def test_a_claim_of_a_class_without_price_is_named() -> None:
    prices = {"storage": {"ssd": {"gibMonth": 0.1}}}
    found = stack(prices, storage={**NO_CLAIMS, **claim("files")})
    assert found.prices
    (warning,) = StackCost(found, found.prices, NOTHING).warnings()
    assert warning == "prices.storage: has no price for class files, so costPerHour lacks mjs-checkpoint."
    priced = stack(prices, storage={**NO_CLAIMS, **claim("ssd")})
    assert priced.prices
    assert list(StackCost(priced, priced.prices, NOTHING).warnings()) == []


def test_a_claim_without_a_class_has_the_price_of_the_default_class_of_the_cluster() -> None:
    found = stack({"storage": {"ssd": {"gibMonth": 0.73}}}, storage={**NO_CLAIMS, "checkpoint": {"size": "20Gi"}})
    default = {"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
    survey = Survey({"mjs": Inventory(frozenset(), None, True, {"StorageClass": {"ssd": default}})})
    assert per_hour(found)["minimum"]["storage"] == 0
    assert per_hour(found, survey)["minimum"]["storage"] == pytest.approx(20 * 0.001)


def test_the_workers_of_a_julia_session_come_and_go() -> None:
    session = {"workers": {"max": 5, "cpu": 4, "memory": "8Gi"}}
    values = {
        "kubernetes": {"context": "lab"},
        "julia": {"sessions": {"ana": session}},
        "prices": {"currency": "EUR", "cpuHour": 1},
    }
    here = per_hour(load_stack("lab", values, set()))
    assert here["maximum"]["total"] - here["minimum"]["total"] == pytest.approx(5 * 4)


def test_prices_change_no_object() -> None:
    prices = {"cpuHour": 1, "workerLicenseHour": 2, "storage": {"ssd": {"gibMonth": 1}}}
    assert render(stack(prices))[0] == render(stack(None))[0]


@pytest.mark.parametrize(
    ("minimum", "maximum", "words"),
    [(1.25, 17.25, "1.25 to 17.25 EUR"), (3.0, 3.0, "3 EUR"), (0.0001, 123456.7891, "0.0001 to 123456.7891 EUR")],
)
def test_the_message_of_a_preview_tells_a_program_what_it_tells_people(
    minimum: float, maximum: float, words: str
) -> None:
    message = announcement({"currency": "EUR", "minimum": {"total": minimum}, "maximum": {"total": maximum}})
    assert message == f"costPerHour: {words}"
    assert announced(message) == (minimum, maximum, "EUR")
    assert announced("the stack has no prices") is None
