"""What a killed run of Pulumi leaves in a file backend."""

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
from local.recovery import LOCKS, Recovery, is_stale
from local.stack_command import StackCommand, backend_folder, state_file

DEV = Path(__file__).resolve().parents[2] / "Pulumi.dev.yaml"
PULUMI = """
import json, pathlib, sys
log = pathlib.Path(__file__).with_name("calls")
log.open("a").write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[1:3] == ["stack", "export"]:
    state = json.loads(log.parent.joinpath(".pulumi", "stacks", "clusters", "dev.json").read_text())
    print(json.dumps({"version": 3, "deployment": state["checkpoint"]["latest"]}))
if sys.argv[1:3] == ["stack", "import"]:
    log.with_name("imported").write_text(sys.stdin.read())
"""


class Backend:
    """A file backend, and a `pulumi` that writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pulumi.py").write_text(PULUMI)
        self.command = folder / "pulumi"
        self.command.write_text(f'#!/bin/sh\nexec {sys.executable} {folder / "pulumi.py"} "$@"\n')
        self.command.chmod(0o700)
        state_file(folder, "dev").parent.mkdir(parents=True)
        self.attributes = Path(f"{state_file(folder, 'dev')}.attrs")
        self.deployment({})

    def deployment(self, latest: dict[str, Any]) -> None:
        state_file(self.folder, "dev").write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))

    def lock(self, **lock: Any) -> None:
        path = self.folder / LOCKS / "dev" / "id.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"username": "eve", "timestamp": "2026-01-01T00:00:00Z", **lock}))

    def recover(self) -> list[str]:
        """Recover; the calls of `pulumi`."""
        stack: StackConfig = load_file(DEV, "dev")
        environment = {**os.environ, "PULUMI_BACKEND_URL": f"file://{self.folder}"}
        Recovery(StackCommand(self.command, "dev", environment), stack).run()
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
    assert backend.recover() == ["cancel --yes"]
    assert f"Removed the lock of a run that was killed: eve, process {pid} on" in capsys.readouterr().err


def test_a_lock_of_another_host_may_live(backend: Backend) -> None:
    """Two machines share a folder: only the one where it ran knows whether it is dead."""
    backend.lock(pid=dead_process(), hostname="elsewhere")
    backend.attributes.write_text("")
    assert backend.recover() == []
    assert backend.attributes.exists()


def test_a_process_id_that_was_reused_is_not_the_owner() -> None:
    assert is_stale({"pid": os.getpid(), "hostname": socket.gethostname()})
    assert not is_stale({})


def test_truncated_attributes_are_removed(backend: Backend) -> None:
    """A SIGKILL between open and write: every later command said `failed to load checkpoint: EOF`."""
    backend.attributes.write_text("")
    backend.recover()
    assert not backend.attributes.exists()
    backend.attributes.write_text('{"user.content_type": "text/plain"}')
    backend.recover()
    assert backend.attributes.exists()


def test_a_key_whose_creation_was_cut_short_is_created_again(
    backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    key = {"urn": "urn:key", "custom": True, "type": "tls:index/privateKey:PrivateKey", "inputs": {"algorithm": "RSA"}}
    backend.deployment({"resources": [], "pending_operations": [{"type": "creating", "resource": key}]})
    assert backend.recover() == ["stack export", "stack import"]
    imported = json.loads((backend.folder / "imported").read_text())["deployment"]
    assert imported == {"resources": [], "pending_operations": []}
    assert "A killed run left 1 unfinished operation; Pulumi repeats it" in capsys.readouterr().err


def test_a_stack_that_was_never_deployed_needs_nothing(backend: Backend) -> None:
    state_file(backend.folder, "dev").unlink()
    assert backend.recover() == []


@pytest.mark.parametrize(
    ("url", "folder"),
    [("file:///srv/states", Path("/srv/states")), ("file://~", Path("~")), ("s3://bucket", None)],
)
def test_only_file_backends_are_recovered(url: str, folder: Path | None) -> None:
    assert backend_folder({"PULUMI_BACKEND_URL": url}) == (folder and folder.expanduser())


def test_the_backend_of_a_login_is_found_where_pulumi_keeps_it(tmp_path: Path) -> None:
    """PULUMI_HOME moves the credentials too."""
    (tmp_path / "credentials.json").write_text('{"current": "file:///srv/states"}')
    assert backend_folder({"PULUMI_HOME": str(tmp_path)}) == Path("/srv/states")
    assert backend_folder({"PULUMI_HOME": str(tmp_path / "elsewhere")}) is None
