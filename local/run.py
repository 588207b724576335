"""`python -m local.run up|preview|destroy|outputs|pulumi|build`: the make targets.

They add three things to the `pulumi` command: they find or build it, they start the embedded cluster, and they repair
what a killed run left behind. You can always run `pulumi` yourself instead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from components.shared.kube import ApiError, Unreachable
from components.shared.mistakes import ConfigError
from components.shared.target import PROJECT
from components.stack import StackConfig
from local.cluster import ControlPlane
from local.cluster import build as cluster_build
from local.cluster.layout import ControlPlaneError, versions
from local.display import Display
from local.pulumi import BuildError, Toolchain, find_or_build
from local.recovery import Recovery
from local.stack_command import BACKEND_VARIABLE, StackCommand, write_all
from ops import where
from ops.confirmation import confirm, on_terminal
from ops.errors import CommandError, tell
from ops.exit_codes import FAILED, FINDINGS, INTERRUPTED, REFUSED

STATE_DIR_VARIABLE: Final = "CLUSTERS_STATE_DIR"
PASSPHRASE_VARIABLES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
EMBEDDED_PASSPHRASE: Final = "embedded"  # noqa: S105
"""Passphrase of stacks on the embedded cluster. Their state stays on this machine, readable by its owner only."""
PROBLEMS: Final = (CommandError, BuildError, ControlPlaneError, Unreachable, ApiError, OSError)
"""What ends a command with a sentence."""
_LOGIN: Final = (
    f"Run `pulumi login` first, or set {BACKEND_VARIABLE}. If Pulumi is not on your PATH: "
    "`make pulumi STACK={stack} ARGS=login`."
)
_NEED_A_STATE: Final = {"cancel", "config", "destroy", "import", "preview", "refresh", "stack", "state", "up", "watch"}
"""Commands of Pulumi that read or write a state."""
YES: Final = {"1", "y", "yes", "true"}


def state_dir() -> Path:
    """Folder of the states that stay on this machine."""
    return Path(os.environ.get(STATE_DIR_VARIABLE) or PROJECT / ".state").absolute()


def stack_environment(toolchain: Toolchain, *, embedded: bool) -> dict[str, str]:
    """The environment of `pulumi`. If you have not logged in, the state of an embedded stack is a folder here."""
    environment = {**os.environ, **toolchain.environment}
    if embedded:
        if not any(variable in environment for variable in PASSPHRASE_VARIABLES):
            environment[PASSPHRASE_VARIABLES[0]] = EMBEDDED_PASSPHRASE
        if not toolchain.logged_in:
            state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
            environment[BACKEND_VARIABLE] = f"file://{state_dir()}"
    return environment


def find_pulumi() -> Toolchain:
    """The `pulumi` command of this machine; builds it if there is none."""
    with Display() as display:
        return find_or_build(display.line)


def start_embedded_cluster() -> None:
    """Start the control plane, or find it running."""
    with Display() as display:
        ControlPlane(None).up(display.line)


def said_yes() -> bool:
    """Whether YES=1 is set, the consent of a script."""
    return os.environ.get("YES", "").lower() in YES


def require_consent(stack: StackConfig, action: str) -> None:
    """Refuse to change a real cluster from a script that does not say YES=1: Pulumi would have nobody to ask."""
    if stack.target.embedded or said_yes() or (on_terminal() and sys.stdout.isatty()):
        return
    raise CommandError(
        f"Stack {stack.name} is on cluster {stack.target.context}, so `make {action}` asks before it changes anything, "
        "and there is no terminal to ask on. Set YES=1 to skip the question. Nothing was changed."
    )


def require_login(stack: StackConfig, toolchain: Toolchain) -> None:
    """Refuse a stack on a real cluster whose state would have no place: it must not end up in a folder by accident."""
    if stack.target.embedded or _has_backend(toolchain):
        return
    raise CommandError(
        f"Stack {stack.name} is on cluster {stack.target.context}, and Pulumi does not know where to keep its state. "
        f"{_LOGIN.format(stack=stack.name)} Nothing was changed."
    )


def _has_backend(toolchain: Toolchain) -> bool:
    # With a token, Pulumi logs in to its cloud by itself.
    return toolchain.logged_in or "PULUMI_ACCESS_TOKEN" in os.environ


def confirm_purge(stack: str) -> None:
    """Ask for the stack's name before data and credentials are deleted."""
    confirm(f"This deletes the job database, logs and credentials of stack {stack} for good.", "stack", stack)


def create_stack(pulumi: StackCommand) -> None:
    """Create the stack in the backend if it is not there."""
    if pulumi.state_file is None:
        pulumi.read("stack", "select", "--create", "--non-interactive", pulumi.stack)


def deploy(pulumi: StackCommand, stack: StackConfig) -> int:
    """`pulumi up`. On the embedded cluster there is no question to answer, and so no preview to read before it."""
    if stack.target.embedded:
        return pulumi.run("up", "--yes", "--skip-preview")
    return pulumi.run("up", *(["--yes"] if said_yes() else []))


def destroy(pulumi: StackCommand, stack: StackConfig, *, purge: bool) -> int:
    """`pulumi destroy`, with or without what is protected."""
    if purge:
        pulumi.read("state", "unprotect", "--all", "--yes")
        return pulumi.run("destroy", "--yes", "--skip-preview")
    consent = ["--yes", "--skip-preview"] if stack.target.embedded else ["--yes"] if said_yes() else []
    if code := pulumi.run("destroy", "--exclude-protected", *consent):
        return code
    for resource in pulumi.state().get("resources") or ():
        if resource.get("protect"):
            kind, name = resource["type"].rpartition(":")[2], resource["urn"].rpartition("::")[2]
            print(f"  kept: {kind} {name}")
    print(f"Data and credentials are kept. To delete them for good: make destroy PURGE=1 STACK={stack.name}")
    return 0


def pulumi_command(stack: StackConfig) -> StackCommand:
    """The `pulumi` command of a stack, which may not exist yet. Raises CommandError without a backend."""
    toolchain = find_pulumi()
    require_login(stack, toolchain)
    environment = stack_environment(toolchain, embedded=stack.target.embedded)
    return StackCommand(toolchain.command, stack.name, environment)


def prepare(stack: StackConfig) -> StackCommand:
    """The `pulumi` command of a stack that exists, is locked by no dead run, and whose cluster runs."""
    pulumi = pulumi_command(stack)
    if stack.target.embedded:
        start_embedded_cluster()
    Recovery(pulumi, stack).run()
    create_stack(pulumi)
    return pulumi


def say_how_to_go_on(stack: StackConfig, action: str) -> None:
    """After a run that failed: Pulumi has named the object, and seldom says what to do; the doctor does."""
    print(
        f"`make {action}` did not finish. What it did is recorded: fix the cause that Pulumi names above, then run "
        f"`make {action} STACK={stack.name}` again. docs/reliability.md explains the messages.",
        file=sys.stderr,
    )
    doctor = [sys.executable, "-m", "ops", "doctor", "--stack", stack.name]
    looked = subprocess.run(doctor, cwd=PROJECT, capture_output=True, text=True, check=False)
    if looked.returncode == FINDINGS:
        print(f"\n`python -m ops doctor --stack {stack.name}` says:\n{looked.stdout}", file=sys.stderr)


def _run(arguments: argparse.Namespace) -> int:
    stack = where.load_stack(arguments.stack)
    purge = arguments.action == "destroy" and arguments.purge
    if purge:
        confirm_purge(stack.name)
    elif arguments.action in {"up", "destroy"}:
        require_consent(stack, arguments.action)
    if arguments.action == "outputs":
        write_all(_outputs(pulumi_command(stack), show_secrets=arguments.show_secrets).encode())
        return 0
    pulumi = prepare(stack)
    if arguments.action == "preview":
        return pulumi.run("preview")
    code = deploy(pulumi, stack) if arguments.action == "up" else destroy(pulumi, stack, purge=purge)
    if code == FAILED:
        say_how_to_go_on(stack, arguments.action)
    return code


def _outputs(pulumi: StackCommand, *, show_secrets: bool) -> str:
    answer = pulumi.answer("stack", "output", "--json", *(["--show-secrets"] if show_secrets else []))
    if answer.returncode and "no stack" in answer.stderr:
        raise CommandError(f"Stack {pulumi.stack} is not deployed yet. Deploy it first: make up STACK={pulumi.stack}")
    if answer.returncode:
        raise CommandError(f"`pulumi stack output` failed: {answer.stdout}{answer.stderr}".strip())
    return answer.stdout


def _build(_: argparse.Namespace) -> int:
    """Find or build everything that `up` needs, for tests and for machines that have to be prepared."""
    with Display() as display:
        find_or_build(display.line)
        cluster_build.ensure(versions()[-1], display.line)
    return 0


def _pass_on(arguments: argparse.Namespace) -> int:
    """Any other command of Pulumi's, such as `config set --secret`; the stack file may be missing or wrong."""
    if not arguments.words:
        raise CommandError('ARGS is empty. Write the command of Pulumi into it: make pulumi ARGS="stack output"')
    file = where.file_of(arguments.stack)
    embedded = where.is_embedded(file)
    toolchain = find_pulumi()
    if not embedded and not _has_backend(toolchain) and arguments.words[0] in _NEED_A_STATE:
        unknown = "" if file.is_file() else f"There is no stack file {file.name}. "
        raise CommandError(
            f"{unknown}Pulumi does not know where to keep the state of stack {arguments.stack}. "
            f"{_LOGIN.format(stack=arguments.stack)}"
        )
    environment = stack_environment(toolchain, embedded=embedded)
    pulumi = StackCommand(toolchain.command, arguments.stack, environment)
    if arguments.words[0] == "config":
        # Pulumi encrypts for a stack that exists.
        create_stack(pulumi)
    return pulumi.run(*arguments.words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.run", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    about = {
        "preview": "show what `up` would do",
        "up": "deploy, and wait until everything is ready",
        "destroy": "delete everything except data and credentials",
        "outputs": "print the stack outputs as a JSON object",
        "pulumi": "run any other command of Pulumi's on this stack",
    }
    actions.add_parser("build", help="find or build what `up` needs, and nothing else")
    made = {action: actions.add_parser(action, help=text) for action, text in about.items()}
    for command in made.values():
        command.add_argument("--stack", required=True)
    made["outputs"].add_argument("--show-secrets", action="store_true", help="print secret values")
    made["destroy"].add_argument("--purge", action="store_true", help="delete data and credentials too")
    made["pulumi"].add_argument("words", nargs="*", metavar="WORD", help="after --")
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one action. Exit code 0; 2 for a rejected config; 130 after Ctrl-C; 1 for anything else."""
    arguments = _parser().parse_args(words)
    try:
        code = {"pulumi": _pass_on, "build": _build}.get(arguments.action, _run)(arguments)
        sys.stdout.flush()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except BrokenPipeError:
        # The reader of our output has what it wanted (`make outputs | head`). Nothing may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PROBLEMS as error:
        tell(error, as_json=False)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The next run carries on from here.", file=sys.stderr)
        return INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
