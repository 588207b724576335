"""`python -m local.run up|preview|destroy|outputs`: one stack, with the Pulumi CLI where there is one.

The make targets call this. Without the CLI the small engine does the same work on the same program; the CLI's own
commands stay the user's: nothing here is needed to run them by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from components.shared.kube import ApiError, Unreachable
from components.shared.mistakes import ConfigError
from components.shared.target import PROJECT
from components.stack import StackConfig as Stack
from local.cluster import ControlPlane
from local.cluster.__main__ import Display
from local.cluster.layout import ControlPlaneError
from local.engine.__main__ import main as small_engine
from local.engine.errors import EngineError
from local.recovery import Recovery, state_file
from ops.stack_values import load_file

REFUSED: Final = 2
ENGINE_VARIABLE: Final = "ENGINE"
STATE_DIR_VARIABLE: Final = "CLUSTERS_STATE_DIR"
PASSPHRASE_VARIABLES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
EMBEDDED_PASSPHRASE: Final = "embedded"  # noqa: S105
"""Passphrase of stacks on the embedded cluster. Their state stays on this machine, readable by its owner alone."""


class Refused(Exception):  # noqa: N818 - not an error of ours
    """A sentence for the person, and nothing was done."""


def pulumi_cli() -> str | None:
    """Path of the Pulumi CLI that is to be used, or None for the small engine."""
    wanted = os.environ.get(ENGINE_VARIABLE, "")
    if wanted not in {"", "pulumi", "small"}:
        raise Refused(f"{ENGINE_VARIABLE} is {wanted!r}; write pulumi, small, or nothing")
    if wanted == "small":
        return None
    found = shutil.which("pulumi") or shutil.which("pulumi", path=Path.home() / ".pulumi" / "bin")
    if wanted == "pulumi" and not found:
        raise Refused("there is no Pulumi CLI on PATH or in ~/.pulumi/bin; make pulumi installs it")
    return found


def state_dir() -> Path:
    """Folder of the states that stay on this machine."""
    return Path(os.environ.get(STATE_DIR_VARIABLE) or PROJECT / ".state")


def cli_environment(stack: Stack) -> dict[str, str]:
    """Environment of the CLI: where the user has not logged in, an embedded stack keeps its state in a folder here."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    # Where its virtual environment is this interpreter's, the language host has nothing to install.
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environment.get("PATH", "")))
    logged_in = "PULUMI_BACKEND_URL" in os.environ or (Path.home() / ".pulumi" / "credentials.json").exists()
    if not logged_in:
        if not stack.target.embedded:
            raise Refused(f"stack {stack.name} is not on the embedded cluster: run pulumi login first")
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        environment["PULUMI_BACKEND_URL"] = f"file://{state_dir().resolve()}"
    return environment


def refuse_the_other_engines_stack(stack: str, cli: str | None) -> None:
    """Two engines do not know each other's states: each would find the other's objects in its way."""
    small = state_dir() / f"{stack}.json"
    files = {"small": small, "pulumi": state_file(state_dir(), stack)}
    other = "small" if cli else "pulumi"
    if _holds_resources(files[other]):
        what = "the Pulumi CLI" if other == "pulumi" else "the small engine"
        raise Refused(
            f"stack {stack} was made with {what} (its state is {files[other]}). Go on with {ENGINE_VARIABLE}={other}, "
            f"or remove it first: make destroy PURGE=1 {ENGINE_VARIABLE}={other}"
        )


def _holds_resources(state: Path) -> bool:
    if not state.exists():
        return False
    document = json.loads(state.read_text(encoding="utf-8"))
    latest = document["checkpoint"].get("latest") or {} if "checkpoint" in document else document
    return bool(latest.get("resources"))


def confirm_purge(stack: str) -> None:
    """Ask for the stack's name, since data and credentials are about to go."""
    answer = os.environ.get("CONFIRM")
    if answer is None:
        print(f"This removes the job database, logs and credentials of stack {stack} for good.", file=sys.stderr)
        print("Type its name to go on: ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip()
    if answer != stack:
        raise Refused("that is not its name; nothing was removed")


def run_cli(cli: str, stack: Stack, action: str, arguments: argparse.Namespace) -> int:
    """Run the CLI, with what it prints going to the person."""
    environment = cli_environment(stack)

    def pulumi(*words: str, quiet: bool = False) -> int:
        answer = subprocess.run(
            [cli, *words, "--stack", stack.name],
            cwd=PROJECT,
            env=environment,
            check=False,
            capture_output=quiet,
            text=True,
        )
        if quiet and answer.returncode:
            print(answer.stderr, file=sys.stderr)
        return answer.returncode

    if action == "outputs":
        return pulumi("stack", "output", "--json", *(["--show-secrets"] if arguments.show_secrets else []))
    Recovery(cli, stack, environment).run()
    if code := pulumi("stack", "select", "--create", "--non-interactive", quiet=True):
        return code
    # A person confirms what happens to a real cluster; the embedded one is there to be played with.
    consent = ["--yes"] if stack.target.embedded or os.environ.get("YES") else []
    if action != "destroy":
        return pulumi(action, *(consent if action == "up" else ()))
    if arguments.purge:
        # Its name was typed already: a preview would be read by nobody.
        code = pulumi("state", "unprotect", "--all", "--yes", quiet=True)
        return code or pulumi("destroy", "--yes", "--skip-preview")
    code = pulumi("destroy", "--exclude-protected", *consent)
    if code == 0:
        _print_kept(cli, stack, environment)
    return code


def _print_kept(cli: str, stack: Stack, environment: dict[str, str]) -> None:
    export = subprocess.run(
        [cli, "stack", "export", "--stack", stack.name], cwd=PROJECT, env=environment, check=True, capture_output=True
    )
    for resource in json.loads(export.stdout)["deployment"].get("resources") or ():
        if resource.get("protect"):
            kind, name = resource["type"].rpartition(":")[2], resource["urn"].rpartition("::")[2]
            print(f"  kept: {kind} {name}")


def run_small_engine(stack: Stack, action: str, arguments: argparse.Namespace) -> int:
    """Run the small engine in this process."""
    words = [action, "--stack", stack.name, "--state-dir", str(state_dir())]
    if action == "outputs" and arguments.show_secrets:
        words.append("--show-secrets")
    if action == "destroy" and arguments.purge:
        words.append("--purge")
    return small_engine(words)


def start_embedded_cluster() -> None:
    """Start the control plane, or find it running."""
    with Display() as display:
        ControlPlane(None).up(display.line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.run", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    about = {
        "preview": "say what up would do",
        "up": "deploy, and wait until everything is ready",
        "destroy": "remove everything but data and credentials",
        "outputs": "print the stack outputs as one JSON object",
    }
    made = {action: actions.add_parser(action, help=text) for action, text in about.items()}
    for command in made.values():
        command.add_argument("--stack", required=True)
    made["outputs"].add_argument("--show-secrets", action="store_true", help="secret values in clear")
    made["destroy"].add_argument("--purge", action="store_true", help="remove data and credentials too")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    stack = load_file(PROJECT / f"Pulumi.{arguments.stack}.yaml", arguments.stack)
    cli = pulumi_cli()
    refuse_the_other_engines_stack(stack.name, cli)
    if arguments.action == "destroy" and arguments.purge:
        confirm_purge(stack.name)
    if stack.target.embedded:
        if not any(variable in os.environ for variable in PASSPHRASE_VARIABLES):
            os.environ[PASSPHRASE_VARIABLES[0]] = EMBEDDED_PASSPHRASE
        if arguments.action != "outputs":
            start_embedded_cluster()
    if cli:
        code = run_cli(cli, stack, arguments.action, arguments)
    else:
        if arguments.action != "outputs":
            print("No Pulumi CLI here: the small engine runs it. make pulumi installs the CLI.", file=sys.stderr)
        code = run_small_engine(stack, arguments.action, arguments)
    if arguments.action == "destroy" and not arguments.purge and code == 0:
        print(f"Data and credentials are kept. To remove them for good: make destroy PURGE=1 STACK={stack.name}")
    return code


def main(words: list[str] | None = None) -> int:
    """Run one action. Exit code 0; 2 for a refused config; 1 for anything else."""
    arguments = _parser().parse_args(words)
    try:
        return _run(arguments)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except (Refused, EngineError, ControlPlaneError, Unreachable, ApiError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
