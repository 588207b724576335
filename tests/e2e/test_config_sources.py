"""Under the real CLI, a config is judged by what the run uses, in each way of passing one. No cluster is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.target import PROJECT
from local.pulumi import Toolchain
from tests.e2e.checkout import PARTS

REACHED = "in the stack file, or the kubeconfig. Nothing was changed."
"""What the preflight says when the config was accepted."""
SECRET = "hunter2"


class Project:
    """The project with a stack `test`, whose cluster does not exist."""

    def __init__(self, root: Path, toolchain: Toolchain) -> None:
        self.root, self._command = root, toolchain.command
        root.mkdir()
        for part in PARTS:
            copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
            copy(PROJECT / part, root / part)
        (root / ".venv").symlink_to(sys.prefix)
        (root / "kubeconfig").write_text("apiVersion: v1\nkind: Config\n")
        backend = {"PULUMI_BACKEND_URL": f"file://{root}", "PULUMI_CONFIG_PASSPHRASE": "test"}
        self._environment = {**os.environ, **toolchain.environment, **backend}
        assert self.run("stack", "init", "test").returncode == 0
        self._salt = yaml.safe_load((root / "Pulumi.test.yaml").read_text())

    def run(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._command, *words, "--non-interactive"], cwd=self.root, env=self._environment, input=text, text=True,
            capture_output=True, check=False,
        )  # fmt: skip

    def write(self, name: str, matlab: dict[str, Any], *secrets: str) -> None:
        """A stack file; `secrets` are encrypted with the CLI."""
        target = {"context": "no-such-context", "kubeconfig": "kubeconfig"}
        config = {"clusters:kubernetes": target, "clusters:matlab": matlab}
        (self.root / name).write_text(json.dumps({**self._salt, "config": config}, indent=2))
        for path in secrets:
            done = self.run("config", "set", "--path", "--secret", path, "--config-file", name, text=SECRET)
            assert done.returncode == 0, done.stderr

    def preview(self, *options: str) -> str:
        """What a preview says. It never succeeds, for want of a cluster."""
        done = self.run("preview", *options)
        assert done.returncode != 0
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert SECRET not in said
        return said


@pytest.fixture
def project(tmp_path: Path, toolchain: Toolchain) -> Project:
    return Project(tmp_path / "project", toolchain)


MATLAB: dict[str, Any] = {"release": "r2026a", "workers": {"max": 4}}
CLEAR: dict[str, Any] = {**MATLAB, "security": {"adminPassword": SECRET}}
ADMIN, WORKER = "matlab.security.adminPassword", "matlab.workers.password"


def test_a_config_file_of_the_command_line_is_judged_and_the_stacks_own_is_not(project: Project) -> None:
    project.write("Pulumi.test.yaml", MATLAB, ADMIN)
    assert REACHED in project.preview()
    project.write("clear.yaml", CLEAR)
    assert f"{ADMIN}: is not encrypted" in project.preview("--config-file", "clear.yaml")
    project.write("mixed.yaml", CLEAR, WORKER)
    assert f"{ADMIN}: is not encrypted" in project.preview("--config-file=mixed.yaml")
    project.write("good.yaml", MATLAB, ADMIN, WORKER)
    project.write("Pulumi.test.yaml", CLEAR, WORKER)
    assert f"{ADMIN}: is not encrypted" in project.preview()
    assert REACHED in project.preview("--config-file", "good.yaml")


def test_keys_that_nobody_reads_are_rejected(project: Project) -> None:
    project.write("Pulumi.test.yaml", MATLAB)
    assert project.run("config", "set", "matlab.workers.max", "64").returncode == 0
    assert "Did you forget --path?" in project.preview()
    assert project.run("config", "rm", "matlab.workers.max").returncode == 0
    assert project.run("config", "set", "--path", "matlab.workers.max", "64").returncode == 0
    assert REACHED in project.preview()
    assert project.run("config", "set", "cluster:matlab", "x").returncode == 0
    assert "Did you mean clusters:matlab?" in project.preview()
    project.write("Pulumi.test.yaml", MATLAB)
    file = project.root / "Pulumi.test.yaml"
    file.write_text(json.dumps({**json.loads(file.read_text()), "workers": {"max": 64}}))
    assert "workers: is outside `config:`" in project.preview()
