"""`python -m ops drift`: what in the cluster is no longer as the stack deployed it."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.shared.objects import title
from ops.errors import CommandError, UsageError, tell
from ops.exit_codes import DONE, DRIFT, FAILED
from ops.impact.plan import Operation, Plan, UnreadablePlanError, read
from ops.impact.preview import preview
from ops.impact.report import LOCAL, cut

OPTIONS: Final = ("--refresh", "--show-sames")
"""What somebody changed in the cluster counts only if the program changes it back: without the second option, the plan
does not say what the program leaves as it is."""
CONFLICT: Final = "Apply failed with "
"""How the API server begins when somebody took a field over. `up` does not take it back, and so the preview fails. What
the provider puts before it differs between its releases."""
CONSEQUENCES: Final = ("preview failed", "Resource monitor has terminated")
"""Prefixes of the errors that Pulumi adds to any other one."""
MARKER: Final = "<!-- clusters: drift {} -->"
"""First line of the issue of a stack: by it the issue is found again."""
PATHS: Final = 5
"""Fields of one object that the text names."""
_WHAT: Final = {
    Operation.CREATE: "is missing, and `up` creates it",
    Operation.UPDATE: "differs, and `up` changes it back",
    Operation.REPLACE: "differs, and `up` replaces it",
    Operation.DELETE: "does not belong to the stack any more, and `up` deletes it",
}


@dataclass(frozen=True)
class Drift:
    """What `pulumi preview --refresh` would change, and what somebody else added."""

    plan: Plan

    @property
    def code(self) -> int:
        """Exit code: 0 no drift, 7 drift, 1 the cluster could not be checked."""
        if self._failures:
            return FAILED
        return DRIFT if self.plan.changes or self.plan.foreign else DONE

    @property
    def conflicts(self) -> list[str]:
        """Fields that somebody took over, in the API server's words."""
        return [error[error.index(CONFLICT) :] for error in self.plan.errors if CONFLICT in error]

    @property
    def _failures(self) -> list[str]:
        others = [error for error in self.plan.errors if CONFLICT not in error]
        if self.conflicts and self.plan.changes:
            others = [error for error in others if not error.startswith(CONSEQUENCES)]
        return others

    @property
    def _foreign(self) -> list[tuple[str, str]]:
        """Objects, and what somebody else added to each."""
        objects: dict[str, list[str]] = {}
        for one in self.plan.foreign:
            subject = title(one.kind, one.namespace, one.name)
            objects.setdefault(subject, []).append(f"{one.path}, by {one.manager}")
        return [(subject, "; ".join(sorted(fields))) for subject, fields in sorted(objects.items())]

    @property
    def title(self) -> str:
        """Title of an issue."""
        return f"Drift in stack {self.plan.stack}"

    def lines(self) -> list[str]:
        """A line for each object."""
        found = []
        for change in sorted(self.plan.changes, key=lambda change: change.title):
            paths = sorted(change.paths)
            more = f" and {len(paths) - PATHS} more" if len(paths) > PATHS else ""
            where = f" ({', '.join(paths[:PATHS])}{more})" if paths else ""
            # No `up` gets that far before the conflicts below are gone.
            what = "differs" if self.conflicts and change.operation is Operation.UPDATE else _WHAT[change.operation]
            waits = f"is not ready, and `up` waits for it: {change.unready}" if change.unready else ""
            found.append(f"{change.title} {waits or f'{what}{where}.'}")
        found += [
            f"{subject} has fields that the stack did not set, and `up` leaves them alone: {what}."
            for subject, what in self._foreign
        ]
        return found + [
            f"`up` fails until you set this back in the cluster: {' '.join(conflict.split())}"
            for conflict in self.conflicts
        ]

    def text(self) -> str:
        """For a terminal."""
        if self.code == FAILED:
            return "\n".join([f"Stack {self.plan.stack}: could not look for drift.", *self.plan.errors]) + "\n"
        count = len({change.title for change in self.plan.changes} | {subject for subject, _ in self._foreign})
        summary = f"{count} object{'s' if count > 1 else ''} drifted" if count else "no drift"
        return "\n".join([f"Stack {self.plan.stack}: {summary}", *(f"  {line}" for line in self.lines())]) + "\n"

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "stack": self.plan.stack,
            "exitCode": self.code,
            "errors": list(self.plan.errors),
            "conflicts": self.conflicts,
            "objects": [
                {**change.json(), "paths": sorted(change.paths), "unready": change.unready}
                for change in self.plan.changes
            ],
            "foreignFields": [one._asdict() for one in self.plan.foreign],
        }

    def issue(self) -> str:
        """Text of an issue. It begins with a line by which it is found again."""
        lines = [MARKER.format(self.plan.stack)]
        if self.code == DONE:
            lines.append("The cluster is again as the stack deployed it.")
        else:
            lines += ["The cluster is not as the stack deployed it, or the stack file has not been deployed:", ""]
            lines += [f"- `{line.replace('`', chr(39))}`" for line in self.lines()]
            lines += ["", "`pulumi up` restores what it can. To keep a change, put it into the stack file."]
        return cut("\n".join(lines) + "\n", LOCAL.replace("impact", "drift").replace("NAME", self.plan.stack))


def stack_of(marker: str) -> str | None:
    """The stack of an issue that begins with this line; None if it is about something else."""
    before, _, after = MARKER.partition("{}")
    return marker[len(before) : -len(after)] if marker.startswith(before) and marker.endswith(after) else None


def issue_without_stack(stack: str) -> str:
    """Text of the issue of a stack that has no stack file any more, or has become embedded."""
    return (
        f"{MARKER.format(stack)}\nNobody looks for drift in this stack any more: its file, `Pulumi.{stack}.yaml`, is "
        "deleted, renamed, or embedded now. If what it deployed is still in the cluster and should go, bring the file "
        f"back and run `pulumi destroy --stack {stack}`.\n"
    )


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "drift",
        help="list the objects that are no longer as the stack deployed them",
        epilog="Exit code 0: no drift; 7: drift; 1: the cluster could not be checked.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stack", metavar="NAME", help="run the preview of this stack, Pulumi.NAME.yaml")
    source.add_argument(
        "--plan", type=Path, metavar="FILE", help="output of `pulumi preview --refresh --show-sames --json`"
    )
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.set_defaults(run=_run)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text.") from error


def _run(arguments: argparse.Namespace) -> int:
    try:
        if arguments.stack:
            found = Drift(preview(arguments.stack, *OPTIONS))
        else:
            found = Drift(read(_text(arguments.plan), arguments.plan.stem))
    except (UnreadablePlanError, CommandError) as error:
        tell(error, as_json=arguments.json)
        return FAILED
    print(json.dumps(found.json(), indent=2) if arguments.json else found.text(), end="\n" if arguments.json else "")
    return found.code
