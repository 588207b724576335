"""docs/security.md and docs/reliability.md: every promise has a test, and its figure is what the code says."""

from __future__ import annotations

from collections.abc import Callable

from policy.rules import RULES
from tests.e2e import test_disturbed, test_faults
from tests.e2e.faulty import Fault
from tests.security.pages import promises
from tests.unit.clusters import EVERYTHING, MODES, in_mode
from tests.unit.test_docs import exists
from tests.unit.test_security import EXCEPTIONS, pods


def _kinds_of_pods() -> dict[str, bool]:
    """Every `app` label of a MATLAB cluster's pods in any mode, and whether such pods have a token."""
    return {
        app: template["spec"]["automountServiceAccountToken"]
        for mode in MODES
        for app, template in pods(in_mode(mode, EVERYTHING)).items()
    }


def _storm() -> str:
    faults = len(Fault)
    return f"{faults} kinds of faults, {test_faults.EVERY} requests apart; at most {test_faults.MOST_RUNS} runs"


FIGURES: dict[str, Callable[[], str]] = {
    "S3": lambda: f"{len(EXCEPTIONS)} of {len(_kinds_of_pods())} kinds of pods have one",
    "S4": lambda: f"{sum(_kinds_of_pods().values())} of {len(_kinds_of_pods())}",
    "S12": lambda: f"{len(RULES)} rules",
    "R1": _storm,
    "R2": lambda: f"{len(Fault)} faults at {len(test_faults.PHASES)} points",
    "R3": lambda: f"{test_disturbed.POINTS} kills and more, one per object",
    "R6": lambda: f"{test_disturbed.CUTS} cuts",
}
"""Figures that the code gives. test_checkov.py measures that of S2; the others are zeros that their tests assert."""


def test_every_promise_has_a_number_of_its_own_and_a_test_that_exists() -> None:
    found = promises()
    numbers = [promise.number for promise in found]
    assert len(numbers) == len(set(numbers)) > 20
    for promise in found:
        assert promise.tests, promise.number
        assert [name for name in promise.tests if not exists(name)] == [], promise.number


def test_the_figures_are_those_of_the_code() -> None:
    published = {promise.number: promise.figure for promise in promises()}
    assert {number: published[number] for number in FIGURES} == {number: make() for number, make in FIGURES.items()}
