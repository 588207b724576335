"""A folder with a small program, for tests of what this project relies on in Pulumi itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from components.stack import PROJECT_NAME
from local.pulumi import Toolchain
from local.stack_command import state_file
from tests.conftest import PROJECT

STACK = "dev"
HEAD = "import pulumi, pulumi_random as random\nfrom pulumi import ResourceOptions as O\n"

Step = tuple[str, str]
"""Operation and name of a resource."""


class Project:
    """A folder with a small program and its state."""

    def __init__(self, root: Path, toolchain: Toolchain) -> None:
        self.root, self._toolchain = root, toolchain
        self.values: dict[str, Any] = {}
        """What the program finds as its variables."""
        runtime = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["runtime"]
        (root / "Pulumi.yaml").write_text(yaml.safe_dump({"name": PROJECT_NAME, "runtime": runtime}))
        (root / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
        (root / ".venv").symlink_to(sys.prefix)
        state = root / ".state"
        state.mkdir()
        self._variables = {"PULUMI_CONFIG_PASSPHRASE": "x", "PULUMI_BACKEND_URL": f"file://{state}"}
        self.state_file = state_file(state, STACK)
        self.run("stack", "init")

    def run(self, *words: str, program: str | None = None, code: int = 0) -> str:
        """Run a command; all it prints. It must succeed, or fail if `code` is not 0."""
        if program is not None:
            values = "".join(f"{name} = {value!r}\n" for name, value in self.values.items())
            (self.root / "__main__.py").write_text(HEAD + values + program)
        if words[0] in {"up", "destroy"}:
            words = (*words, "--yes")
        done = subprocess.run(
            [self._toolchain.command, "--non-interactive", *words, "--stack", STACK],
            cwd=self.root,
            env={**os.environ, **self._toolchain.environment, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert bool(done.returncode) == bool(code), done.stdout
        return done.stdout

    def up(self, program: str | None = None, *words: str) -> list[Step]:
        """Deploy the program; the operation and the name of each resource, in the order in which they completed."""
        return self._steps(self.run("up", "--skip-preview", "--json", *words, program=program))

    def destroy(self, *words: str) -> list[Step]:
        """Delete resources; the steps."""
        steps = self._steps(self.run("destroy", "--skip-preview", "--json", *words))
        return [step for step in steps if step[0] != "same"]

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's entries by name, without the stack and providers."""
        latest = json.loads(self.state_file.read_text())["checkpoint"]["latest"]
        return {_name(entry["urn"]): entry for entry in latest.get("resources") or () if _own(entry["type"])}

    @staticmethod
    def _steps(printed: str) -> list[Step]:
        events = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
        steps = (event["resOutputsEvent"]["metadata"] for event in events if "resOutputsEvent" in event)
        return [(step["op"], _name(step["urn"])) for step in steps if _own(step["type"])]


def _own(kind: str) -> bool:
    return not kind.startswith("pulumi:")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
