"""The Prometheus rules, judged by Prometheus' own promtool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT
from tests.tools.debian import find

FOLDER = PROJECT / "monitoring"
RULES = yaml.safe_load((FOLDER / "matlab.rules.yaml").read_text())
ALERTS = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]


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
