"""The steps of CI systems that run `git` or `pulumi`, and the scripts around them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ops.ci import __main__ as ci
from ops.ci import stacks
from ops.ci.__main__ import main
from ops.errors import CommandError
from tests.conftest import PROJECT
from tests.unit import plans

# The stacks


def project(folder: Path) -> Path:
    for name, target in {"dev": {"embedded": True}, "staging": {"context": "a"}, "prod": {"context": "b"}}.items():
        config = {"config": {"clusters:kubernetes": target, "clusters:matlab": {"release": "r2026a"}}}
        (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump(config))
    (folder / "Pulumi.broken.yaml").write_text("config: [")
    (folder / "Pulumi.yaml").write_text("name: clusters")
    return folder


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["Pulumi.prod.yaml"], ["prod"]),
        (["Pulumi.dev.yaml"], []),
        (["Pulumi.gone.yaml", "docs/impact.md", "tests/conftest.py", "ops/render.py"], []),
        (["components/matlab/names.py"], ["broken", "prod", "staging"]),
        (["requirements.txt"], ["broken", "prod", "staging"]),
        (["Pulumi.yaml"], ["broken", "prod", "staging"]),
        (["requirements-dev.txt"], []),
    ],
)
def test_a_change_touches_these_stacks(paths: list[str], expected: list[str], tmp_path: Path) -> None:
    assert stacks.touched(project(tmp_path), paths) == expected


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    """Write files and commit them; returns the commit."""
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=change")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has the project."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    project(tmp_path)
    commit(tmp_path, {})
    return tmp_path


def test_the_changed_files_come_from_git(repository: Path) -> None:
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "mv", "Pulumi.staging.yaml", "staging.yaml")
    (repository / os.fsdecode(b"\xff\n")).touch()
    commit(repository, {"Pulumi.prod.yaml": "config: {}\n", "ä b": ""})
    names = ["Pulumi.prod.yaml", "Pulumi.staging.yaml", "staging.yaml", "ä b", os.fsdecode(b"\xff\n")]
    assert stacks.changed_since(repository, base) == names, "a file that moves away is a change where it was"
    assert stacks.changed_since(repository, stacks.NO_COMMIT) is None
    with pytest.raises(CommandError, match="git diff"):
        stacks.changed_since(repository, "1" * 40)


def test_the_merge_of_a_pull_request_touches_only_what_the_pull_request_changes(repository: Path) -> None:
    """What was merged into main since is in the merge too, but its stacks are none of this pull request's business."""
    git(repository, "switch", "--quiet", "--create", "change")
    commit(repository, {"Pulumi.prod.yaml": "config: {}\n"})
    git(repository, "switch", "--quiet", "main")
    commit(repository, {"Pulumi.staging.yaml": "config: {}\n"})
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "change")
    assert stacks.changed_since(repository, "HEAD^1") == ["Pulumi.prod.yaml"]


def test_a_change_that_a_forced_push_takes_back_touches_its_stack(repository: Path) -> None:
    git(repository, "branch", "before-it")
    pushed = commit(repository, {"Pulumi.prod.yaml": "config: {}\n"})
    git(repository, "switch", "--quiet", "before-it")
    assert stacks.changed_since(repository, pushed) == ["Pulumi.prod.yaml"]


def test_the_project_may_be_a_folder_of_a_larger_repository(repository: Path) -> None:
    folder = repository / "clusters"
    folder.mkdir()
    base = commit(repository, {})
    commit(repository, {"clusters/Pulumi.prod.yaml": "config: {}\n", "Pulumi.staging.yaml": "config: {}\n"})
    assert stacks.changed_since(folder, base) == ["Pulumi.prod.yaml"]


def test_a_run_for_an_older_change_of_a_stack_does_not_undo_a_newer_one(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Approved late, or started again, a run would deploy the commit that it was for."""
    monkeypatch.setattr(ci, "PROJECT", repository)
    approved = git(repository, "rev-parse", "HEAD")
    commit(repository, {"README.md": "", "Pulumi.prod.yaml": "config: {}\n"})
    assert main(["newest", "--stack", "staging", "--commit", approved]) == 0
    assert main(["newest", "--stack", "prod", "--commit", approved]) == 1
    assert "has a newer change of stack prod" in capsys.readouterr().err
    assert main(["newest", "--stack", "prod", "--commit", git(repository, "rev-parse", "HEAD")]) == 0


# The scripts


def script(name: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [PROJECT / "ops" / "ci" / name, *words],
        cwd=PROJECT, env={**os.environ, "PATH": path, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_kubeconfig_is_a_private_file_for_one_command() -> None:
    command = 'stat -c %a "$KUBECONFIG"; cat "$KUBECONFIG"; echo "${CLUSTER_KUBECONFIG-unset} $KUBECONFIG"; exit 3'
    done = script("with-cluster.sh", "bash", "-c", command, CLUSTER_KUBECONFIG="kind: Config")
    mode, content, left = done.stdout.splitlines()
    assert (done.returncode, mode, content) == (3, "600", "kind: Config")
    assert left.startswith("unset ")
    assert not Path(left.removeprefix("unset ")).exists()


def test_the_kubeconfig_may_be_a_file_of_gitlab(tmp_path: Path) -> None:
    """GitLab puts a variable of type File into a file, and its path into the variable."""
    (tmp_path / "kubeconfig").write_text("kind: Config")
    done = script("with-cluster.sh", "bash", "-c", 'cat "$KUBECONFIG"', CLUSTER_KUBECONFIG=str(tmp_path / "kubeconfig"))
    assert done.stdout == "kind: Config"
    assert (tmp_path / "kubeconfig").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_lets_its_command_finish(sent: signal.Signals) -> None:
    """GitHub signals the script only. Pulumi went on without it, was killed, and left the stack locked."""
    command = "trap 'sleep 0.5; echo unlocked; exit 9' TERM; echo $KUBECONFIG; for _ in {1..100}; do sleep 0.1; done"
    with subprocess.Popen(
        [PROJECT / "ops" / "ci" / "with-cluster.sh", "bash", "-c", command],
        env={**os.environ, "CLUSTER_KUBECONFIG": "kind: Config"}, stdout=subprocess.PIPE, text=True,
    ) as job:  # fmt: skip
        assert job.stdout
        kubeconfig = Path(job.stdout.readline().strip())
        assert kubeconfig.exists()
        job.send_signal(sent)
        assert job.stdout.read() == "unlocked\n"
    assert job.returncode == 9
    assert not kubeconfig.exists()


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes a `pulumi` command."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    command = tmp_path / "pulumi"
    command.touch(mode=0o755)
    return command


@pytest.mark.parametrize(
    ("answer", "code", "kept"),
    [
        (plans.document(), 0, True),
        (plans.document(errors=("mistake",)), 255, True),
        (plans.document(), 255, False),
        ("error: https://user:canary@state.example.org is unreachable", 255, False),
    ],
)
def test_a_preview_without_a_plan_becomes_one_that_says_so(
    answer: str, code: int, kept: bool, pulumi: Path, tmp_path: Path
) -> None:
    """Each stack has a plan, so the comment names the ones whose preview failed; their log may contain secrets."""
    (tmp_path / "answer").write_text(answer)
    pulumi.write_text(f"#!/bin/sh\ncat {tmp_path}/answer\nexit {code}\n")
    assert main(["preview", "--stack", "prod", "--out", str(tmp_path / "plans")]) == 0
    text = (tmp_path / "plans" / "prod.json").read_text()
    assert (text == answer) == kept
    if not kept:
        assert json.loads(text)["diagnostics"][0]["message"].startswith("`pulumi preview` failed")
