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
from ops.exit_codes import DRIFT, FAILED
from ops.impact.plan import UnreadablePlanError
from ops.impact.plan import read as read_plan
from ops.impact.report import MARKER

NO_STACK = "## What this change does\n\nNothing: it touches no stack any more."
NO_PLANS = "## What this change does\n\nThat is unknown: no preview has a plan. The logs of the jobs say why."
NO_PLAN = "`pulumi preview` failed before it had a plan. The job's log says why."


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
    done = subprocess.run(["pulumi", *words], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603, S607
    text = done.stdout
    try:
        failed = bool(done.returncode) and not read_plan(text).errors
    except UnreadablePlanError:
        failed = True
    if failed:
        text = json.dumps({"steps": [], "diagnostics": [{"severity": "error", "message": NO_PLAN}]})
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{arguments.stack}.json").write_text(text, encoding="utf-8")
    return 0


def _comment(arguments: argparse.Namespace) -> int:
    """Without a file, the change touches no stack: what an earlier comment says is no longer true."""
    pull_request = forge.of(os.environ)
    if arguments.file is None:
        print(pull_request.publish(f"{MARKER}\n{NO_STACK}", create=False))
    else:
        print(pull_request.publish(arguments.file.read_text(encoding="utf-8") or f"{MARKER}\n{NO_PLANS}"))
    return 0


def _issues(arguments: argparse.Namespace) -> int:
    """Bring the issue of each stack up to date. A preview that failed leaves it as it is."""
    code, plans = 0, sorted(arguments.plans.glob("*.json"))
    if not plans:
        # Without a stack there is no plan, and a preview that failed has said so.
        print(f"{arguments.plans} has no plans, so no issue is touched.", file=sys.stderr)
    for path in plans:
        found = drift.Drift(read_plan(path.read_text(encoding="utf-8"), path.stem))
        if found.code == FAILED:
            print(found.text(), file=sys.stderr)
            code = 1
        else:
            has_drift = found.code == DRIFT
            print(f"{path.stem}: {forge.of(os.environ).report(found.title, found.issue(), drift=has_drift)}")
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
    step = steps.add_parser("comment", help="write the comment on the pull request, or update it")
    step.add_argument("file", nargs="?", type=Path, help="the report; without it, the change touches no stack")
    step.set_defaults(run=_comment)
    step = steps.add_parser("issues", help="open, update or close the issue of each stack")
    step.add_argument("plans", type=Path, metavar="DIR", help="folder with plans of `preview --refresh`")
    step.set_defaults(run=_issues)
    arguments = parser.parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except (CommandError, UnreadablePlanError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
