"""`python -m ops.ci`: the steps of a CI system. Exit code 0; 1 for anything that went wrong."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from components.shared.target import PROJECT
from ops import drift, where
from ops.ci import forge, setup, stacks
from ops.ci.rest import GoneError
from ops.errors import CommandError
from ops.exit_codes import DRIFT, FAILED, UNCLEAR
from ops.impact.plan import Plan, UnreadablePlanError
from ops.impact.plan import read as read_plan
from ops.impact.report import HEADING, Report, comment

NO_STACK = "Nothing: it touches no stack any more.\n"
GONE = (
    "\n### Stack `{stack}`: no longer looked after\n\n"
    # One line: in a comment, GitHub and GitLab break lines where the text does.
    "`Pulumi.{stack}.yaml` is deleted, renamed, or embedded now. Merging this deletes nothing in the cluster: what the "
    "stack deployed stays, and no workflow previews it, deploys it, or looks for drift any more. To delete the stack, "
    "run `pulumi destroy --stack {stack}` before you merge. To rename it, run `pulumi stack rename` too.\n"
)
NO_PLAN = "`pulumi preview` failed before it had a plan, or did not run. The job's log says why."


def _stacks(arguments: argparse.Namespace) -> int:
    paths = stacks.changed_since(PROJECT, arguments.since) if arguments.since else None
    found = stacks.every(PROJECT) if paths is None else stacks.touched(PROJECT, paths)
    # The answer goes to the next job. The log is for people.
    print(f"Stacks: {', '.join(found) or 'none. Embedded stacks are left alone.'}", file=sys.stderr)
    for path in stacks.misplaced(paths or ()):
        print(f"{path} is not read: a stack file is Pulumi.NAME.yaml, next to Pulumi.yaml.", file=sys.stderr)
    print(json.dumps(found))
    return 0


def _preview(arguments: argparse.Namespace) -> int:
    """Write the plan of a stack. One that fails is a plan too: the comment says why it fails."""
    words = ["preview", "--json", "--non-interactive", "--stack", arguments.stack]
    words += drift.OPTIONS if arguments.refresh else ()
    missing = _missing(arguments.stack)
    try:
        setup.require_encryption(where.file_of(arguments.stack), os.environ)
        text = _plan_of(words, missing)
    except CommandError as error:
        print(error, file=sys.stderr)
        text = _failed(str(error))
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{arguments.stack}.json").write_text(text, encoding="utf-8")
    return 0


def _missing(stack: str) -> list[str]:
    """Say in the log what the job was not given."""
    missing = list(setup.missing(where.file_of(stack), os.environ))
    if missing:
        missing.append(setup.WHERE)
        print(*missing, sep="\n", file=sys.stderr)
    return missing


def _plan_of(words: list[str], missing: list[str]) -> str:
    """What `pulumi` printed, if it is a plan; what it writes on its standard error is for the log."""
    said = ""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(["pulumi", *words], cwd=PROJECT, stdout=output, stderr=subprocess.PIPE) as running,  # noqa: S603, S607
    ):
        for line in running.stderr or ():
            words_of_pulumi = line.decode(errors="replace")
            print(words_of_pulumi, end="", file=sys.stderr, flush=True)
            said += words_of_pulumi
        code = running.wait()
        output.seek(0)
        text = output.read().decode(errors="replace")
    try:
        errors = read_plan(text).errors
        failed = bool(code) and not errors
    except UnreadablePlanError:
        failed = True
    if failed:
        return _failed(NO_PLAN, *(missing or filter(None, [setup.meaning(said)])))
    if errors and missing:
        document = json.loads(text)
        document["diagnostics"].append(_error(*missing))
        text = json.dumps(document)
    return text


def _failed(*sentences: str) -> str:
    return json.dumps({"steps": [], "diagnostics": [_error(*sentences)]})


def _error(*sentences: str) -> dict[str, str]:
    return {"severity": "error", "message": "\n".join(sentences)}


def _up(arguments: argparse.Namespace) -> int:
    """Become `pulumi up`, so that a signal reaches it."""
    setup.require_encryption(where.file_of(arguments.stack), os.environ)
    _missing(arguments.stack)
    os.execvp("pulumi", ["pulumi", "up", "--yes", "--non-interactive", "--stack", arguments.stack])  # noqa: S606, S607


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
    gone = stacks.gone(PROJECT, arguments.since) if arguments.since else []
    further = "".join(GONE.format(stack=name) for name in gone)
    job = forge.of(os.environ)
    text = comment(reports, job.log) if reports else f"{HEADING}\n{'' if gone else NO_STACK}"
    text += further
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text)
    print(job.publish(text, create=bool(reports or gone)))
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
        print(f"{arguments.plans} has no plans, so no issue is opened or updated.", file=sys.stderr)
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
    known = {*stacks.every(PROJECT), *(path.stem for path in plans)}
    # A repository without issues has none to close.
    with suppress(GoneError):
        named = {name for line in project.open_issues() if (name := drift.stack_of(line))}
        for name in sorted(named - known):
            print(f"{name}: {project.report('', drift.issue_without_stack(name), drift=False)}")
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
    step = steps.add_parser("up", help="deploy a stack: `pulumi up`, which it becomes")
    step.add_argument("--stack", required=True)
    step.set_defaults(run=_up)
    step = steps.add_parser("newest", help="fail if the branch has a newer change of the stack")
    step.add_argument("--stack", required=True)
    step.add_argument("--commit", required=True, help="the one whose deployment was approved")
    step.set_defaults(run=_newest)
    step = steps.add_parser("comment", help="write the comment on the pull request, or update it")
    step.add_argument("plans", type=Path, metavar="DIR", help="folder with plans of `preview`")
    step.add_argument("--stacks", metavar="JSON", help="what `stacks` printed; one without a plan is named too")
    step.add_argument(
        "--since", metavar="COMMIT", help="commit that the change is based on: stacks gone since are named"
    )
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
