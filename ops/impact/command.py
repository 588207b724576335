"""The `impact` command: where the plan comes from, and how the report is printed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from ops.errors import CommandError, tell
from ops.exit_codes import UNCLEAR
from ops.impact.plan import UnreadablePlanError, read
from ops.impact.preview import preview
from ops.impact.report import LOCAL, Report, comment

STANDARD_INPUT: Final = "-"


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "impact",
        help="say what a plan means for the people who use the stack",
        epilog="Exit code 0: nobody notices; 1: somebody does; 2: the plan does not say, or `up` would fail.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "plans", nargs="*", default=[], metavar="PLAN", help="output of `pulumi preview --json`; -: stdin"
    )
    source.add_argument("--stack", metavar="NAME", help="run the preview of this stack, Pulumi.NAME.yaml")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON on standard output")
    form.add_argument("--markdown", action="store_true", help="print a comment for a pull request")
    parser.add_argument(
        "--full-text", metavar="URL", help="with --markdown: a link to the full text, for a comment that is cut"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.full_text and not arguments.markdown:
        print("--full-text can be used only with --markdown.", file=sys.stderr)
        return UNCLEAR
    try:
        if arguments.stack:
            plans = [preview(arguments.stack)]
        else:
            plans = [read(_file(name), Path(name).stem) for name in arguments.plans]
    except (UnreadablePlanError, CommandError) as error:
        tell(error, as_json=arguments.json)
        return UNCLEAR
    reports = [Report(plan) for plan in plans]
    if arguments.json:
        print(json.dumps({"stacks": [report.json() for report in reports]}, indent=2))
    elif arguments.markdown:
        print(comment(reports, arguments.full_text or LOCAL), end="")
    else:
        print("\n".join(report.text() for report in reports), end="")
    return max(report.code for report in reports)


def _file(name: str) -> str:
    try:
        return sys.stdin.read() if name == STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error
