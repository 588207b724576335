"""The `doctor` command: what it looks at, and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from components.doctor_settings import Suppression
from components.shared.kube import ApiError, KubernetesApi, Unreachable
from components.shared.target import connect
from ops import where
from ops.doctor import arkouda, bundle, logs, matlab, objects, pods, room
from ops.doctor.findings import Finding, diagnoses
from ops.doctor.place import Place, places
from ops.doctor.report import Report, lines, together
from ops.doctor.rows import ROWS
from ops.doctor.snapshot import Snapshot
from ops.errors import CommandError, UsageError, tell
from ops.exit_codes import DONE, FINDINGS, UNCLEAR

Check = Callable[[Place, Snapshot], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (objects.findings, pods.findings, room.findings, logs.findings)
"""What every system can have."""
CHECKS_OF: Final[Mapping[str, Check]] = {"matlab": matlab.findings, "arkouda": arkouda.findings}
"""What only one system can have."""
NOT_DEPLOYED: Final = "002"


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="say what is wrong in a deployed cluster, and what to do",
        epilog="Exit code 0: healthy; 1: something is wrong; 2: the cluster could not be checked.",
    )
    where.add_arguments(parser)
    parser.add_argument("--before", action="store_true", help="with --stack: what would go wrong if it were deployed")
    parser.add_argument(
        "--log",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a log file to look into too, such as that of a Slurm job; may be repeated",
    )
    parser.add_argument(
        "--bundle",
        metavar="FILE",
        type=Path,
        help="also write objects, events and logs, without secrets, to this tar.gz",
    )
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.namespace and arguments.before:
        raise UsageError("--before can be used only with --stack: without a config there is nothing to compare.")
    where.check(arguments)
    if arguments.before and (arguments.bundle or arguments.log):
        raise UsageError("--before does not look at pods. Remove --bundle and --log.")
    try:
        suppressed, reports = _of_stack(arguments) if arguments.stack else ((), _of_namespace(arguments))
    except (Unreachable, ApiError) as error:
        tell(CommandError(f"Could not check the cluster: {error}"), as_json=arguments.json)
        return UNCLEAR
    for item in suppressed:
        if item.code not in ROWS:
            print(
                f"warning: doctor.suppress: {item.code} is not a code that `python -m ops doctor` reports.",
                file=sys.stderr,
            )
    if arguments.json:
        print(json.dumps(together(reports), indent=2))
    else:
        print("\n\n".join("\n".join(lines(report)) for report in reports))
    if any(report.diagnoses for report in reports):
        return FINDINGS
    # If nothing could be listed, an empty result does not mean healthy.
    return UNCLEAR if any("Pod" in report.unseen for report in reports) else DONE


def _of_namespace(arguments: argparse.Namespace) -> list[Report]:
    return _looked(arguments, where.api(arguments), [Place("matlab", arguments.namespace)])


def _of_stack(arguments: argparse.Namespace) -> tuple[Sequence[Suppression], list[Report]]:
    stack = where.load_stack(arguments.stack)
    if not stack.systems:
        raise UsageError(f"Stack {arguments.stack} deploys no system.")
    suppressed, api = stack.doctor.suppress, connect(stack.target)
    if not arguments.before:
        return suppressed, _looked(arguments, api, places(stack), suppressed)
    # Imported here: only this option needs everything that `up` needs.
    from ops.doctor import before

    found, unseen, remarks = before.findings(stack, api)
    return suppressed, [_report("stack", stack.name, found, suppressed=suppressed, unseen=unseen, remarks=remarks)]


def _looked(
    arguments: argparse.Namespace, api: KubernetesApi, here: list[Place], suppressed: Sequence[Suppression] = ()
) -> list[Report]:
    """Look at every place, and at the files; write the bundle, if one is wanted."""
    snapshots = [logs.with_logs(api, place, Snapshot.take(api, place.namespace)) for place in here]
    reports = [examined(*one, suppressed) for one in zip(here, snapshots, strict=True)]
    reports += _of_files(arguments.log, {place.code("") for place in here}, suppressed)
    if arguments.bundle:
        bundle.write(arguments.bundle, snapshots, reports)
        print(f"Bundle written to {arguments.bundle}. Read it before you pass it on.", file=sys.stderr)
    return reports


def _of_files(files: Sequence[Path], prefixes: AbstractSet[str], suppressed: Sequence[Suppression]) -> Iterator[Report]:
    for file in files:
        found = list(logs.in_file(file, prefixes))
        yield _report("file", file.name, found, suppressed=suppressed, unseen=(), remarks=())


def examined(place: Place, snapshot: Snapshot, suppressed: Sequence[Suppression] = ()) -> Report:
    """What is wrong with a system in its namespace, in the order in which to fix it."""
    checks = [*CHECKS, *([CHECKS_OF[place.system]] if place.system in CHECKS_OF else [])]
    found = [finding for check in checks for finding in check(place, snapshot)]
    # If there is no cluster, the other findings mean nothing.
    found = [finding for finding in found if finding.code == place.code(NOT_DEPLOYED)] or found
    remarks = [*room.remarks(place, snapshot), *logs.remarks(snapshot)]
    return _report("namespace", snapshot.name, found, suppressed=suppressed, unseen=snapshot.unseen, remarks=remarks)


def _report(  # noqa: PLR0913 - the parts of a report
    kind: str,
    name: str,
    found: Sequence[Finding],
    *,
    suppressed: Sequence[Suppression],
    unseen: Sequence[str],
    remarks: Sequence[str],
) -> Report:
    reasons = {item.code: item.reason for item in suppressed}
    counted = [finding for finding in found if finding.code not in reasons]
    expected = [(finding, reasons[finding.code]) for finding in dict.fromkeys(found) if finding.code in reasons]
    return Report(kind, name, diagnoses(counted), expected, unseen, remarks)
