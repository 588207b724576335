"""What a killed run of the Pulumi CLI leaves in a file backend."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.stack import StackConfig, load_file
from local.recovery import LOCKS, Recovery, backend_folder, is_stale, state_file

DEV = Path(__file__).resolve().parents[2] / "Pulumi.dev.yaml"
CLI = """
import json, pathlib, sys
log = pathlib.Path(__file__).with_name("calls")
log.open("a").write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[1:3] == ["stack", "export"]:
    print(json.dumps({"version": 3, "deployment": json.loads(log.with_name("deployment").read_text())}))
if sys.argv[1:3] == ["stack", "import"]:
    log.with_name("imported").write_text(sys.stdin.read())
"""


class Backend:
    """A file backend, and a CLI that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "cli.py").write_text(CLI)
        self.cli = folder / "pulumi"
        self.cli.write_text(f'#!/bin/sh\nexec {sys.executable} {folder / "cli.py"} "$@"\n')
        self.cli.chmod(0o700)
        state_file(folder, "dev").parent.mkdir(parents=True)
        state_file(folder, "dev").write_text("{}")
        self.attributes = Path(f"{state_file(folder, 'dev')}.attrs")
        self.deployment({})

    def deployment(self, document: dict[str, Any]) -> None:
        (self.folder / "deployment").write_text(json.dumps(document))

    def lock(self, **lock: Any) -> None:
        path = self.folder / LOCKS / "dev" / "id.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"username": "eve", "timestamp": "2026-01-01T00:00:00Z", **lock}))

    def recover(self) -> list[str]:
        """Recover; the calls of the CLI."""
        stack: StackConfig = load_file(DEV, "dev")
        Recovery(str(self.cli), stack, {**os.environ, "PULUMI_BACKEND_URL": f"file://{self.folder}"}).run()
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(tmp_path)


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_of_a_dead_process_on_this_host_is_stale(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    pid = dead_process()
    backend.lock(pid=pid, hostname=socket.gethostname())
    assert backend.recover() == ["cancel --yes", "stack export"]
    assert f"Removed the lock of a run that was killed: eve, process {pid} on" in capsys.readouterr().err


def test_a_lock_of_another_host_may_live(backend: Backend) -> None:
    """Two machines share a folder: only the one where it ran knows whether it is dead."""
    backend.lock(pid=dead_process(), hostname="elsewhere")
    backend.attributes.write_text("")
    assert backend.recover() == []
    assert backend.attributes.exists()


def test_a_process_id_that_was_given_out_again_is_no_owner() -> None:
    assert is_stale({"pid": os.getpid(), "hostname": socket.gethostname()})
    assert not is_stale({})


def test_attributes_that_were_written_by_halves_are_removed(backend: Backend) -> None:
    """A SIGKILL between open and write: every later command said `failed to load checkpoint: EOF`."""
    backend.attributes.write_text("")
    backend.recover()
    assert not backend.attributes.exists()
    backend.attributes.write_text('{"user.content_type": "text/plain"}')
    backend.recover()
    assert backend.attributes.exists()


def test_keys_whose_making_was_cut_short_are_made_again(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    key = {"urn": "urn:key", "custom": True, "type": "tls:index/privateKey:PrivateKey", "inputs": {"algorithm": "RSA"}}
    backend.deployment({"resources": [], "pending_operations": [{"type": "creating", "resource": key}]})
    assert backend.recover() == ["stack export", "stack import"]
    imported = json.loads((backend.folder / "imported").read_text())["deployment"]
    assert imported == {"resources": [], "pending_operations": []}
    assert "Forgot 1 unfinished operation of a killed run" in capsys.readouterr().err


def test_a_stack_that_was_never_deployed_needs_nothing(backend: Backend) -> None:
    state_file(backend.folder, "dev").unlink()
    assert backend.recover() == []


@pytest.mark.parametrize(
    ("url", "folder"),
    [("file:///srv/states", Path("/srv/states")), ("file://~", Path.home()), ("s3://bucket", None)],
)
def test_only_file_backends_are_recovered(url: str, folder: Path | None) -> None:
    assert backend_folder({"PULUMI_BACKEND_URL": url}) == folder
