"""One comment on a pull request and one issue per stack, created once and then updated: GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from ops.ci.rest import Api, GoneError
from ops.errors import CommandError

GITHUB_AUTHOR: Final = "github-actions[bot]"
"""Who writes with the token of a workflow."""
PAGE: Final = "per_page=100"


@dataclass(frozen=True)
class Forge:
    """Where comments and issues are, and what their fields are called."""

    api: Api
    author: str
    """Login of the token's owner: other people's comments are left alone, whatever they contain."""
    log: str
    """URL of what the job printed."""
    comments: str
    """Path of the comments; empty if the job is not for a pull request."""
    comment: str
    """Path of one comment, with {id}."""
    issues: str
    issue: str
    own_issues: str
    """Query that lists the issues of the author, open or not."""
    update: str
    """Method that changes something."""
    text: str
    """Field with the text of an issue."""
    login: str
    """Field of a user with the login."""
    number: str
    """Field that names an issue in its path."""
    close: Mapping[str, str]
    reopen: Mapping[str, str]

    def publish(self, text: str, *, create: bool = True) -> str:
        """Write the comment that begins with the first line of the text; returns what was done.

        If not `create`, only a comment that is there is changed.
        """
        if not self.comments:
            raise CommandError("This job is not for a pull request: PULL_REQUEST or CI_MERGE_REQUEST_IID is not set.")
        own = list(self._own(f"{self.comments}?{PAGE}", "body", text))
        for further in own[1:]:
            # Two jobs that ran at the same time found no comment, and each created one.
            with suppress(GoneError):
                self.api.write("DELETE", self.comment.format(id=further["id"]))
        if own and own[0]["body"].rstrip() == text.rstrip():
            return "comment unchanged"
        if own:
            # Somebody may just have deleted it.
            with suppress(GoneError):
                self.api.write(self.update, self.comment.format(id=own[0]["id"]), {"body": text})
                return "comment updated"
        if not create:
            return "no comment"
        self.api.write("POST", self.comments, {"body": text})
        return "comment created"

    def report(self, title: str, text: str, *, drift: bool) -> str:
        """Open or update the issue that begins with the first line of the text; close it if there is no drift.

        One that somebody closed is opened again while there is drift: a new one each night would hide what was said.
        """
        found = self._own(f"{self.issues}?{self.own_issues}&{PAGE}", self.text, text)
        own = min(found, key=_is_closed, default=None)
        if own is None and drift:
            self.api.write("POST", self.issues, {"title": title, self.text: text})
            return "issue opened"
        if own is None or (_is_closed(own) and not drift):
            return "no issue"
        state = self.close if not drift else self.reopen if _is_closed(own) else {}
        self.api.write(self.update, self.issue.format(id=own[self.number]), {self.text: text, **state})
        return "issue updated" if drift else "issue closed"

    def open_issues(self) -> list[str]:
        """First lines of the author's open issues."""
        found = self._mine(f"{self.issues}?{self.own_issues}&{PAGE}")
        return [_first_line(item, self.text) for item in found if not _is_closed(item)]

    def _own(self, path: str, field: str, text: str) -> Iterator[dict[str, Any]]:
        """What the token's owner wrote, if its first line is that of the text."""
        marker = text.partition("\n")[0]
        return (item for item in self._mine(path) if _first_line(item, field) == marker)

    def _mine(self, path: str) -> Iterator[dict[str, Any]]:
        return (
            item
            for item in self.api.pages(path)
            if (item.get("user") or item.get("author") or {}).get(self.login) == self.author
            # GitHub lists pull requests as issues.
            and "pull_request" not in item
        )


def _first_line(item: Mapping[str, Any], field: str) -> str:
    return str(item.get(field) or "").partition("\n")[0].rstrip()


def _is_closed(issue: Mapping[str, Any]) -> bool:
    return bool(issue["state"] == "closed")


def of(environment: Mapping[str, str]) -> Forge:
    """The forge whose CI runs this. Raises CommandError if a variable is missing."""
    if environment.get("GITHUB_ACTIONS"):
        return _github(environment)
    if environment.get("GITLAB_CI"):
        return _gitlab(environment)
    raise CommandError("This is not a job of GitHub Actions or GitLab CI: GITHUB_ACTIONS and GITLAB_CI are not set.")


def _needed(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise CommandError(
            f"The environment variable {name} is not set. docs/pull-requests.md says where it comes from."
        )
    return environment[name]


def _github(environment: Mapping[str, str]) -> Forge:
    token = _needed(environment, "GITHUB_TOKEN")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    repository, server = _needed(environment, "GITHUB_REPOSITORY"), environment.get("GITHUB_SERVER_URL", "")
    issues = f"/repos/{repository}/issues"
    number = environment.get("PULL_REQUEST")
    return Forge(
        api=Api(environment.get("GITHUB_API_URL", "https://api.github.com"), headers),
        author=GITHUB_AUTHOR,
        log=f"{server}/{repository}/actions/runs/{environment.get('GITHUB_RUN_ID', '')}",
        comments=f"{issues}/{number}/comments" if number else "",
        comment=f"{issues}/comments/{{id}}",
        issues=issues,
        issue=f"{issues}/{{id}}",
        own_issues=f"state=all&creator={quote(GITHUB_AUTHOR)}",
        update="PATCH",
        text="body",
        login="login",
        number="number",
        close={"state": "closed"},
        reopen={"state": "open"},
    )


def _gitlab(environment: Mapping[str, str]) -> Forge:
    # CI_JOB_TOKEN may not write notes (docs.gitlab.com/ci/jobs/ci_job_token).
    api = Api(_needed(environment, "CI_API_V4_URL"), {"PRIVATE-TOKEN": _needed(environment, "GITLAB_TOKEN")})
    project = f"/projects/{_needed(environment, 'CI_PROJECT_ID')}"
    number = environment.get("CI_MERGE_REQUEST_IID")
    notes = f"{project}/merge_requests/{number}/notes" if number else ""
    return Forge(
        api=api,
        author=api.get("/user")["username"],
        log=environment.get("CI_JOB_URL", ""),
        comments=notes,
        comment=f"{notes}/{{id}}",
        issues=f"{project}/issues",
        issue=f"{project}/issues/{{id}}",
        own_issues="scope=created_by_me",
        update="PUT",
        text="description",
        login="username",
        number="iid",
        close={"state_event": "close"},
        reopen={"state_event": "reopen"},
    )
