"""What the workflows promise: pinned actions, no secret for forks, and no more rights than each job needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
FILES = sorted(path.name for path in FOLDER.glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def test_there_are_three() -> None:
    assert FILES == ["drift.yml", "preview.yml", "up.yml"]


@pytest.mark.parametrize("name", FILES)
def test_every_action_is_pinned_by_its_commit_and_names_its_version(name: str) -> None:
    for step in steps(name):
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"]), step["uses"]
    for line in (FOLDER / name).read_text().splitlines():
        if "uses:" in line:
            assert re.search(r"# v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("name", FILES)
def test_a_job_has_the_rights_that_it_lists_and_no_others(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    writes = {
        job: right
        for job, content in workflow(name)["jobs"].items()
        for right, level in content["permissions"].items()
        if level != "read"
    }
    assert writes == {"drift.yml": {"issues": "issues"}, "preview.yml": {"comment": "pull-requests"}}.get(name, {})


@pytest.mark.parametrize("name", FILES)
def test_a_job_with_secrets_has_an_environment_and_may_write_nothing_to_the_repository(name: str) -> None:
    for content in workflow(name)["jobs"].values():
        if "secrets." in json.dumps(content):
            assert "matrix.stack" in content["environment"]
            assert content["permissions"] == {"contents": "read"}


def test_a_fork_gets_no_secret() -> None:
    text = (FOLDER / "preview.yml").read_text()
    assert "pull_request_target" not in text
    jobs = workflow("preview.yml")["jobs"]
    assert jobs["stacks"]["if"] == (
        "github.event.pull_request.head.repo.full_name == github.repository "
        "&& github.event.pull_request.user.login != 'dependabot[bot]'"
    ), "also false in a merge queue, whose jobs get secrets, whoever wrote the code"
    assert jobs["preview"]["needs"] == "stacks", "a job is skipped with the one that it needs"
    assert "needs.stacks.result == 'success'" in jobs["comment"]["if"], "and so is the other required check"


@pytest.mark.parametrize("name", FILES)
def test_pulumis_action_only_installs(name: str) -> None:
    """With a `command`, it makes every stack output a step output, decrypted secrets included."""
    cli = re.search(r"pulumi/pkg/v3 v(\S+)", (PROJECT / "local/pulumi/cli/go.mod").read_text())
    assert cli
    used = [step["with"] for step in steps(name) if step.get("uses", "").startswith("pulumi/actions@")]
    assert used == [{"pulumi-version": cli[1]}]
    assert f"pulumi-v{cli[1]}-" in (PROJECT / ".gitlab-ci.yml").read_text()


@pytest.mark.parametrize("name", FILES)
def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    assert [step["run"] for step in steps(name) if "${{" in step.get("run", "")] == []
    for step in steps(name):
        for file in re.findall(r"ops/ci/[\w-]+\.sh", step.get("run", "")):
            assert (PROJECT / file).stat().st_mode & 0o111, file


@pytest.mark.parametrize("name", FILES)
def test_a_stacks_step_that_fails_ends_the_job(name: str, tmp_path: Path) -> None:
    """`echo "…$(command)"` succeeds when the command fails; the matrix then broke on an empty text."""
    (script,) = (step["run"] for step in steps(name) if step.get("id") == "stacks")
    output, python = tmp_path / "output", tmp_path / "python"
    for code, words in ((0, 'stacks=["prod"]\n'), (1, "")):
        output.write_text("")
        python.write_text(f"#!/bin/sh\necho '[\"prod\"]'\nexit {code}\n")
        python.chmod(0o755)
        # As GitHub runs it: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
        variables = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_OUTPUT": str(output), "BASE": "main"}
        assert subprocess.run(["bash", "-e", "-c", script], env=variables, check=False).returncode == code
        assert output.read_text() == words


def test_each_job_has_the_environment_in_which_pulumi_runs_the_program(tmp_path: Path) -> None:
    """Pulumi.yaml names it. With the packages elsewhere, Pulumi installs them again in the middle of a preview."""
    for name in FILES:
        for job in workflow(name)["jobs"].values():
            assert next(step["run"] for step in job["steps"] if "run" in step) == "ops/ci/install.sh"
    environment = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["runtime"]["options"]["virtualenv"]
    setup = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text())["default"]["before_script"]
    assert "ops/ci/install.sh" in setup
    assert f'export PATH="$CI_PROJECT_DIR/{environment}/bin:/opt/pulumi:$PATH"' in setup
    (tmp_path / "requirements.txt").write_text("")
    path = tmp_path / "path"
    variables = {**os.environ, "GITHUB_PATH": str(path)}
    subprocess.run([PROJECT / "ops/ci/install.sh"], cwd=tmp_path, env=variables, check=True)
    (line,) = path.read_text().splitlines()
    assert (Path(line) / "python").is_file()
    assert Path(line).parent == tmp_path / environment


def test_a_deployment_compares_what_was_approved_with_the_tip_of_the_branch() -> None:
    """A run that is approved late, or started again, would deploy its own commit over a newer one."""
    steps_of_up = workflow("up.yml")["jobs"]["up"]["steps"]
    (checkout,) = (step["with"] for step in steps_of_up if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout == {"persist-credentials": False, "ref": "${{ github.ref }}", "fetch-depth": 0}
    runs = [step["run"] for step in steps_of_up if "run" in step]
    assert runs[1] == 'python -m ops.ci newest --stack "$STACK" --commit "$GITHUB_SHA"'
    assert runs[2].endswith('python -m ops.ci up --stack "$STACK"')


def test_only_the_default_branch_is_deployed_and_compared() -> None:
    """The button that starts a workflow offers every branch and tag, and no commit would mean every stack.

    A tag may be called like the branch. A scheduled event names no repository.
    """
    default = "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"
    assert workflow("up.yml")["jobs"]["stacks"]["if"] == default
    assert workflow("drift.yml")["jobs"]["stacks"]["if"] == f"github.event_name == 'schedule' || {default}"
    drift = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text())["drift"]
    assert drift["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'}]


def test_a_merge_queue_gets_the_checks_that_it_waits_for() -> None:
    """A required check that nothing reports blocked the queue until its time-out. A skipped one counts as success.

    https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
    """
    found = workflow("preview.yml")
    assert set(found[True]) == {"pull_request", "merge_group"}, "YAML reads `on` as true"
    assert found["concurrency"]["group"].endswith("${{ github.event.pull_request.number || github.ref }}")


def test_a_change_is_compared_with_the_branch_that_it_goes_to() -> None:
    """HEAD is the merge of the pull request; without the history, it has no parent."""
    for job in ("stacks", "comment"):
        found = workflow("preview.yml")["jobs"][job]["steps"]
        assert found[-1]["env"]["BASE"] == "HEAD^1"
        assert found[0]["with"]["fetch-depth"] == 0


def test_no_other_workflow_reports_a_check_of_pull_requests() -> None:
    """Each workflow has a job `stacks`. On a pull request, a skipped one would pass for the required check."""
    assert set(workflow("up.yml")[True]["push"]["branches"]) == {"main", "master"}
    assert set(workflow("drift.yml")[True]) == {"schedule", "workflow_dispatch"}


def test_the_issues_of_former_stacks_are_closed_when_no_stack_is_left() -> None:
    assert workflow("drift.yml")["jobs"]["issues"]["if"] == "!cancelled() && needs.stacks.result == 'success'"


@pytest.mark.parametrize("name", FILES)
def test_a_cancelled_step_passes_its_signal_on(name: str) -> None:
    """GitHub signals the shell of the step and nothing else, and a shell that waits for a command does not pass it on.

    https://docs.github.com/actions/reference/workflow-cancellation-reference
    """
    (run,) = (step["run"] for step in steps(name) if "with-cluster.sh" in step.get("run", ""))
    assert run.startswith("exec ops/ci/with-cluster.sh ")


def test_the_comment_knows_which_stacks_should_have_a_plan() -> None:
    job = workflow("preview.yml")["jobs"]["comment"]
    assert job["if"] == "!cancelled() && needs.stacks.result == 'success'", "even if no stack is touched any more"
    assert job["steps"][-1]["env"]["STACKS"] == "${{ needs.stacks.outputs.stacks }}"
    assert job["steps"][-1]["run"] == 'python -m ops.ci comment plans --stacks "$STACKS" --since "$BASE"'


def test_gitlab_previews_no_fork_and_uses_the_same_scripts() -> None:
    jobs = yaml.safe_load((PROJECT / ".gitlab-ci.yml").read_text())
    # Not CI_PROJECT_ID: the pipeline of a merge request from a fork may run in the fork, where that is the fork too.
    same = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    assert jobs["preview"]["rules"][0]["if"] == f'$CI_PIPELINE_SOURCE == "merge_request_event" && {same}'
    for job in ("preview", "drift", ".up"):
        for file in re.findall(r"ops/ci/[\w-]+\.sh", " ".join(jobs[job]["script"])):
            assert (PROJECT / file).is_file()
