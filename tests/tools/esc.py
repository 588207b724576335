"""Pulumi ESC without Pulumi Cloud: its evaluator, built from its Go module."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local.go_build import Build, cache_directory

MODULE = Path(__file__).parent / "environment_evaluator"
BINARY = "environment-evaluator"


@cache
def _evaluator() -> Path:
    build = Build(
        what="the evaluator of Pulumi ESC",
        module=MODULE,
        cache=cache_directory() / "tools",
        packages={f"clusters.local/{BINARY}": BINARY},
        linker_flags="-s -w",
        announcement="From nothing it takes a minute on two cores.",
    )
    return build.binaries()[BINARY]


def opened(name: str, environments: Mapping[str, str]) -> dict[str, Any]:
    """The values of an environment; `environments` holds its text and those of all that it imports, by name."""
    question = json.dumps({"open": name, "environments": dict(environments)})
    done = subprocess.run([_evaluator()], input=question, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values
