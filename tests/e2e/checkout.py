"""A copy of the project, as a user has it after a clone, and what a user does with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import KubernetesApi
from components.shared.manifest import secret_data
from components.shared.target import EMBEDDED_CONTEXT, EMBEDDED_DIR_VARIABLE, PROJECT
from local.cluster import ControlPlane
from local.run import EMBEDDED_PASSPHRASE
from local.stack_command import state_file
from tests.waiting import eventually

PARTS = ("components", "local", "ops", "__main__.py", "Pulumi.yaml", "requirements.txt")
ADMINISTRATOR = "embedded-admin"
"""User of the embedded kubeconfig, as the audit log names it."""
CHANGES_NOTHING = (
    "dryRun=All",
    "fieldManager=embedded-cluster",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
)
"""Parts of the addresses of requests that look like writes."""
STACK = "dev"
NAMESPACE = "mjs"


class Checkout:
    """Runs the commands of the make targets, and looks at the cluster behind them."""

    def __init__(self, root: Path, control_plane: ControlPlane) -> None:
        self.root, self.control_plane = root, control_plane
        root.mkdir()
        self.copy(PROJECT)
        (root / ".venv").symlink_to(sys.prefix)
        self.name_stack(STACK)
        self.config: dict[str, Any] = yaml.safe_load((PROJECT / self.stack_file.name).read_text())
        self.write()
        self.api = KubernetesApi.connect(control_plane.kubeconfig, EMBEDDED_CONTEXT)

    def copy(self, project: Path) -> None:
        """Work with the files of this project from now on."""
        for part in PARTS:
            source, target = project / part, self.root / part
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def name_stack(self, name: str) -> None:
        """Work on the stack with this name from now on."""
        self.stack = name
        self.stack_file = self.root / f"Pulumi.{name}.yaml"
        self.state_file = state_file(self.root / ".state", name)

    @property
    def matlab(self) -> dict[str, Any]:
        """The config of the MATLAB cluster, to be changed and then written."""
        matlab: dict[str, Any] = self.config["config"]["clusters:matlab"]
        return matlab

    def target(self, context: str, kubeconfig: Path) -> None:
        """Name a cluster as a user with one does."""
        self.config["config"]["clusters:kubernetes"] = {"context": context, "kubeconfig": str(kubeconfig)}

    def write(self) -> None:
        """Write the stack file."""
        self.stack_file.write_text(yaml.safe_dump(self.config))

    def environment(self) -> dict[str, str]:
        """The environment of a newcomer, or, if the stack file names a cluster, of a user who keeps the state here."""
        found = {**os.environ, EMBEDDED_DIR_VARIABLE: str(self.control_plane.kubeconfig.parent)}
        if self.config["config"]["clusters:kubernetes"].get("embedded"):
            return found
        return found | {
            "PULUMI_BACKEND_URL": f"file://{self.root / '.state'}",
            "PULUMI_CONFIG_PASSPHRASE": EMBEDDED_PASSPHRASE,
            "YES": "1",
        }

    def run(self, action: str, *words: str, code: int = 0, text: str = "", **variables: str) -> str:
        """Run a command with `text` on its standard input; returns all it prints. The exit code must be `code`."""
        ended, printed = self.attempt(action, *words, text=text, **variables)
        assert ended == code, printed
        return printed

    def attempt(self, action: str, *words: str, text: str = "", **variables: str) -> tuple[int, str]:
        """Run a command; returns its exit code and all it prints."""
        (self.root / ".state").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "local.run", action, "--stack", self.stack, *words]
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env={**self.environment(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(text, timeout=300)
        except subprocess.TimeoutExpired:
            # Pulumi and its plugins are children of the command, and hold its output open.
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            raise AssertionError(f"`{action}` has not ended after 300 s:\n{printed}") from None
        return process.returncode, printed

    def outputs(self) -> dict[str, Any]:
        """The stack outputs, secrets in clear."""
        command = [sys.executable, "-m", "local.run", "outputs", "--stack", self.stack, "--show-secrets"]
        answer = subprocess.run(
            command, cwd=self.root, env=self.environment(), capture_output=True, text=True, timeout=60, check=True
        )
        outputs: dict[str, Any] = json.loads(answer.stdout)
        return outputs

    def state(self) -> dict[str, Any]:
        """The state as it is stored."""
        state: dict[str, Any] = json.loads(self.state_file.read_text())["checkpoint"]["latest"]
        return state

    def set_secret(self, path: str, value: str) -> None:
        """Encrypt a setting in the stack file, as a user does."""
        self.write()
        self.run("pulumi", "--", "config", "set", "--secret", "--path", path, text=value)
        self.config = yaml.safe_load(self.stack_file.read_text())

    def remove(self) -> None:
        """Delete everything, whatever state a test left."""
        if not self.state_file.exists():
            return
        self.config = yaml.safe_load((PROJECT / f"Pulumi.{STACK}.yaml").read_text())
        self.target(EMBEDDED_CONTEXT, self.control_plane.kubeconfig)
        self.write()
        self.run("destroy", "--purge", CONFIRM=self.stack)

    @contextmanager
    def foreign_namespace(self, name: str) -> Iterator[str]:
        """A namespace that somebody else created. Its name is free again at the end."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.api.request("POST", "/api/v1/namespaces", body)
        try:
            yield name
        finally:
            self.api.request("DELETE", f"/api/v1/namespaces/{name}")
            self.wait_until_gone(name)

    def wait_until_gone(self, namespace: str = NAMESPACE) -> None:
        """Wait until a namespace is deleted, for a minute at most."""
        eventually(lambda: self.api.get(f"/api/v1/namespaces/{namespace}") is None)

    def get(self, kind: str, name: str, group: str = "/api/v1") -> dict[str, Any] | None:
        """One object of the namespace."""
        return self.api.get(f"{group}/namespaces/{NAMESPACE}/{kind}/{name}")

    def secret(self, name: str) -> dict[str, str]:
        """Values of a Secret; empty where there is none."""
        return secret_data(self.get("secrets", name) or {})

    def deployment(self, name: str) -> dict[str, Any]:
        """A Deployment, which must exist."""
        found = self.get("deployments", name, "/apis/apps/v1")
        assert found is not None, name
        return found

    def writes(self) -> list[str]:
        """The requests so far that changed something for the person who runs the program, from the audit log."""
        return writes(self.control_plane)


def refused(checkout: Checkout, *sentences: str) -> None:
    """`up` says why not, and writes nothing."""
    checkout.write()
    before = len(checkout.writes())
    text = checkout.run("up", code=1)
    for sentence in sentences:
        assert sentence in text
    assert "Traceback" not in text
    assert checkout.writes()[before:] == []


def writes(control_plane: ControlPlane) -> list[str]:
    """The requests so far that changed something for the person who runs the program, from the audit log."""
    events = [json.loads(line) for line in control_plane.audit_log.read_text().splitlines()]
    return [
        f"{event['verb']} {event['requestURI']}"
        for event in events
        if event["verb"] in {"create", "update", "patch", "delete", "deletecollection"}
        and event["user"].get("username") == ADMINISTRATOR
        and not any(word in event["requestURI"] for word in CHANGES_NOTHING)
    ]
