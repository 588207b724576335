"""One comment on a pull request and one issue per stack, created once and then updated: GitHub and GitLab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ops.ci.rest import Api
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
    comments: str
    comment: str
    """Path of one comment, with {id}."""
    issues: str
    issue: str
    own_issues: str
    """Query that lists the open issues of the author."""
    update: str
    """Method that changes something."""
    text: str
    """Field with the text of an issue."""
    login: str
    """Field of a user with the login."""
    number: str
    """Field that names an issue in its path."""
    close: Mapping[str, str]

    def publish(self, text: str, *, create: bool = True) -> str:
        """Write the comment that begins with the first line of the text; returns what was done.

        If not `create`, only a comment that is there is changed.
        """
        marker = text.partition("\n")[0]
        own = self._own(f"{self.comments}?{PAGE}", "body", marker)
        if own is None and not create:
            return "no comment"
        if own is None:
            self.api.write("POST", self.comments, {"body": text})
            return "comment created"
        if own["body"].rstrip() == text.rstrip():
            return "comment unchanged"
        self.api.write(self.update, self.comment.format(id=own["id"]), {"body": text})
        return "comment updated"

    def report(self, title: str, text: str, *, drift: bool) -> str:
        """Open or update the issue that begins with the first line of the text; close it if there is no drift."""
        marker = text.partition("\n")[0]
        own = self._own(f"{self.issues}?{self.own_issues}&{PAGE}", self.text, marker)
        if own is None:
            if drift:
                self.api.write("POST", self.issues, {"title": title, self.text: text})
            return "issue opened" if drift else "no issue"
        change = {self.text: text, **({} if drift else self.close)}
        self.api.write(self.update, self.issue.format(id=own[self.number]), change)
        return "issue updated" if drift else "issue closed"

    def _own(self, path: str, field: str, marker: str) -> dict[str, Any] | None:
        found: Iterator[dict[str, Any]] = (
            item
            for item in self.api.pages(path)
            if (item.get("user") or item.get("author") or {}).get(self.login) == self.author
            and str(item.get(field) or "").partition("\n")[0].rstrip() == marker
            # GitHub lists pull requests as issues.
            and "pull_request" not in item
        )
        return next(found, None)


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
    issues = f"/repos/{_needed(environment, 'GITHUB_REPOSITORY')}/issues"
    number = environment.get("PULL_REQUEST", "")
    return Forge(
        api=Api(environment.get("GITHUB_API_URL", "https://api.github.com"), headers),
        author=GITHUB_AUTHOR,
        comments=f"{issues}/{number}/comments",
        comment=f"{issues}/comments/{{id}}",
        issues=issues,
        issue=f"{issues}/{{id}}",
        own_issues="state=open",
        update="PATCH",
        text="body",
        login="login",
        number="number",
        close={"state": "closed"},
    )


def _gitlab(environment: Mapping[str, str]) -> Forge:
    # CI_JOB_TOKEN may not write notes (docs.gitlab.com/ci/jobs/ci_job_token).
    api = Api(_needed(environment, "CI_API_V4_URL"), {"PRIVATE-TOKEN": _needed(environment, "GITLAB_TOKEN")})
    project = f"/projects/{_needed(environment, 'CI_PROJECT_ID')}"
    notes = f"{project}/merge_requests/{environment.get('CI_MERGE_REQUEST_IID', '')}/notes"
    return Forge(
        api=api,
        author=api.get("/user")["username"],
        comments=notes,
        comment=f"{notes}/{{id}}",
        issues=f"{project}/issues",
        issue=f"{project}/issues/{{id}}",
        own_issues="state=opened&scope=created_by_me",
        update="PUT",
        text="description",
        login="username",
        number="iid",
        close={"state_event": "close"},
    )
