"""What components/stack_file.py reads is what the Pulumi CLI reads, and what it rejects is worth rejecting."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.stack_file import parsed
from local.pulumi import Toolchain
from tests.stack_file_cases import READ, stack_file

PROJECT = """
name: clusters
runtime: python
config:
  matlab: {type: object, default: {}}
"""


class Config:
    """`pulumi config` in a project of its own."""

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        self.folder, self._command = folder, toolchain.command
        (folder / "Pulumi.yaml").write_text(PROJECT)
        backend = {"PULUMI_BACKEND_URL": f"file://{folder}", "PULUMI_CONFIG_PASSPHRASE": "test"}
        self._environment = {**os.environ, **toolchain.environment, **backend}
        self.run("stack", "init", "test")

    def run(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(
            [self._command, *words], cwd=self.folder, env=self._environment, input=text, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def values(self, content: str) -> dict[str, Any]:
        """The values of a stack file, by key without the project."""
        (self.folder / "file.yaml").write_text(content, encoding="utf-8", newline="")
        listing = json.loads(self.run("config", "--json", "--config-file", "file.yaml", "--stack", "test"))
        return {
            key.removeprefix("clusters:"): item.get("objectValue", item.get("value")) for key, item in listing.items()
        }


@pytest.fixture
def config(tmp_path: Path, toolchain: Toolchain) -> Config:
    return Config(tmp_path, toolchain)


def test_every_value_is_read_as_the_cli_reads_it(config: Config) -> None:
    for value, expected in READ.items():
        content = stack_file(value)
        assert config.values(content)["matlab"] == parsed(content.encode()).config["matlab"] == {"value": expected}


@pytest.mark.parametrize(
    ("value", "cli"),
    [
        ("08", 8), ("017", 15), ("1e3", 1000), ("1_000", 1000), ("2024-01-02", "2024-01-02 00:00:00 +0000 UTC"),
        ("!!binary aGVsbG8=", "hello"), ('"\\n  a"', "  a"), ('"\\na"', "a"),
    ],
)  # fmt: skip
def test_the_cli_reads_these_in_its_own_way(config: Config, value: str, cli: Any) -> None:
    """They are rejected because PyYAML, Helm and people read them differently, or because the CLI changes them."""
    assert config.values(stack_file(value))["matlab"]["value"] == cli


def test_the_remedies_for_the_command_line_work(config: Config) -> None:
    """Without --type, digits become a number; without quotes, --path splits a key at its dots."""
    (config.folder / "Pulumi.test.yaml").unlink(missing_ok=True)
    stack = ("--stack", "test")
    config.run("config", "set", *stack, "matlab.workers.max", "64")
    config.run("config", "set", *stack, "--path", "matlab.workers.env.N", "4")
    config.run("config", "set", *stack, "--path", "--type", "string", "matlab.workers.env.M", "4")
    config.run("config", "set", *stack, "--path", "matlab.annotations.a.b/c", "x")
    found = parsed((config.folder / "Pulumi.test.yaml").read_bytes()).config
    assert found["matlab.workers.max"] == "64"
    assert found["matlab"] == {"workers": {"env": {"N": 4, "M": "4"}}, "annotations": {"a": {"b/c": "x"}}}
    config.run("config", "rm", *stack, "matlab.workers.max")
    config.run("config", "rm", *stack, "--path", "matlab.annotations.a")
    config.run("config", "set", *stack, "--path", 'matlab.annotations["a.b/c"]', "x")
    config.run("config", "set", *stack, "--path", "--secret", "matlab.security.adminPassword", text="hunter2")
    found = parsed((config.folder / "Pulumi.test.yaml").read_bytes()).config
    assert found.keys() == {"matlab"}
    assert found["matlab"]["annotations"] == {"a.b/c": "x"}
    assert list(found["matlab"]["security"]["adminPassword"]) == ["secure"]
