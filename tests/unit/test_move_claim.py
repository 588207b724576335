"""The copy of `ops move-claim`, run for real on folders, and the state that the old claim leaves."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.loading import load
from ops.move_claim import state
from ops.move_claim.move import Move
from tests.unit.clusters import SMALLEST, merged

SCRIPT = Path(state.__file__).parent / "copy.sh"


class Claims:
    """Two claims as folders, and the pod that copies one to the other."""

    def __init__(self, folder: Path) -> None:
        self.old, self.new, self.result, self.commands = (folder / name for name in ("old", "new", "result", "bin"))
        for place in (self.old, self.new, self.commands):
            place.mkdir()

    def replace(self, command: str, script: str) -> None:
        """Let the pod find another program under the name of a command."""
        path = self.commands / command
        path.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def copy(self, code: int = 0, script: str = SCRIPT.read_text(encoding="utf-8")) -> str:
        """Copy; returns the log."""
        variables = {
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "OLD": str(self.old), "NEW": str(self.new), "FROM": "jobs", "TO": "fast", "RESULT": str(self.result),
        }  # fmt: skip
        done = subprocess.run(["/bin/bash", "-c", script], env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    return Claims(tmp_path)


def contents(folder: Path) -> Iterator[tuple[Any, ...]]:
    """Everything about each entry that a copy has to keep."""
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        data = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        links = about.st_nlink if path.is_file() else 0
        yield path.relative_to(folder), about.st_mode, about.st_uid, about.st_gid, int(about.st_mtime), links, data


def test_a_copy_is_the_same_in_every_respect(claims: Claims) -> None:
    jobs = claims.old / "r2026a" / "jobs"
    jobs.mkdir(parents=True)
    (jobs / "a job.mat").write_text("result")
    (jobs / "new\nline").touch()
    (jobs / "-option").write_text("no option")
    (jobs / "latest").symlink_to("a job.mat")
    os.link(jobs / "a job.mat", jobs / "the same")
    with (jobs / "sparse").open("wb") as file:
        file.truncate(100 << 20)
    jobs.chmod(0o2750)
    os.utime(jobs / "a job.mat", (0, 1_000_000))
    if os.geteuid() == 0:
        os.chown(jobs / "a job.mat", 1000, 2000)
    log = claims.copy()
    assert [*contents(claims.new)] == [*contents(claims.old)]
    assert (claims.new / "r2026a" / "jobs" / "sparse").stat().st_blocks < 2048, "holes stay holes"
    assert json.loads(claims.result.read_text()) == {"files": 5, "bytes": 2 * 6 + 9 + (100 << 20)}
    assert log.endswith("done\n")


def test_what_belongs_to_the_file_system_is_neither_copied_nor_in_the_way(claims: Claims) -> None:
    for place in (claims.old, claims.new):
        (place / "lost+found").mkdir()
    (claims.old / "lost+found" / "#12").touch()
    claims.copy()
    assert not (claims.new / "lost+found" / "#12").exists()


def test_nothing_is_written_over(claims: Claims) -> None:
    (claims.old / "job").write_text("new")
    (claims.new / "job").write_text("precious")
    assert "Claim fast is not empty.\n" in claims.copy(code=1)
    assert claims.result.read_text() == "Claim fast is not empty.\n"
    assert (claims.new / "job").read_text() == "precious"
    claims.copy(code=1)
    assert [path.name for path in claims.new.iterdir()] == ["job"]


def test_an_unfinished_copy_of_the_same_claim_begins_anew(claims: Claims) -> None:
    """Since then the job manager has run, and has deleted a job."""
    (claims.old / "kept").touch()
    (claims.old / "deleted later").touch()
    claims.replace("cp", "exit 1")
    claims.copy(code=1)
    (claims.new / "deleted later").touch()
    (claims.old / "deleted later").unlink()
    (claims.commands / "cp").unlink()
    assert "removing an unfinished copy" in claims.copy()
    assert [path.name for path in claims.new.iterdir()] == ["kept"]


def test_an_unfinished_copy_of_another_claim_stays(claims: Claims) -> None:
    (claims.new / ".unfinished-copy").write_text("logs\n")
    assert "Claim fast is not empty." in claims.copy(code=1)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ('printf x >"${NEW}/job"', "The copy has other contents than claim jobs."),
        ('printf longer >"${NEW}/job"', "The copy has other files, modes or owners than claim jobs."),
        ('rm "${NEW}/job"', "The copy has other files, modes or owners than claim jobs."),
        ('chmod 600 "${NEW}/job"', "The copy has other files, modes or owners than claim jobs."),
    ],
)
def test_a_damaged_copy_is_noticed(claims: Claims, damage: str, words: str) -> None:
    (claims.old / "job").write_text("a")
    (claims.old / "job").chmod(0o640)
    claims.replace("sync", damage)
    assert words in claims.copy(code=1)


def test_a_claim_without_room_is_named_with_both_sizes(claims: Claims) -> None:
    (claims.old / "job").write_bytes(bytes(100_000))
    claims.replace("df", "echo Avail; echo 4096")
    assert "Claim fast has room for 4096 bytes, and the data needs 1" in claims.copy(code=1)


def test_a_job_manager_on_a_lost_node_keeps_its_database(claims: Claims) -> None:
    with (claims.old / "job-manager.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        impatient = SCRIPT.read_text(encoding="utf-8").replace("LOCK_SECONDS=60", "LOCK_SECONDS=0")
        assert "A job manager still uses claim jobs" in claims.copy(code=1, script=impatient)
    claims.copy()


def pod(volume: str, user: int) -> dict[str, Any]:
    settings = load(Settings, merged(SMALLEST, {"jobManager": {"userID": user}}), "matlab")
    found: dict[str, Any] = Move("prod", Topology(settings), volume, "fast").job(7)["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("volume", ["checkpoint", "log"])
@pytest.mark.parametrize(("user", "capabilities"), [(1000, None), (0, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"])])
def test_the_pod_of_the_copy_is_the_user_of_the_job_manager_and_may_no_more(
    volume: str, user: int, capabilities: list[str] | None
) -> None:
    """It writes nothing but the new claim, and has no token. As root it also reads what belongs to others."""
    spec = pod(volume, user)
    (container,) = spec["containers"]
    context = container["securityContext"]
    assert spec["securityContext"]["runAsUser"] == user
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"]["drop"] == ["ALL"]
    assert context["capabilities"].get("add") == capabilities
    writable = {one["name"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert writable == {"new", "tmp"}
    assert spec["automountServiceAccountToken"] is False


def test_a_claim_leaves_the_state_without_a_trace() -> None:
    claim = {"urn": "claim", "type": "kubernetes:core/v1:PersistentVolumeClaim", "id": "mjs/jobs"}
    other = {**claim, "urn": "other", "id": "julia/jobs"}
    user = {
        "urn": "user",
        "type": "kubernetes:apps/v1:Deployment",
        "dependencies": ["other", "claim"],
        "propertyDependencies": {"spec": ["claim"], "metadata": None},
    }
    deployment = {"manifest": {}, "resources": [claim, other, user]}
    found = state.released(deployment, "mjs", "jobs")
    assert found is not None
    assert found["manifest"] == {}
    assert [entry["urn"] for entry in found["resources"]] == ["other", "user"]
    assert found["resources"][1]["dependencies"] == ["other"]
    assert found["resources"][1]["propertyDependencies"] == {"spec": [], "metadata": []}
    assert state.released(found, "mjs", "jobs") is None
