"""The steps of CI systems: a comment and an issue that are updated in place, and the stacks that a change touches."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.shared.manifest import manifest
from ops.ci import __main__ as ci
from ops.ci import forge
from ops.ci.__main__ import main
from ops.ci.rest import Api
from ops.errors import CommandError
from ops.impact.report import MARKER
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


def test_a_comment_that_exists_twice_is_one_again(server: ForgeServer) -> None:
    """Two pushes within a second: both jobs found no comment. The second comment stayed as it was for ever."""
    for number in (1, 2, 3):
        comments(server).append({"id": number, "number": number, "body": f"{MARKER}\nfirst", **server.author})
    comments(server).append(somebody(f"{MARKER}\ncopied", 4))
    publish(f"{MARKER}\nsecond")
    assert [comment["body"] for comment in comments(server)] == [f"{MARKER}\nsecond", f"{MARKER}\ncopied"]


def test_a_comment_that_was_just_deleted_is_created_again(server: ForgeServer) -> None:
    publish(f"{MARKER}\nfirst")
    server.after_list = comments(server).clear
    assert publish(f"{MARKER}\nsecond") == "comment created"
    assert [comment["body"] for comment in comments(server)] == [f"{MARKER}\nsecond"]


def test_a_comment_that_a_person_edited_is_found(server: ForgeServer) -> None:
    """The editor of a browser ends lines with CRLF."""
    publish(f"{MARKER}\nfirst")
    comments(server)[0]["body"] = f"{MARKER}\r\nfirst, and a note"
    assert publish(f"{MARKER}\nsecond") == "comment updated"


def test_a_job_that_is_not_for_a_pull_request_says_so(server: ForgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULL_REQUEST", "CI_MERGE_REQUEST_IID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CommandError, match="PULL_REQUEST or CI_MERGE_REQUEST_IID is not set"):
        publish(f"{MARKER}\nfirst")


def test_the_comment_reports_every_stack_that_is_expected(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose installation failed, or that nobody approved, left no plan, and the comment said nothing of it."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    folder_with(tmp_path, plans.document(plans.step("delete", plans.state(CLAIM, "storage", STORAGE), None)))
    assert main(["comment", str(tmp_path), "--stacks", '["prod"]']) == 0
    assert main(["comment", str(tmp_path), "--stacks", '["prod", "staging"]']) == 1
    (comment,) = comments(server)
    assert "### Stack `prod`: somebody will notice" in comment["body"]
    assert "### Stack `staging`: unclear" in comment["body"]
    printed = capsys.readouterr().out
    assert "Stack prod: somebody will notice" in printed
    assert printed.endswith("comment updated\n")
    assert (tmp_path / "summary").read_text().endswith(comment["body"])


@pytest.mark.parametrize("text", [plans.document(errors=("The stack config has 1 mistake.",)), "no plan", "{}"])
def test_a_comment_about_a_preview_that_failed_fails(server: ForgeServer, text: str, tmp_path: Path) -> None:
    folder_with(tmp_path, text)
    assert main(["comment", str(tmp_path)]) == 1
    (comment,) = comments(server)
    assert "### Stack `prod`: unclear" in comment["body"]
    assert "No Kubernetes object changes" not in comment["body"], "nobody knows that"


def test_the_report_is_printed_even_if_the_conversation_is_locked(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_with(tmp_path, plans.document())
    server.after_list = lambda: server.busy.append(403)
    assert main(["comment", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert "Stack prod: nothing changes" in printed.out
    assert "docs/pull-requests.md says what the token must be allowed." in printed.err


# The token


def test_the_token_does_not_follow_a_redirect(server: ForgeServer) -> None:
    with serve(ForgeServer({"author": {}}, {}, {})) as elsewhere:
        server.redirect = f"{elsewhere.url}/stolen"
        with pytest.raises(CommandError, match="302"):
            publish(f"{MARKER}\nfirst")
        assert elsewhere.requests == []


def test_the_token_does_not_go_to_a_page_elsewhere(server: ForgeServer) -> None:
    """Behind a reverse proxy, GitLab's links name its inner address, or http://: python-gitlab issues 1254 and 2149."""
    comments(server).extend(somebody("words", number) for number in range(3))
    publish(f"{MARKER}\nfirst")
    with serve(ForgeServer({"author": {}}, {}, {})) as elsewhere:
        server.next_page = elsewhere.url
        assert publish(f"{MARKER}\nsecond") == "comment updated"
        assert elsewhere.requests == []


@pytest.mark.parametrize("folder", ["/api/v3", "/gitlab/api/v4"])
def test_the_api_may_be_in_a_folder_of_its_host(
    server: ForgeServer, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub Enterprise Server, and GitLab under a relative URL."""
    for name in ("GITHUB_API_URL", "CI_API_V4_URL"):
        monkeypatch.setenv(name, f"{server.url}{folder}")
    server.folder = folder
    comments(server).extend(somebody("words", number) for number in range(5))
    assert publish(f"{MARKER}\nfirst") == "comment created"
    assert publish(f"{MARKER}\nsecond") == "comment updated"


def test_the_token_is_not_sent_in_clear() -> None:
    with pytest.raises(CommandError, match="is not an https:// URL"):
        Api("http://github.example.org", {})


def test_a_comment_is_corrected_when_the_change_touches_no_stack_any_more(server: ForgeServer, tmp_path: Path) -> None:
    words = ["comment", str(tmp_path / "plans"), "--stacks", "[]"]
    assert main(words) == 0
    assert comments(server) == [], "a change that never touched a stack gets no comment"
    publish(f"{MARKER}\nprod restarts")
    assert main(words) == 0
    (comment,) = comments(server)
    assert comment["body"].startswith(MARKER)
    assert "touches no stack any more" in comment["body"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_forge_is_asked_again(server: ForgeServer, status: int) -> None:
    publish(f"{MARKER}\nfirst")
    server.busy = [status, status]
    assert publish(f"{MARKER}\nsecond") == "comment updated"


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_of_the_rate_is_waited_for(server: ForgeServer, status: int) -> None:
    """GitHub answers 403 as well, with Retry-After. Nothing was done, so a comment may be created after it."""
    server.after_list = lambda: server.busy.append(status) if not server.writes() else None
    server.limits.add(status)
    assert publish(f"{MARKER}\nfirst") == "comment created"
    assert len(comments(server)) == 1


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
    folder_with(tmp_path, plans.document())
    assert main(["comment", str(tmp_path)]) == 1
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
    assert issue["state"] == "closed"


def test_an_issue_that_somebody_closed_is_opened_again_while_there_is_drift(
    server: ForgeServer, tmp_path: Path
) -> None:
    """Otherwise there is a new one each night, and what people wrote is in one of the closed ones."""
    main(["issues", folder_with(tmp_path, drifted())])
    (issue,) = issues(server)
    issue["state"] = "closed"
    assert main(["issues", folder_with(tmp_path, drifted())]) == 0
    assert [found["state"] in {"open", "opened"} for found in issues(server)] == [True]
    issue["state"] = "closed"
    before = len(server.writes())
    assert main(["issues", folder_with(tmp_path, plans.document())]) == 0
    assert len(server.writes()) == before, "a closed issue is not edited each night"


def test_an_open_issue_comes_before_an_older_closed_one(server: ForgeServer, tmp_path: Path) -> None:
    main(["issues", folder_with(tmp_path, drifted())])
    issues(server).insert(0, {**issues(server)[0], "id": 1, "number": 1, "iid": 1, "state": "closed"})
    assert main(["issues", folder_with(tmp_path, plans.document())]) == 0
    assert [found["state"] for found in issues(server)] == ["closed", "closed"]


@pytest.mark.parametrize("trouble", ["no plan", plans.document(errors=("unreachable",))])
def test_trouble_with_one_stack_keeps_no_other_from_its_issue(
    server: ForgeServer, trouble: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_with(tmp_path, trouble, "a")
    server.after_list = lambda: server.busy.append(410) if not server.writes() else None
    folder_with(tmp_path, drifted(), "b")
    assert main(["issues", folder_with(tmp_path, drifted(), "c")]) == 1
    assert [issue["title"] for issue in issues(server)] == ["Drift in stack c"]
    printed = capsys.readouterr().err
    assert "Stack a: could not look for drift." in printed
    assert "b: POST" in printed


def test_every_stack_has_an_issue_of_its_own(server: ForgeServer, tmp_path: Path) -> None:
    folder_with(tmp_path, drifted(), "prod-two")
    assert main(["issues", folder_with(tmp_path, drifted())]) == 0
    assert sorted(issue["title"] for issue in issues(server)) == ["Drift in stack prod", "Drift in stack prod-two"]


def test_a_folder_without_plans_is_named(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["issues", str(tmp_path / "plnas")]) == 0
    assert "plnas has no plans, so no issue is opened or updated." in capsys.readouterr().err
    assert server.writes() == []


def test_a_preview_that_fails_touches_no_issue(
    server: ForgeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["issues", folder_with(tmp_path, plans.document(errors=("unreachable",)))]) == 1
    assert server.writes() == []
    assert "could not look for drift" in capsys.readouterr().err


def test_the_issue_of_a_stack_without_a_file_is_closed(
    server: ForgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stayed open for ever, and said that the cluster had drifted, after the stack was deleted or renamed."""
    monkeypatch.setattr(ci, "PROJECT", tmp_path)
    # Listed, but without a plan: its job failed.
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}")
    plan_folder = tmp_path / "plans"
    plan_folder.mkdir()
    for stack in ("old", "prod", "staging"):
        folder_with(plan_folder, drifted(), stack)
    assert main(["issues", str(plan_folder)]) == 0
    for number in range(5):
        issues(server).insert(0, {"title": "words", "state": "open", **somebody("words", number)})
    copied = {**somebody("<!-- clusters: drift ancient -->\n", 9), "state": "open"}
    issues(server).append(dict(copied))
    for stack in ("old", "staging"):
        (plan_folder / f"{stack}.json").unlink()
    assert main(["issues", str(plan_folder)]) == 0
    assert capsys.readouterr().out.endswith("prod: issue updated\nold: issue closed\n")
    text = "description" if server.author == GITLAB_AUTHOR else "body"
    states = {issue.get("title"): issue["state"] for issue in issues(server)}
    assert states["Drift in stack old"] == "closed"
    assert "closed" not in {states["Drift in stack prod"], states["Drift in stack staging"]}
    (old,) = (issue for issue in issues(server) if issue.get("title") == "Drift in stack old")
    assert "its file, `Pulumi.old.yaml`, is deleted" in old[text]
    assert issues(server)[-1] == copied
    before = len(server.writes())
    assert main(["issues", str(tmp_path / "none")]) == 0
    assert len(server.writes()) == before + 1, "prod has no file in this repository"
    assert states.keys() == {issue.get("title") for issue in issues(server)}


def test_a_repository_without_issues_has_none_to_close(server: ForgeServer, tmp_path: Path) -> None:
    """A fork of a fresh clone: each nightly run would fail."""
    if server.author == GITHUB_AUTHOR:
        server.busy = [410]
    assert main(["issues", str(tmp_path)]) == 0
