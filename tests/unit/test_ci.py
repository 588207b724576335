"""The steps of CI systems: a comment and an issue that are updated in place, and the stacks that a change touches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.shared.manifest import manifest
from ops.ci import forge, stacks
from ops.ci.__main__ import main
from ops.ci.rest import Api
from ops.errors import CommandError
from ops.impact.report import MARKER
from tests.conftest import PROJECT
from tests.unit import plans
from tests.unit.forge_server import TOKEN, ForgeServer, serve

GITHUB_AUTHOR = {"user": {"login": "github-actions[bot]"}}
GITLAB_AUTHOR = {"author": {"username": "project_bot"}}
GITHUB_NOTES, GITHUB_ISSUES = "/repos/lab/clusters/issues/3/comments", "/repos/lab/clusters/issues"
GITLAB_NOTES, GITLAB_ISSUES = "/projects/5/merge_requests/3/notes", "/projects/5/issues"
STORAGE = "clusters:matlab:Cluster$clusters:matlab:Storage"
CLAIM = manifest("v1", "PersistentVolumeClaim", "data", "mjs", spec={})
SERVICE = manifest("v1", "Service", "mjs-job-manager", "mjs", spec={"type": "ClusterIP"})


@pytest.fixture(params=["github", "gitlab"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForgeServer]:
    """A forge, and the environment of a job on it."""
    on_github = request.param == "github"
    state = ForgeServer(
        author=GITHUB_AUTHOR if on_github else GITLAB_AUTHOR,
        collections={GITHUB_NOTES: [], GITHUB_ISSUES: []} if on_github else {GITLAB_NOTES: [], GITLAB_ISSUES: []},
        item_paths=(
            {f"{GITHUB_ISSUES}/comments": GITHUB_NOTES, GITHUB_ISSUES: GITHUB_ISSUES}
            if on_github
            else {GITLAB_NOTES: GITLAB_NOTES, GITLAB_ISSUES: GITLAB_ISSUES}
        ),
    )
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    with serve(state):
        variables = (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": state.url,
                "GITHUB_TOKEN": TOKEN,
                "GITHUB_REPOSITORY": "lab/clusters",
                "PULL_REQUEST": "3",
            }
            if on_github
            else {
                "GITLAB_CI": "true",
                "CI_API_V4_URL": state.url,
                "GITLAB_TOKEN": TOKEN,
                "CI_PROJECT_ID": "5",
                "CI_MERGE_REQUEST_IID": "3",
            }
        )
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield state


def comments(server: ForgeServer) -> list[dict[str, Any]]:
    return server.collections[next(path for path in (GITHUB_NOTES, GITLAB_NOTES) if path in server.collections)]


def issues(server: ForgeServer) -> list[dict[str, Any]]:
    return server.collections[next(path for path in (GITHUB_ISSUES, GITLAB_ISSUES) if path in server.collections)]


def somebody(text: str, number: int) -> dict[str, Any]:
    """A comment of a person, who may have copied ours."""
    return {"id": number, "number": number, "body": text, "user": {"login": "ana"}, "author": {"username": "ana"}}


def publish(text: str) -> str:
    return forge.of(os.environ).publish(text)


# The comment


def test_the_comment_is_created_once_and_then_updated(server: ForgeServer) -> None:
    assert publish(f"{MARKER}\nfirst") == "comment created"
    assert publish(f"{MARKER}\nsecond") == "comment updated"
    assert publish(f"{MARKER}\nsecond\n") == "comment unchanged"
    assert [comment["body"] for comment in comments(server)] == [f"{MARKER}\nsecond"]
    assert len(server.writes()) == 2


def test_the_comment_is_found_on_a_later_page(server: ForgeServer) -> None:
    """pulumi/actions looks at the first page only, and comments again and again on a long discussion."""
    comments(server).extend(somebody("words", number) for number in range(5))
    publish(f"{MARKER}\nfirst")
    comments(server).extend(somebody("more words", number) for number in range(10, 13))
    assert publish(f"{MARKER}\nsecond") == "comment updated"
    assert sum(comment["body"].startswith(MARKER) for comment in comments(server)) == 1


def test_the_comment_of_a_person_is_left_alone(server: ForgeServer) -> None:
    copied = somebody(f"{MARKER}\nlooks good to me", 1)
    comments(server).append(dict(copied))
    assert publish(f"{MARKER}\nfirst") == "comment created"
    assert publish(f"{MARKER}\nsecond") == "comment updated"
    assert comments(server)[0] == copied


def test_the_command_reads_a_file(server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "comment.md"
    file.write_text(f"{MARKER}\n→")
    assert main(["comment", str(file)]) == 0
    assert capsys.readouterr().out == "comment created\n"
    assert comments(server)[0]["body"] == f"{MARKER}\n→"


# The token


def test_the_token_does_not_follow_a_redirect(server: ForgeServer) -> None:
    with serve(ForgeServer({"author": {}}, {}, {})) as elsewhere:
        server.redirect = f"{elsewhere.url}/stolen"
        with pytest.raises(CommandError, match="302"):
            publish(f"{MARKER}\nfirst")
        assert elsewhere.requests == []


def test_the_token_does_not_go_to_a_page_elsewhere(server: ForgeServer) -> None:
    comments(server).extend(somebody("words", number) for number in range(3))
    with serve(ForgeServer({"author": {}}, {}, {})) as elsewhere:
        server.next_page = elsewhere.url
        with pytest.raises(CommandError, match="which is not the API"):
            publish(f"{MARKER}\nfirst")
        assert elsewhere.requests == []


def test_the_token_is_not_sent_in_clear() -> None:
    with pytest.raises(CommandError, match="is not an https:// URL"):
        Api("http://github.example.org", {})


def test_a_comment_is_corrected_when_the_change_touches_no_stack_any_more(server: ForgeServer) -> None:
    assert main(["comment"]) == 0
    assert comments(server) == [], "a change that never touched a stack gets no comment"
    publish(f"{MARKER}\nprod restarts")
    assert main(["comment"]) == 0
    (comment,) = comments(server)
    assert comment["body"].startswith(MARKER)
    assert "touches no stack any more" in comment["body"]


def test_a_comment_says_that_there_is_no_plan(server: ForgeServer, tmp_path: Path) -> None:
    """A job that ends before it has a plan leaves an empty report, which GitHub takes for no comment."""
    (tmp_path / "comment.md").touch()
    assert main(["comment", str(tmp_path / "comment.md")]) == 0
    assert "no preview has a plan" in comments(server)[0]["body"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_forge_is_asked_again(server: ForgeServer, status: int) -> None:
    publish(f"{MARKER}\nfirst")
    server.busy = [status, status]
    assert publish(f"{MARKER}\nsecond") == "comment updated"


def test_nothing_is_created_twice(server: ForgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forge may have created the comment before it failed. The next job finds it in the list."""
    pull_request = forge.of(os.environ)
    create = Api.write

    def busy(self: Api, *arguments: Any) -> Any:
        server.busy = [502]
        return create(self, *arguments)

    monkeypatch.setattr(Api, "write", busy)
    with pytest.raises(CommandError, match="502"):
        pull_request.publish(f"{MARKER}\nfirst")
    assert [method for method, _ in server.writes()] == ["POST"]


def test_no_message_contains_the_token(
    server: ForgeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "lab/other")
    monkeypatch.setenv("CI_PROJECT_ID", "6")
    (tmp_path / "comment.md").write_text(MARKER)
    assert main(["comment", str(tmp_path / "comment.md")]) == 1
    printed = capsys.readouterr()
    assert "404" in printed.err
    assert TOKEN not in printed.err + printed.out
    assert server.writes() == []


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_ACTIONS"])
def test_a_missing_variable_is_named(missing: str) -> None:
    every = {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "lab/clusters"}
    with pytest.raises(CommandError, match=missing):
        forge.of({name: value for name, value in every.items() if name != missing})


# The issue


def folder_with(tmp_path: Path, text: str, stack: str = "prod") -> str:
    (tmp_path / f"{stack}.json").write_text(text.replace(":lab::", f":{stack}::"))
    return str(tmp_path)


def drifted() -> str:
    state = plans.state(SERVICE, "storage", STORAGE)
    return plans.document(plans.step("update", state, state, "spec.type"))


def test_an_issue_is_opened_updated_and_closed(server: ForgeServer, tmp_path: Path) -> None:
    text = "description" if server.author == GITLAB_AUTHOR else "body"
    assert main(["issues", folder_with(tmp_path, plans.document())]) == 0
    assert issues(server) == [], "no drift, no issue"
    assert main(["issues", folder_with(tmp_path, drifted())]) == 0
    assert main(["issues", folder_with(tmp_path, drifted())]) == 0
    (issue,) = issues(server)
    assert issue["title"] == "Drift in stack prod"
    assert "Service mjs/mjs-job-manager differs, and `up`".replace("`", "'") in issue[text]
    assert main(["issues", folder_with(tmp_path, plans.document())]) == 0
    assert issue.get("state_event", issue.get("state")) in {"close", "closed"}


def test_every_stack_has_an_issue_of_its_own(server: ForgeServer, tmp_path: Path) -> None:
    folder_with(tmp_path, drifted(), "prod-two")
    assert main(["issues", folder_with(tmp_path, drifted())]) == 0
    assert sorted(issue["title"] for issue in issues(server)) == ["Drift in stack prod", "Drift in stack prod-two"]


def test_a_folder_without_plans_is_named(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["issues", str(tmp_path / "plnas")]) == 0
    assert "plnas has no plans, so no issue is touched." in capsys.readouterr().err
    assert server.writes() == []


def test_a_preview_that_fails_touches_no_issue(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["issues", folder_with(tmp_path, plans.document(errors=("unreachable",)))]) == 1
    assert server.requests == [("GET", "/user")] * (len(server.requests))
    assert server.writes() == []
    assert "could not look for drift" in capsys.readouterr().err


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


def test_the_changed_files_come_from_git(tmp_path: Path) -> None:
    project(tmp_path)

    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, *words]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message=base")
    base = git("rev-parse", "HEAD")
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {}\n")
    (tmp_path / "ä b").write_text("")
    git("mv", "Pulumi.staging.yaml", "staging.yaml")
    git("add", ".")
    git("commit", "--quiet", "--message=change")
    names = ["Pulumi.prod.yaml", "Pulumi.staging.yaml", "staging.yaml", "ä b"]
    assert stacks.changed_since(tmp_path, base) == names, "a file that moves away is a change where it was"
    assert stacks.changed_since(tmp_path, stacks.NO_COMMIT) is None
    with pytest.raises(CommandError, match="git diff"):
        stacks.changed_since(tmp_path, "1" * 40)


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


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (plans.document(), 0),
        (plans.document(plans.step("delete", plans.state(CLAIM, "storage", STORAGE), None)), 0),
        (plans.document(errors=("The stack config has 1 mistake.",)), 1),
    ],
)
def test_the_report_fails_only_when_it_is_unclear(plan: str, code: int, tmp_path: Path) -> None:
    folder_with(tmp_path, plan)
    summary = tmp_path / "summary"
    comment = tmp_path / "comment.md"
    done = script(
        "report.sh", str(tmp_path), str(comment), "https://ci.example.org/1", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert done.returncode == code, done.stderr
    assert comment.read_text().startswith(MARKER)
    assert "Stack prod: " in done.stdout
    assert summary.read_text() == comment.read_text()


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
