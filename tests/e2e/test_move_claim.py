"""`python -m ops move-claim` on a cluster whose job manager answers; the copy runs on folders of this machine."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

from components.matlab.job_queue import PAUSED
from tests.e2e.accounts import become
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.exec_node import ExecNode
from tests.waiting import eventually

OLD = "mjs-checkpoint"
JOB = ("jobs", "mjs-move-claim", "/apis/batch/v1")
MERGE = "application/merge-patch+json"


def move(checkout: Checkout, *words: str, code: int = 0, to: str = "fast", **variables: str) -> str:
    command = [sys.executable, "-m", "ops", "move-claim", "--stack", "dev", "--claim", "checkpoint", "--to", to, *words]
    variables = {"CONFIRM": to, **variables}
    done = subprocess.run(
        command,
        cwd=checkout.root,
        env={**checkout.environment(), **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if "--json" in words else done.stdout + done.stderr


def fill(node: ExecNode) -> Path:
    """A job database as a job manager leaves it."""
    old = node.claims / OLD
    (old / "r2026a" / "jobs").mkdir(parents=True)
    (old / "r2026a" / "jobs" / "job one.mat").write_text("result")
    (old / "job-manager.lock").touch()
    return old


def replicas(checkout: Checkout) -> int:
    return int(checkout.deployment("mjs-job-manager")["spec"]["replicas"])


def claim_of_job_manager(checkout: Checkout) -> str:
    volumes = checkout.deployment("mjs-job-manager")["spec"]["template"]["spec"]["volumes"]
    (found,) = [one["persistentVolumeClaim"]["claimName"] for one in volumes if one["name"] == "checkpoint-vol"]
    return str(found)


def test_the_job_database_moves_to_a_new_claim(checkout: Checkout, node: ExecNode) -> None:
    old = fill(node)
    what_cannot_move_is_refused_before_anything_changes(checkout)
    busy_workers_keep_the_claim(checkout, node)
    a_copy_that_fails_leaves_the_cluster_as_it_was(checkout, node, old)
    an_interrupted_command_is_repeated(checkout, node)
    going_back_before_the_up_starts_the_old_installation(checkout, node)
    the_next_up_runs_on_the_new_claim(checkout, node)


def written(checkout: Checkout) -> list[str]:
    """What was written into the namespace, but for what the node reports."""
    own = (line for line in checkout.writes() if f"/namespaces/{NAMESPACE}/" in line)
    return [line for line in own if not line.endswith("/status")]


def what_cannot_move_is_refused_before_anything_changes(checkout: Checkout) -> None:
    before = written(checkout)
    assert "already is claim mjs-checkpoint" in move(checkout, to=OLD, code=2)
    assert "This is not the new claim's name, fast. Nothing was changed." in move(checkout, code=1, CONFIRM="slow")
    assert "The cluster has no StorageClass gold. It has standard." in move(checkout, "--storage-class", "gold", code=1)
    assert "Pod mjs-job-manager-" in move(checkout, to="mjs-log", code=1)
    assert written(checkout) == before
    own = dict(checkout.config["config"]["clusters:kubernetes"])
    become(checkout, "view", NAMESPACE)
    checkout.write()
    printed = move(checkout, code=1)
    assert "Your user lacks rights in namespace mjs: " in printed
    assert "create, delete jobs.batch" in printed
    checkout.config["config"]["clusters:kubernetes"] = own
    checkout.write()
    assert replicas(checkout) == 1


def busy_workers_keep_the_claim(checkout: Checkout, node: ExecNode) -> None:
    checkout.matlab["updates"]["waitForJobs"] = 1
    checkout.write()
    node.busy(1)
    assert "Workers are still busy after 1 seconds" in move(checkout, code=1)
    assert not node.paused
    assert replicas(checkout) == 1
    node.busy(0)
    checkout.matlab["updates"]["waitForJobs"] = 60
    checkout.write()


def a_copy_that_fails_leaves_the_cluster_as_it_was(checkout: Checkout, node: ExecNode, old: Path) -> None:
    (node.claims / "fast").mkdir()
    (node.claims / "fast" / "precious").touch()
    printed = move(checkout, code=1)
    assert "The copy failed: Claim fast is not empty." in printed
    assert "Claim mjs-checkpoint is unchanged" in printed
    assert replicas(checkout) == 1
    assert not node.paused
    assert checkout.get(*JOB) is None
    assert (node.claims / "fast" / "precious").exists()
    (node.claims / "fast" / "precious").unlink()
    assert "Claim fast exists already. Remove --size" in move(checkout, "--size", "2Gi", code=1)
    assert claim_of_job_manager(checkout) == OLD


def an_interrupted_command_is_repeated(checkout: Checkout, node: ExecNode) -> None:
    """Ended while the copy is waiting for the lock of a job manager that still runs somewhere."""
    lock = (node.claims / OLD / "job-manager.lock").open()
    fcntl.flock(lock, fcntl.LOCK_EX)
    command = [sys.executable, "-m", "ops", "move-claim", "--stack", "dev", "--claim", "checkpoint", "--to", "fast"]
    process = subprocess.Popen(
        command, cwd=checkout.root, env={**checkout.environment(), "CONFIRM": "fast"}, stderr=subprocess.PIPE, text=True
    )
    eventually(lambda: (checkout.get(*JOB) or {}).get("status", {}).get("active"))
    process.send_signal(2)
    _, printed = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Run the command again to follow it" in printed
    assert "already copies claim mjs-checkpoint to claim fast" in move(checkout, to="other", code=1)
    lock.close()
    found = json.loads(move(checkout, "--json"))
    assert found == {
        "stack": "dev",
        "from": OLD,
        "to": "fast",
        "files": 2,
        "bytes": 6,
        "setting": {"path": "matlab.storage.checkpoint", "value": {"claim": "fast"}},
    }
    assert (node.claims / "fast" / "r2026a" / "jobs" / "job one.mat").read_text() == "result"
    assert replicas(checkout) == 0
    assert json.loads(move(checkout, "--json")) == found


def going_back_before_the_up_starts_the_old_installation(checkout: Checkout, node: ExecNode) -> None:
    printed = move(checkout, "--cancel")
    assert "Claim fast was not deleted" in printed
    assert replicas(checkout) == 1
    assert not node.paused
    checkout.run("up")
    assert claim_of_job_manager(checkout) == OLD
    assert "Claim fast is not empty" in move(checkout, code=1)


def the_next_up_runs_on_the_new_claim(checkout: Checkout, node: ExecNode) -> None:
    printed = move(checkout, "--size", "40Gi", to="faster")
    assert "Claim faster is created: 40Gi of class standard, ReadWriteOnce." in printed
    assert "Copied 2 files, 6 bytes, from claim mjs-checkpoint to claim faster." in printed
    assert "      claim: faster\n" in printed
    checkout.matlab["storage"]["checkpoint"] = {"claim": "faster"}
    checkout.write()
    checkout.run("up")
    assert replicas(checkout) == 1
    assert claim_of_job_manager(checkout) == "faster"
    assert not node.paused
    assert PAUSED not in checkout.deployment("mjs-job-manager")["metadata"]["annotations"]
    assert checkout.get("persistentvolumeclaims", OLD) is not None
    assert "unchanged" in checkout.run("preview")
