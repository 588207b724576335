"""`python -m ops adopt`: what it does in which order, and what it prints."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

from components.shared.kube import KubernetesApi
from components.shared.target import connect
from ops.confirmation import confirm
from ops.errors import CommandError, UsageError

DEFAULT_STACK: Final = "prod"


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "adopt",
        help="take over a release of MathWorks' Helm chart, or rebuild a lost state",
        description="--namespace reads a Helm release and writes a stack file; it changes nothing. --stack then adds "
        "the objects of the cluster to the state of the stack, and takes over their fields. --finish deletes Helm's "
        "records after the first `up`.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--namespace", metavar="NAME", help="namespace of the Helm release to read; needs --out")
    what.add_argument("--stack", metavar="NAME", help="the stack to rebuild, by the name in Pulumi.NAME.yaml")
    parser.add_argument("--out", type=Path, metavar="DIR", help="with --namespace: folder for the stack file")
    parser.add_argument("--name", metavar="NAME", help=f"with --namespace: name of the stack; default: {DEFAULT_STACK}")
    parser.add_argument(
        "--context", metavar="NAME", help="with --namespace: context of the kubeconfig; default: the current one"
    )
    parser.add_argument("--finish", action="store_true", help="with --stack: delete the records of the Helm release")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if bool(arguments.namespace) != bool(arguments.out):
        raise UsageError("--namespace and --out must be used together: --out is the folder for the stack file.")
    if arguments.finish and not arguments.stack:
        raise UsageError("--finish can be used only with --stack.")
    for option in ("name", "context"):
        if arguments.stack and getattr(arguments, option):
            raise UsageError(f"--{option} can be used only with --namespace: a stack has its own.")
    if arguments.namespace:
        arguments.name = arguments.name or DEFAULT_STACK
        # Imported here: the Pulumi SDKs take a second to import.
        from ops.adopt.drafting import draft

        return draft(arguments, *_cluster(arguments.context))
    return _finish(arguments) if arguments.finish else _adopt(arguments)


def _adopt(arguments: argparse.Namespace) -> int:
    from ops.adopt.deployment import completed
    from ops.adopt.pulumi_stack import PulumiStack
    from ops.adopt.report import as_json, lines
    from ops.adopt.takeover import examine

    stack = PulumiStack(arguments.stack)
    document = stack.settled_state()
    deployment = document.get("deployment") or {}
    present = {entry["urn"] for entry in deployment.get("resources") or ()}
    found = examine(connect(stack.config.target), stack.config, present.__contains__, transfer=True)
    document["deployment"], added = completed(deployment, found.registered)
    if added:
        stack.replace_state(document)
    count = sum(item.custom and not item.type.startswith("pulumi:") for item in added)
    if arguments.json:
        print(json.dumps({"stack": arguments.stack, "added": count, **as_json(found)}, indent=2))
        return 0
    print(f"Added {count} resources to the state of stack {arguments.stack}.")
    print("\n".join(lines(found)))
    print("Next: `pulumi preview` shows these changes and nothing else, `pulumi up` makes them.")
    if found.release:
        print(f"After that, `python -m ops adopt --stack {arguments.stack} --finish` deletes Helm's records.")
    return 0


def _finish(arguments: argparse.Namespace) -> int:
    from ops.adopt.finishing import finish
    from ops.adopt.pulumi_stack import PulumiStack

    stack = PulumiStack(arguments.stack)
    state = stack.state().get("deployment") or {}
    release = finish(connect(stack.config.target), stack.config, state, _confirm)
    if arguments.json:
        print(json.dumps({"release": release.name, "deleted": list(release.records)}, indent=2))
    else:
        print(f"Deleted {len(release.records)} records of release {release.name}. Helm no longer knows it.")
    return 0


def _confirm(release: str) -> None:
    """Ask for the release's name, as `make destroy PURGE=1` asks for the stack's."""
    confirm(f"This deletes the history of release {release}. `helm rollback` is then impossible.", "release", release)


def _cluster(context: str | None) -> tuple[KubernetesApi, str]:
    """The cluster of a context of your kubeconfig, and the context's name."""
    from kubernetes.config import ConfigException, list_kube_config_contexts

    if context is None:
        try:
            _, active = list_kube_config_contexts()  # type: ignore[no-untyped-call]
        except ConfigException as error:
            raise CommandError(f"Your kubeconfig names no current context: {error}. Add --context NAME.") from error
        context = str(active["name"])
    return KubernetesApi.connect(None, context), context
