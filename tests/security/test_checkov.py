"""checkov over every manifest of every example: what fails has a written exception, and the figures are measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.checkov import Result, scan
from tests.security.pages import LINK, SECURITY, exceptions, promises

WITH_THE_CHARTS_OBJECTS = "minimal"
"""The stack file with the chart's default values, which the chart's figures are for."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    return scan(tmp_path_factory.mktemp("manifests"))


def test_every_failed_check_has_a_written_exception(results: list[Result]) -> None:
    known = exceptions()
    failed = {(result.check, result.thing) for result in results if not result.passed}
    assert sorted(one for one in failed if not any(row.covers(*one) for row in known)) == []


def test_every_exception_is_needed(results: list[Result]) -> None:
    """A mended manifest must not leave a hole in which the next failure passes unseen."""
    failed = {(result.check, result.thing) for result in results if not result.passed}
    for row in exceptions():
        for pattern in row.where:
            alone = row._replace(where=(pattern,))
            assert any(alone.covers(*one) for one in failed), f"{row.check} in {pattern} does not fail any more"


def test_every_exception_has_a_reason_with_a_link() -> None:
    for row in exceptions():
        targets = LINK.findall(row.reason)
        assert targets, row
        for target in _in_this_project(targets):
            assert target.exists(), target


def _in_this_project(targets: list[str]) -> Iterator[Path]:
    return (SECURITY.parent / target.partition("#")[0] for target in targets if not target.startswith("https:"))


def test_the_published_numbers_are_measured(results: list[Result]) -> None:
    (figure,) = (promise.figure for promise in promises() if promise.number == "S2")
    ours = [one.passed for one in results if one.stack == WITH_THE_CHARTS_OBJECTS and ": Pod/" not in one.thing]
    assert figure.startswith(f"{ours.count(False)} of {len(ours)} (")


def test_pods_that_are_made_later_are_checked_too(results: list[Result]) -> None:
    """They are the content of ConfigMaps, in which no tool looks for pods."""
    things = {result.thing for result in results}
    assert {"matlab: Pod/mjs-worker", "matlab: Pod/mjs-pool-proxy", "julia: Pod/julia-ana-worker"} <= things
