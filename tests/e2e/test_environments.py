"""The consumer of examples/environments, under the real engine: another project that reads a MATLAB stack."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.target import EMBEDDED_CONTEXT
from local.pulumi import Toolchain
from tests.conftest import PROJECT
from tests.e2e.checkout import Checkout

CONSUMER = PROJECT / "examples" / "environments" / "consumer"
STACK = "prod"
NOTEBOOKS = "/api/v1/namespaces/jupyter"


class Consumer:
    """The other project, with its state in the same place."""

    def __init__(self, root: Path, clusters: Checkout, toolchain: Toolchain) -> None:
        self.root, self._clusters, self._toolchain = root, clusters, toolchain
        shutil.copytree(CONSUMER, root, ignore=shutil.ignore_patterns("__pycache__"))
        (root / ".venv").symlink_to(sys.prefix)
        self.run("stack", "init", STACK)
        self.run("config", "set", "kubernetes:context", EMBEDDED_CONTEXT)
        self.run("config", "set", "clusters", f"organization/clusters/{clusters.stack}")

    def run(self, *words: str) -> str:
        """Run a command; what it prints on standard output."""
        kubeconfig = {"KUBECONFIG": str(self._clusters.control_plane.kubeconfig)}
        target = [] if words[0] == "stack" and words[1] == "init" else ["--stack", STACK]
        done = subprocess.run(
            [self._toolchain.command, "--non-interactive", *words, *target],
            cwd=self.root,
            env={**self._clusters.environment(), **self._toolchain.environment, **kubeconfig},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json"))
        return found


@pytest.fixture
def consumer(checkout: Checkout, toolchain: Toolchain, tmp_path: Path) -> Iterator[Consumer]:
    checkout.target(EMBEDDED_CONTEXT, checkout.control_plane.kubeconfig)
    checkout.write()
    checkout.run("up")
    with checkout.foreign_namespace("jupyter"):
        yield Consumer(tmp_path / "consumer", checkout, toolchain)


def test_another_stack_reads_the_outputs_and_keeps_the_secret_ones_secret(
    checkout: Checkout, consumer: Consumer
) -> None:
    consumer.run("up", "--yes", "--skip-preview")
    given, found = checkout.outputs(), consumer.outputs()
    assert found == {"address": given["externalAddress"], "profile": "matlab-profile"}
    secret = checkout.api.get(f"{NOTEBOOKS}/secrets/matlab-profile")
    assert secret is not None
    assert b64decode(secret["data"]["profile.json"]).decode() == given["profile"]
    # Neither the state of the consumer nor its preview shows what the profile holds.
    part = given["profile"][-200:-100]
    assert part in checkout.outputs()["profile"]
    assert part not in consumer.run("stack", "export")
    assert part not in consumer.run("preview", "--diff")
    consumer.run("destroy", "--yes", "--skip-preview")
