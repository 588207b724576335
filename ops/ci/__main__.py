"""`python -m ops.ci`: the steps of a CI system. Exit code 0; 1 for anything that went wrong."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from components.shared.target import PROJECT
from ops import drift
from ops.ci import forge, stacks
from ops.errors import CommandError
from ops.exit_codes import DRIFT, FAILED, UNCLEAR
from ops.impact.plan import Plan, UnreadablePlanError
from ops.impact.plan import read as read_plan
from ops.impact.report import MARKER, Report, comment

NO_STACK = "## What this change does\n\nNothing: it touches no stack any more.\n"
NO_PLAN = "`pulumi preview` failed before it had a plan, or did not run. The job's log says why."


def _stacks(arguments: argparse.Namespace) -> int:
    paths = stacks.changed_since(PROJECT, arguments.since) if arguments.since else None
    found = stacks.every(PROJECT) if paths is None else stacks.touched(PROJECT, paths)
    print(json.dumps(found))
    return 0


def _preview(arguments: argparse.Namespace) -> int:
    """Write the plan of a stack. One that fails is a plan too: the comment says why it fails."""
    words = ["preview", "--json", "--non-interactive", "--stack", arguments.stack]
    words += drift.OPTIONS if arguments.refresh else ()
    # The log is for people, and so is what Pulumi writes on its standard error.
    done = subprocess.run(["pulumi", *words], cwd=PROJECT, stdout=subprocess.PIPE, check=False)  # noqa: S603, S607
    text = done.stdout.decode(errors="replace")
    try:
        failed = bool(done.returncode) and not read_plan(text).errors
    except UnreadablePlanError:
        failed = True
    if failed:
        text = json.dumps({"steps": [], "diagnostics": [{"severity": "error", "message": NO_PLAN}]})
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{arguments.stack}.json").write_text(text, encoding="utf-8")
    return 0


def _newest(arguments: argparse.Namespace) -> int:
    """Fail if what is checked out has a later change of the stack than a commit: to deploy that would be to go back."""
    changed = stacks.changed_since(PROJECT, arguments.commit)
    if changed is None or arguments.stack in stacks.touched(PROJECT, changed):
        raise CommandError(
            f"The branch has a newer change of stack {arguments.stack} than {arguments.commit}. Approve the run for "
            "the newer one. To go back, revert the change and merge the revert."
        )
    return 0


def _comment(arguments: argparse.Namespace) -> int:
    """A change that touches no stack gets no comment, but an earlier one is corrected."""
    expected = json.loads(arguments.stacks) if arguments.stacks else []
    names = sorted({*expected, *(path.stem for path in arguments.plans.glob("*.json"))})
    reports = [Report(_plan(arguments.plans / f"{name}.json")) for name in names]
    # First what cannot fail: a locked conversation takes no comment.
    print("\n".join(report.text() for report in reports), end="")
    pull_request = forge.of(os.environ)
    text = comment(reports, pull_request.log) if reports else f"{MARKER}\n{NO_STACK}"
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    print(pull_request.publish(text, create=bool(reports)))
    return FAILED if any(report.code == UNCLEAR for report in reports) else 0


def _plan(path: Path) -> Plan:
    try:
        return read_plan(path.read_text(encoding="utf-8"), path.stem)
    except FileNotFoundError:
        return Plan(path.stem, (), (NO_PLAN,))
    except UnreadablePlanError as error:
        return Plan(path.stem, (), (str(error),))


def _issues(arguments: argparse.Namespace) -> int:
    """Bring the issue of each stack up to date. A preview that failed leaves it as it is."""
    code, plans = 0, sorted(arguments.plans.glob("*.json"))
    if not plans:
        # Without a stack there is no plan, and a preview that failed has said so.
        print(f"{arguments.plans} has no plans, so no issue is touched.", file=sys.stderr)
        return 0
    project = forge.of(os.environ)
    for path in plans:
        found = drift.Drift(_plan(path))
        # What goes wrong with one stack keeps no other from its issue.
        try:
            problem = found.text() if found.code == FAILED else ""
            if not problem:
                print(f"{path.stem}: {project.report(found.title, found.issue(), drift=found.code == DRIFT)}")
        except CommandError as error:
            problem = f"{path.stem}: {error}"
        if problem:
            print(problem, file=sys.stderr)
            code = FAILED
    return code


def main(words: list[str] | None = None) -> int:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m ops.ci", description=__doc__)
    steps = parser.add_subparsers(required=True, metavar="STEP")
    step = steps.add_parser("stacks", help="print the stacks that a change touches, as a JSON array")
    step.add_argument("--since", metavar="COMMIT", help="commit that the change is based on; default: list every stack")
    step.set_defaults(run=_stacks)
    step = steps.add_parser("preview", help="write the plan of a stack into a folder")
    step.add_argument("--stack", required=True)
    step.add_argument("--out", required=True, type=Path, metavar="DIR")
    step.add_argument("--refresh", action="store_true", help="compare with the cluster, and not with the state")
    step.set_defaults(run=_preview)
    step = steps.add_parser("newest", help="fail if the branch has a newer change of the stack")
    step.add_argument("--stack", required=True)
    step.add_argument("--commit", required=True, help="the one whose deployment was approved")
    step.set_defaults(run=_newest)
    step = steps.add_parser("comment", help="write the comment on the pull request, or update it")
    step.add_argument("plans", type=Path, metavar="DIR", help="folder with plans of `preview`")
    step.add_argument("--stacks", metavar="JSON", help="what `stacks` printed; one without a plan is named too")
    step.set_defaults(run=_comment)
    step = steps.add_parser("issues", help="open, update or close the issue of each stack")
    step.add_argument("plans", type=Path, metavar="DIR", help="folder with plans of `preview --refresh`")
    step.set_defaults(run=_issues)
    arguments = parser.parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except (CommandError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
