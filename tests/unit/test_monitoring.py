"""The Prometheus rules, judged by Prometheus' own promtool."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators.dashboard import METRICS
from tests.conftest import PROJECT
from tests.tools.debian import find

FOLDER = PROJECT / "monitoring"
RULES = yaml.safe_load((FOLDER / "matlab.rules.yaml").read_text())
ALERTS = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "matlab.dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
METRIC = re.compile(r"\bmjs_\w+")


@pytest.fixture(scope="module")
def promtool() -> list[str]:
    return find("promtool", "prometheus", "--version")


def verdict(promtool: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*promtool, "test", "rules", "matlab.rules.test.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_rules_do_what_their_tests_say(promtool: list[str]) -> None:
    done = verdict(promtool, FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_no_alert_goes_untested(promtool: list[str], tmp_path: Path, alert: str) -> None:
    """An alert that never fires, or that fires always, fails its tests."""
    for expression in ("vector(1) > 2", "vector(1)"):
        rules: dict[str, Any] = yaml.safe_load((FOLDER / "matlab.rules.yaml").read_text())
        for rule in rules["groups"][0]["rules"]:
            if rule["alert"] == alert:
                rule["expr"] = expression
        (tmp_path / "matlab.rules.yaml").write_text(yaml.safe_dump(rules))
        shutil.copy(FOLDER / "matlab.rules.test.yaml", tmp_path)
        assert verdict(promtool, tmp_path).returncode != 0, expression


def test_every_alert_says_what_to_do() -> None:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "action"}
            assert rule["labels"]["severity"] in {"warning", "critical"}


def test_dashboard_and_alerts_name_only_metrics_that_exist() -> None:
    expressions = [*QUERIES, *(rule["expr"] for group in RULES["groups"] for rule in group["rules"])]
    expressions += [
        variable["query"] for variable in DASHBOARD["templating"]["list"] if variable["name"] == "namespace"
    ]
    assert {name for expression in expressions for name in METRIC.findall(expression)} == METRICS.keys()


def test_every_panel_has_a_number_of_its_own_and_the_data_source_that_the_user_chooses() -> None:
    """Grafana makes up the numbers that are missing, and others than its own API."""
    panels = DASHBOARD["panels"]
    assert [panel.get("id") for panel in panels] == [*range(1, len(panels) + 1)]
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "namespace"]


def test_the_dashboard_asks_only_for_labels_that_exist() -> None:
    for query in QUERIES:
        (metric,) = {*METRIC.findall(query)}
        used = {
            *re.findall(r"(\w+)=", query),
            *(name for by in re.findall(r"by \((\w+)\)", query) for name in by.split()),
        }
        assert used <= METRICS[metric] | {"namespace"}, query


def test_every_query_of_the_dashboard_has_an_answer(promtool: list[str], tmp_path: Path) -> None:
    """Prometheus evaluates each one on a cluster that exports every metric."""
    series = []
    for name, labels in METRICS.items():
        kinds = ("used", "max") if name == "mjs_process_memory" else ("some",)
        for kind in kinds:
            given = {"namespace": "mjs", **dict.fromkeys(sorted(labels), kind)}
            written = ",".join(f'{label}="{value}"' for label, value in given.items())
            series.append({"series": f"{name}{{{written}}}", "values": "1+1x30"})
    answered = [
        {"expr": f"count({query.replace('$namespace', 'mjs')}) > bool 0", "eval_time": "20m",
         "exp_samples": [{"labels": "{}", "value": 1}]}
        for query in QUERIES
    ]  # fmt: skip
    test = {
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": answered}],
    }
    (tmp_path / "matlab.rules.test.yaml").write_text(yaml.safe_dump(test))
    done = verdict(promtool, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
