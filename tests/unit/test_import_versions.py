"""Values of every chart version since 1.0.0 are understood as that version understood them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.matlab.upstream import KEYS
from ops.errors import CommandError
from ops.helm_import.chart_versions import as_numbers, chart_version, old_defaults
from tests.unit.import_cases import SMALL, Importer
from tests.unit.upstream_objects import field, objects

VERSIONS = (
    "1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "2.0.0", "2.0.1", "2.1.0", "2.1.1",
)  # fmt: skip
LEGACY = {**SMALL, "matlabRelease": "r2024b"}
MANAGER = "Deployment/mjs-job-manager spec.template.spec.containers[mjs-job-manager]."
HAPROXY = "Deployment/mjs-ingress-proxy spec.template.spec.containers[haproxy]."
CONTROLLER = "Deployment/mjs-controller spec.template.spec.containers[mjs-controller]."


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(tmp_path, capsys)


@pytest.mark.parametrize("chart", VERSIONS)
def test_the_smallest_values_of_every_chart_come_over(run: Importer, chart: str) -> None:
    result = run(LEGACY, "--context", "lab", "--chart-version", chart)
    assert result.code == 0
    made = objects(result.matlab)
    old, first = as_numbers(chart) < (2, 0, 0), as_numbers(chart) < (1, 5, 0)
    assert field(made, f"{MANAGER}resources.requests.memory") == ("4Gi" if old else "2Gi")
    assert field(made, f"{HAPROXY}image") == ("haproxy:latest" if old else "haproxy:3.3")
    assert field(made, f"{CONTROLLER}resources") == ({} if first else {"requests": {"cpu": "100m", "memory": "128Mi"}})
    assert field(made, f"{CONTROLLER}image").endswith(":2.1.0" if chart == "2.1.0" else ":2.1.1")
    assert ("Job database" in result.err) == old


@pytest.mark.parametrize(("chart", "tag"), [("2.0.0", "v1.0.0"), ("2.1.0", "v1.0.0"), ("2.1.1", "v1.0.1")])
def test_the_parallel_server_proxy_is_the_charts(run: Importer, chart: str, tag: str) -> None:
    made = objects(run(SMALL, "--context", "lab", "--chart-version", chart).matlab)
    place = "Deployment/mjs-ingress-proxy spec.template.spec.containers[mjs-parallel-server-proxy].image"
    assert field(made, place) == f"ghcr.io/mathworks/parallel-server-proxy:{tag}"


def test_1_x_takes_r2024a_where_no_release_is_given_and_2_x_none(run: Importer) -> None:
    values = {name: value for name, value in SMALL.items() if name != "matlabRelease"}
    old = run(values, "--context", "lab", "--chart-version", "1.7.0")
    assert (old.code, old.matlab["release"]) == (0, "r2024a")
    assert "matlabRelease, default of chart 1.7.0" in old.text
    new = run(values, "--context", "lab")
    assert (new.code, "matlab.release: is required" in new.err) == (2, True)


@pytest.mark.parametrize(
    ("chart", "values", "code", "sentence"),
    [
        ("1.2.0", {"portsPerWorker": 2}, 0, "is hidden, works only in 1.0 to 1.2"),
        ("1.2.0", {"workerImage": "x"}, 0, "this chart ignores it"),
        ("1.3.0", {"workerImage": "x"}, 2, "the READMEs of 1.1 to 1.5 name it by mistake"),
        ("1.2.0", {"numGPUs": 1}, 0, "does not have it yet and ignores it"),
        ("1.7.0", {"numGPUs": 1}, 2, "exists since chart 2.0.0, and chart 1.7.0 rejects it"),
    ],
)
def test_keys_that_the_version_did_not_know(
    run: Importer, chart: str, values: dict[str, Any], code: int, sentence: str
) -> None:
    result = run({**LEGACY, **values}, "--context", "lab", "--chart-version", chart)
    assert (result.code, sentence in result.err) == (code, True)
    assert ("numGPUs" in result.matlab.get("workers", {})) == (chart == "1.7.0")


def test_the_history_names_only_known_keys_and_other_defaults_than_todays() -> None:
    for chart in VERSIONS:
        for name, default in old_defaults(as_numbers(chart)).items():
            assert KEYS[name].default != default
    assert old_defaults((2, 1, 1)) == {}


@pytest.mark.parametrize("text", ["0.9.0", "2.1.2", "2", "", "latest", "1.0.0-rc1"])
def test_other_versions_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match=r"1\.0\.0 to 2\.1\.1"):
        chart_version(text)


def test_a_version_may_lack_its_patch_or_have_a_v() -> None:
    assert (chart_version("v2.1"), chart_version("1.7.3")) == ((2, 1, 0), (1, 7, 3))
