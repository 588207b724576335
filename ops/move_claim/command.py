"""The `move-claim` command: what it does in which order, and what it prints."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.kube import Json
from components.shared.target import connect
from components.stack import StackConfig
from ops.errors import UsageError
from ops.exit_codes import INTERRUPTED
from ops.move_claim.copying import Copied
from ops.move_claim.installation import Installation
from ops.move_claim.move import OWN_CLAIMS, Move, check
from ops.move_claim.task import Task, tell


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "move-claim",
        help="move the job database or the logs of a MATLAB cluster to another claim",
        description="Stops the job manager, copies the claim, compares the copy, and says what to write into the "
        "stack file. The old claim is never changed or deleted. Run the command again after an interruption.",
        epilog="docs/data.md describes it.",
    )
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack, by the name in Pulumi.NAME.yaml")
    parser.add_argument("--claim", required=True, choices=[*OWN_CLAIMS], help="the volume, as the stack file names it")
    parser.add_argument("--to", required=True, metavar="NAME", help="the new claim; it is created if it does not exist")
    parser.add_argument("--size", metavar="SIZE", help="size of the new claim; default: that of the old one")
    parser.add_argument("--storage-class", metavar="NAME", help="its StorageClass; default: that of the old one")
    parser.add_argument("--access-modes", nargs="+", metavar="MODE", help="its access modes; default: the old ones")
    parser.add_argument("--cancel", action="store_true", help="end the copy and start the job manager on the old claim")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    # Imported here, because it imports the code that runs Pulumi.
    from ops.adopt.pulumi_stack import PulumiStack

    check(arguments)
    pulumi = PulumiStack(arguments.stack)
    move = _move(pulumi.config, arguments)
    try:
        task = Task(Installation(connect(pulumi.config.target), move), pulumi)
        if arguments.cancel:
            task.cancel()
            return 0
        copied = task.run(arguments)
    except KeyboardInterrupt:
        tell("Interrupted. A copy that has begun goes on. Run the command again to follow it, or with --cancel.")
        return INTERRUPTED
    if arguments.json:
        print(json.dumps(_result(move, copied), indent=2))
    else:
        print("\n".join(_lines(move, copied)))
    return 0


def _move(stack: StackConfig, arguments: argparse.Namespace) -> Move:
    settings = stack.systems.get("matlab")
    if not isinstance(settings, Settings):
        raise UsageError(f"Stack {arguments.stack} deploys no MATLAB cluster.")
    move = Move(arguments.stack, Topology(settings), arguments.claim, arguments.to)
    if not move.settings.persistent:
        raise UsageError(f"{move.path}.persistent is false: there is no claim, and nothing to move.")
    if move.source == move.target:
        raise UsageError(f"{move.path} already is claim {move.target}. Name another one in --to.")
    return move


def _result(move: Move, copied: Copied) -> Json:
    return {
        "stack": move.stack,
        "from": move.source,
        "to": move.target,
        **copied._asdict(),
        "setting": {"path": move.path, "value": {"claim": move.target}},
    }


def _lines(move: Move, copied: Copied) -> Iterator[str]:
    namespace = move.cluster.namespace
    yield f"Copied {copied.files} files, {copied.bytes} bytes, from claim {move.source} to claim {move.target}."
    yield f"Next, in Pulumi.{move.stack}.yaml, replace {move.path} and whatever is below it with"
    yield f"    {move.volume}:"
    yield f"      claim: {move.target}"
    yield "and run `make up` (or `pulumi up`). It starts the job manager on the new claim and resumes the queue."
    yield f"Claim {move.source} is unchanged. When you no longer need it:"
    yield f"    kubectl delete persistentvolumeclaim {move.source} --namespace {namespace}"
    yield "To go back before the `up`, run this command with --cancel."
