"""Pulumi ESC without Pulumi Cloud: its evaluator, built from its Go module."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from tests.tools.go_program import go_program


def opened(name: str, environments: Mapping[str, str]) -> dict[str, Any]:
    """The values of an environment; `environments` holds its text and those of all that it imports, by name."""
    question = json.dumps({"open": name, "environments": dict(environments)})
    evaluator = go_program(
        "environment-evaluator", "the evaluator of Pulumi ESC", "From nothing it takes a minute on two cores."
    )
    done = subprocess.run([evaluator], input=question, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values
