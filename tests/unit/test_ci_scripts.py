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
from ops.ci import setup, stacks
from ops.ci.__main__ import main
from ops.ci.forge import GITHUB_AUTHOR
from ops.errors import CommandError
from tests.conftest import PROJECT
from tests.unit import plans
from tests.unit.forge_server import TOKEN, ForgeServer, serve

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


def test_a_stack_that_leaves_is_named_in_the_comment(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Deleting or renaming a stack file passed without a word, and its deployment went on without anybody looking."""
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "mv", "Pulumi.staging.yaml", "Pulumi.test.yaml")
    git(repository, "rm", "--quiet", "Pulumi.dev.yaml")
    target = yaml.safe_dump({"config": {"clusters:kubernetes": {"embedded": True}}})
    commit(repository, {"Pulumi.prod.yaml": target, "Pulumi.new.yaml": target})
    monkeypatch.setattr(ci, "PROJECT", repository)
    notes = "/repos/lab/clusters/issues/3/comments"
    forge = ForgeServer(author={"user": {"login": GITHUB_AUTHOR}}, collections={notes: []}, item_paths={})
    with serve(forge):
        variables = {"ACTIONS": "true", "API_URL": forge.url, "TOKEN": TOKEN, "REPOSITORY": "lab/clusters"}
        for name, value in variables.items():
            monkeypatch.setenv(f"GITHUB_{name}", value)
        monkeypatch.setenv("PULL_REQUEST", "3")
        assert main(["comment", str(tmp_path / "plans"), "--since", base]) == 0
    text = forge.collections[notes][0]["body"]
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "## What this change does",
        "### Stack `prod`: no longer looked after",
        "### Stack `staging`: no longer looked after",
    ]
    assert "run `pulumi destroy --stack staging` before you merge" in text


def test_the_log_says_which_stacks_there_are_and_which_files_are_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`[]` went into a variable, and a stack file in a subfolder was never deployed: the log said nothing at all."""
    monkeypatch.setattr(ci, "PROJECT", repository)
    base = git(repository, "rev-parse", "HEAD")
    (repository / "stacks").mkdir()
    commit(repository, {"stacks/Pulumi.lab.yaml": "", "Pulumi.lab.yml": "", "Pulumi.yml": ""})
    assert main(["stacks", "--since", base]) == 0
    printed = capsys.readouterr()
    assert printed.out == "[]\n"
    assert printed.err == (
        "Stacks: none. Embedded stacks are left alone.\n"
        "Pulumi.lab.yml is not read: a stack file is Pulumi.NAME.yaml, next to Pulumi.yaml.\n"
        "stacks/Pulumi.lab.yaml is not read: a stack file is Pulumi.NAME.yaml, next to Pulumi.yaml.\n"
    )
    assert main(["stacks"]) == 0
    assert capsys.readouterr().err == "Stacks: broken, prod, staging\n"


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
    answer: str, code: int, kept: bool, *, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stack has a plan, so the comment names the ones whose preview failed; their log may contain secrets."""
    monkeypatch.setenv("KUBECONFIG", "kubeconfig")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "a")
    (tmp_path / "answer").write_text(answer)
    pulumi.write_text(f"#!/bin/sh\ncat {tmp_path}/answer\nexit {code}\n")
    assert main(["preview", "--stack", "prod", "--out", str(tmp_path / "plans")]) == 0
    text = (tmp_path / "plans" / "prod.json").read_text()
    assert (text == answer) == kept
    if not kept:
        assert json.loads(text)["diagnostics"][0]["message"].startswith("`pulumi preview` failed")


# What a job was not given


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a stack in a project of its own, and a job without any secret."""
    for name in (
        "KUBECONFIG",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_BACKEND_URL",
        setup.PASSPHRASE,
        f"{setup.PASSPHRASE}_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("ops.where.PROJECT", tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: clusters")
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text("config:\n  clusters:kubernetes: {context: a}\nencryptionsalt: v1:a\n")
    return file


def previewed(folder: Path) -> str:
    """The reasons in the plan of a preview that fails."""
    assert main(["preview", "--stack", "prod", "--out", str(folder)]) == 0
    diagnostics = json.loads((folder / "prod.json").read_text())["diagnostics"]
    return "\n".join(item["message"] for item in diagnostics)


def test_each_secret_that_is_missing_is_named(
    stack: Path, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub creates an environment that is missing, and a secret that is missing is an empty text."""
    pulumi.write_text("#!/bin/sh\necho 'error: canary' >&2\nexit 255\n")
    names = ["CLUSTER_KUBECONFIG", "PULUMI_ACCESS_TOKEN and PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"]
    text = previewed(tmp_path / "plans")
    log = capsys.readouterr().err
    for name in names:
        assert f"{name} is empty or missing" in text or f"{name} are both empty or missing" in text
        assert name in log
    assert "canary" in log
    assert "canary" not in text
    monkeypatch.setenv("KUBECONFIG", "a")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "a")
    monkeypatch.setenv(setup.PASSPHRASE, "a")
    assert previewed(tmp_path / "plans") == ci.NO_PLAN
    # A plan that fails for want of a kubeconfig says so as well.
    monkeypatch.delenv("KUBECONFIG")
    (tmp_path / "answer").write_text(plans.document(errors=("has no context 'a'",)))
    pulumi.write_text(f"#!/bin/sh\ncat {tmp_path}/answer\nexit 255\n")
    text = previewed(tmp_path / "plans")
    assert "has no context 'a'" in text
    assert text.endswith(f"\nThe secret CLUSTER_KUBECONFIG is empty or missing.\n{setup.WHERE}")


@pytest.mark.parametrize("words", list(setup.MEANINGS))
def test_the_comment_says_what_pulumis_message_means(
    words: str, stack: Path, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comment said only that the log knew why."""
    for name in ("KUBECONFIG", "PULUMI_ACCESS_TOKEN", setup.PASSPHRASE):
        monkeypatch.setenv(name, "a")
    pulumi.write_text(f"#!/bin/sh\necho 'error: {words} canary' >&2\nexit 255\n")
    assert previewed(tmp_path / "plans") == f"{ci.NO_PLAN}\n{setup.MEANINGS[words]}"


@pytest.mark.parametrize(
    ("backend", "project", "refused"),
    [
        ("s3://states", "", True),
        ("", "backend: {url: 'gs://states'}", True),
        ("", "", False),
        ("https://api.pulumi.com", "", False),
    ],
)
def test_a_stack_without_its_salt_is_not_deployed_with_any_passphrase(
    backend: str, project: str, refused: bool, *, stack: Path, pulumi: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """`pulumi stack init` adds the salt, and nobody committed it. Pulumi took the empty text of a missing secret."""
    pulumi.write_text("#!/bin/sh\necho '{}' \"$@\"\n")
    (tmp_path / "Pulumi.yaml").write_text(f"name: clusters\n{project}\n")
    monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
    monkeypatch.setattr(os, "execvp", lambda *_: sys.exit(0))
    stack.write_text("config: {}\n")
    assert ("has no `encryptionsalt`" in previewed(tmp_path / "plans")) == refused
    if refused:
        assert main(["up", "--stack", "prod"]) == 1
        assert "commit the line that it adds to Pulumi.prod.yaml. Nothing was changed." in capsys.readouterr().err
    else:
        with pytest.raises(SystemExit):
            main(["up", "--stack", "prod"])
    for line in ("encryptionsalt: v1:a", "secretsprovider: awskms://alias/a"):
        stack.write_text(f"config: {{}}\n{line}\n")
        assert "encryptionsalt" not in previewed(tmp_path / "plans")


def test_up_becomes_pulumi(stack: Path, pulumi: Path) -> None:
    """A signal for the job reaches Pulumi, which has to give back its lock."""
    pulumi.write_text('#!/bin/sh\necho "$$ $*"\n')
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "ops.ci", "up", "--stack", "prod"]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.read() == f"{running.pid} up --yes --non-interactive --stack prod\n"
    assert running.returncode == 0
