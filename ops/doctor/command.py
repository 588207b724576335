"""The `doctor` command: what it looks at, and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from components.shared.groups import Target
from components.shared.kube import ApiError, KubernetesApi, Unreachable
from components.shared.target import PROJECT, connect
from components.stack import load_file
from ops.doctor import credentials, objects, pods
from ops.doctor.findings import Diagnosis, Finding, diagnoses
from ops.doctor.snapshot import Snapshot
from ops.errors import CommandError

HEALTHY, FINDINGS, BLIND = 0, 1, 2
CHECKS: Final = (objects.findings, pods.findings, credentials.findings)
RUNBOOK: Final = "docs/runbook.md"


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="say what is wrong in a deployed cluster, and what to do",
        epilog="Exit code 0: healthy; 1: something is wrong; 2: the cluster could not be looked at.",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--stack", metavar="NAME", help="the stack, by the name in Pulumi.NAME.yaml")
    where.add_argument("--namespace", metavar="NAME", help="a namespace, of a Helm release for instance")
    parser.add_argument("--context", metavar="NAME", help="with --namespace: context of the kubeconfig")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        api, namespaces = places(arguments)
        snapshots = [Snapshot.take(api, namespace) for namespace in namespaces]
    except (Unreachable, ApiError) as error:
        print(f"Could not look: {error}", file=sys.stderr)
        return BLIND
    found = {snapshot.name: diagnosed(snapshot) for snapshot in snapshots}
    if arguments.json:
        print(json.dumps({"namespaces": [_json(snapshot, found[snapshot.name]) for snapshot in snapshots]}, indent=2))
    else:
        for snapshot in snapshots:
            print("\n".join(lines(snapshot, found[snapshot.name])))
    if any(found.values()):
        return FINDINGS
    # Nothing was found, and nothing could have been: that is not healthy.
    return BLIND if any("Pod" in snapshot.unseen for snapshot in snapshots) else HEALTHY


def places(arguments: argparse.Namespace) -> tuple[KubernetesApi, list[str]]:
    """The API server and the namespaces that a command is about. Raises CommandError, and Unreachable."""
    if arguments.namespace:
        target = Target(context=arguments.context) if arguments.context else None
        return (connect(target) if target else KubernetesApi.connect(None, None)), [arguments.namespace]
    if arguments.context:
        raise CommandError("--context belongs to --namespace: a stack names its own cluster.")
    stack = load_file(PROJECT / Path(f"Pulumi.{arguments.stack}.yaml"))
    matlab: Any = stack.systems.get("matlab")
    if matlab is None:
        raise CommandError(f"Stack {arguments.stack} deploys no MATLAB cluster, and the doctor knows no other system.")
    return connect(stack.target), [matlab.namespace.name]


def diagnosed(snapshot: Snapshot) -> list[Diagnosis]:
    """What is wrong in a namespace, in the order in which to fix it."""
    found = [finding for check in CHECKS for finding in check(snapshot)]
    # Where there is no cluster, nothing else about it is worth a word.
    nothing = [finding for finding in found if finding.code == "MJS002"]
    return diagnoses(nothing or found)


def lines(snapshot: Snapshot, found: list[Diagnosis]) -> Iterator[str]:
    """The report of one namespace for a person."""
    count = "healthy" if not found else f"{len(found)} problem{'s' if len(found) > 1 else ''}"
    yield f"Namespace {snapshot.name}: {count}"
    for diagnosis in found:
        cause = diagnosis.cause
        yield ""
        yield f"{cause.row.level} {cause.code}  {cause.sentence}"
        yield f"  why:  {cause.row.cause}"
        yield f"  fix:  {_remedy(cause, snapshot)}"
        yield f"  more: {RUNBOOK}#{cause.code.lower()}"
        for consequence in diagnosis.consequences:
            yield f"  consequence {consequence.code}: {consequence.sentence}"
    if snapshot.unseen:
        yield ""
        yield f"Not checked, because you may not list them: {', '.join(snapshot.unseen)}"


def _remedy(finding: Finding, snapshot: Snapshot) -> str:
    return finding.row.remedy.replace("NAMESPACE", snapshot.name).replace("POD", finding.subject[1])


def _json(snapshot: Snapshot, found: list[Diagnosis]) -> dict[str, Any]:
    def finding(one: Finding) -> dict[str, Any]:
        return {
            "code": one.code,
            "level": str(one.row.level),
            "kind": one.subject[0],
            "name": one.subject[1],
            "count": one.count,
            "message": one.sentence,
            "cause": one.row.cause,
            "remedy": _remedy(one, snapshot),
            "runbook": f"{RUNBOOK}#{one.code.lower()}",
        }

    return {
        "namespace": snapshot.name,
        "findings": [
            {**finding(one.cause), "consequences": [finding(each) for each in one.consequences]} for one in found
        ],
        "notChecked": snapshot.unseen,
    }
