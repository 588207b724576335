"""The make targets around the `pulumi` command: when they refuse, and what they hand on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.shared.target import PROJECT
from local import run
from local.pulumi import Toolchain
from local.recovery import Recovery
from local.stack_command import Signals, StackCommand
from ops.exit_codes import INTERRUPTED, REFUSED

REAL = "config: {clusters:kubernetes: {context: prod}, clusters:matlab: {release: r2026a, workers: {max: 4}}}\n"
EMBEDDED = REAL.replace("context: prod", "embedded: true")


@dataclass
class Machine:
    """A machine with a `pulumi` that writes down its arguments, and a stack file."""

    folder: Path

    def __post_init__(self) -> None:
        self.command = self.folder / "pulumi"
        self.behave('echo "$@" >> "$CALLS"')

    def behave(self, script: str) -> None:
        """Replace what `pulumi` does."""
        self.command.write_text(f"#!/bin/sh\n{script}\n")
        self.command.chmod(0o700)

    @property
    def calls(self) -> list[str]:
        """The calls of `pulumi` so far."""
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    for name in [
        name for name in os.environ if name.startswith(("PULUMI_", "CLUSTERS_")) or name in {"YES", "CONFIRM"}
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("CLUSTERS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(run, "PROJECT", tmp_path)
    monkeypatch.setattr("ops.where.PROJECT", tmp_path)
    monkeypatch.setattr(run, "find_pulumi", lambda: Toolchain(made.command, {}, official=True))
    monkeypatch.setattr(run, "start_embedded_cluster", lambda: None)
    monkeypatch.setattr(Recovery, "run", lambda _: None)
    return made


def stack_file(machine: Machine, text: str) -> None:
    (machine.folder / "Pulumi.lab.yaml").write_text(text)


@pytest.mark.parametrize("action", ["up", "destroy"])
def test_a_real_cluster_is_not_changed_without_consent(
    machine: Machine, action: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It used to be deployed to without a question."""
    stack_file(machine, REAL)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nowhere")
    assert run.main([action, "--stack", "lab"]) == 1
    assert f"Stack lab is on cluster prod, so `make {action}` asks" in capsys.readouterr().err
    assert machine.calls == []
    monkeypatch.setenv("YES", "0")
    assert run.main([action, "--stack", "lab"]) == 1
    monkeypatch.setenv("YES", "1")
    machine.behave('echo "$@" >> "$CALLS"; test "$2" != export || echo \'{"deployment": {}}\'')
    assert run.main([action, "--stack", "lab"]) == 0
    assert machine.calls[1].split() == [action, *(["--exclude-protected"] if action == "destroy" else []), "--yes"]


def test_a_person_at_a_terminal_is_asked_by_pulumi_itself(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_file(machine, REAL)
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nowhere")
    monkeypatch.setattr(run, "require_consent", lambda *_: None)
    assert run.main(["up", "--stack", "lab"]) == 0
    assert machine.calls[-1] == "up"


def test_the_embedded_cluster_is_changed_at_once(machine: Machine) -> None:
    stack_file(machine, EMBEDDED)
    assert run.main(["up", "--stack", "lab"]) == 0
    assert machine.calls == ["stack select --create --non-interactive lab", "up --yes --skip-preview"]


def test_a_stack_on_a_real_cluster_needs_a_login(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """A production state must not end up in a folder of one laptop by accident."""
    stack_file(machine, REAL)
    assert run.main(["preview", "--stack", "lab"]) == 1
    assert "Run `pulumi login` first" in capsys.readouterr().err
    assert machine.calls == []


def test_a_login_is_found_where_pulumi_keeps_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for an embedded stack: the state then goes where the login says."""
    stack_file(machine, EMBEDDED)
    machine.behave('echo "$PULUMI_BACKEND_URL $PULUMI_CONFIG_PASSPHRASE" >> "$CALLS"')
    run.main(["preview", "--stack", "lab"])
    assert machine.calls[-1] == f"file://{machine.folder / 'state'} embedded"
    (machine.folder / ".pulumi").mkdir()
    (machine.folder / ".pulumi" / "credentials.json").write_text('{"current": "s3://bucket"}')
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    run.main(["preview", "--stack", "lab"])
    assert machine.calls[-1] == " mine"


def test_a_purge_needs_the_name_of_the_stack(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_file(machine, EMBEDDED)
    monkeypatch.setenv("CONFIRM", "prod")
    assert run.main(["destroy", "--purge", "--stack", "lab"]) == 1
    assert machine.calls == []
    monkeypatch.setenv("CONFIRM", "lab")
    assert run.main(["destroy", "--purge", "--stack", "lab"]) == 0
    assert machine.calls[-2:] == ["state unprotect --all --yes", "destroy --yes --skip-preview"]


def test_a_rejected_config_starts_nothing(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    stack_file(machine, EMBEDDED.replace("max: 4", "max: many"))
    assert run.main(["up", "--stack", "lab"]) == REFUSED
    assert "matlab.workers.max" in capsys.readouterr().err
    assert machine.calls == []


def test_any_other_command_of_pulumis_is_passed_on(machine: Machine) -> None:
    """With a stack file that is wrong too: `config set` may be what puts it right."""
    stack_file(machine, EMBEDDED.replace("max: 4", "max: many"))
    machine.behave('echo "$PULUMI_STACK: $@" >> "$CALLS"')
    assert run.main(["pulumi", "--stack", "lab", "--", "config", "set", "--path", "matlab.workers.max", "4"]) == 0
    # A secret can be set before the first `up`: Pulumi encrypts for a stack that exists.
    create, passed_on = machine.calls
    assert create.startswith("lab: stack select --create")
    assert passed_on == "lab: config set --path matlab.workers.max 4"


def test_a_stack_without_a_file_and_a_login_is_explained(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """Pulumi says that PULUMI_ACCESS_TOKEN must be set."""
    assert run.main(["pulumi", "--stack", "labb", "--", "config", "set", "a", "b"]) == 1
    said = capsys.readouterr().err
    assert "There is no stack file Pulumi.labb.yaml." in said
    assert "`make pulumi STACK=labb ARGS=login`" in said
    assert machine.calls == []
    assert run.main(["pulumi", "--stack", "labb", "--", "login"]) == 0
    assert machine.calls == ["login"]


def test_a_token_is_a_login(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    stack_file(machine, REAL)
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "token")
    assert run.main(["preview", "--stack", "lab"]) == 0


def test_pulumi_without_a_command_is_explained(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["pulumi", "--stack", "lab", "--"]) == 1
    assert 'make pulumi ARGS="stack output"' in capsys.readouterr().err
    assert machine.calls == []


def test_outputs_of_a_stack_that_is_not_deployed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    stack_file(machine, EMBEDDED)
    machine.behave("echo 'error: no stack selected; please use `pulumi stack select`' >&2; exit 255")
    assert run.main(["outputs", "--stack", "lab"]) == 1
    assert "not deployed yet. Deploy it first: make up STACK=lab" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("stack", "sentence"),
    [
        ("", "STACK is empty. Name a stack file: STACK=dev for Pulumi.dev.yaml"),
        ("my stack", "Pulumi.my stack.yaml does not exist. The stacks of this folder: "),
        ("Pulumi.dev.yaml", "does not exist. The stacks of this folder: "),
        ("../dev", "does not exist. The stacks of this folder: "),
    ],
)
def test_make_with_a_stack_that_is_none(stack: str, sentence: str) -> None:
    done = subprocess.run(
        ["make", "preview", f"STACK={stack}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_folder_that_cannot_be_made_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It used to end with `[Errno 2]`."""
    stack_file(machine, EMBEDDED)
    monkeypatch.setenv("CLUSTERS_STATE_DIR", "/proc/state")
    assert run.main(["outputs", "--stack", "lab"]) == 1
    assert capsys.readouterr().err == "/proc/state cannot be used: No such file or directory.\n"


def command(machine: Machine) -> StackCommand:
    return StackCommand(machine.command, "lab", os.environ)


def test_output_of_several_lines_arrives_as_it_is(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    machine.behave("printf 'one\\ntwo'; printf 'three\\n' >&2; exit 7")
    assert command(machine).run("up") == 1
    assert capfd.readouterr() == ("one\ntwo", "three\n")


def test_outputs_are_one_json_object(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    """With an output of several lines too."""
    stack_file(machine, EMBEDDED)
    machine.behave("""printf '{\\n  "profile": "a\\\\nb"\\n}\\n'""")
    assert run.main(["outputs", "--stack", "lab"]) == 0
    assert capfd.readouterr().out == '{\n  "profile": "a\\nb"\n}\n'


CALLER = """
import os, sys
from pathlib import Path
from ops.exit_codes import INTERRUPTED, REFUSED
from local.stack_command import StackCommand
code = StackCommand(Path(sys.argv[1]), "lab", os.environ).run("up")
Path(sys.argv[2]).write_text(str(code))
"""


def run_up(machine: Machine, reader: str = "cat") -> tuple[str, int]:
    """Run `up` in a process of its own, whose output goes to a reader; what that printed, and the exit code."""
    code = machine.folder / "code"
    caller = shlex.join([sys.executable, "-c", CALLER, str(machine.command), str(code)])
    words = ["bash", "-c", f"{caller} | {reader}"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""
    return done.stdout, int(code.read_text())


def test_a_reader_that_goes_away_does_not_kill_pulumi(machine: Machine) -> None:
    """`make up | head`: a SIGPIPE in the middle would leave a lock and unrecorded objects."""
    machine.behave('for i in 1 2 3 4 5; do echo line; sleep 0.05; done; echo done >> "$CALLS"')
    assert run_up(machine, "head -1") == ("line\n", 0)
    assert machine.calls == ["done"]


def test_ctrl_c_is_left_to_pulumi(machine: Machine) -> None:
    """It finishes what is under way; the parent only waits, and says that it was interrupted."""
    machine.behave('trap "sleep 0.3; echo ended >> $CALLS; exit 1" INT; kill -INT $PPID; kill -INT $$; sleep 5')
    assert run_up(machine) == ("", INTERRUPTED)
    assert machine.calls == ["ended"]


def test_sigterm_is_passed_on(machine: Machine) -> None:
    """A cancelled CI job signals the child of make, not Pulumi."""
    machine.behave('trap "echo ended >> $CALLS; exit 1" TERM; kill -TERM $PPID; sleep 0.5; sleep 0.5')
    assert run_up(machine) == ("", INTERRUPTED)
    assert machine.calls == ["ended"]


def test_sigterm_during_the_start_is_passed_on() -> None:
    """It arrives before there is a process to pass it on to; it used to be dropped, and `up` ran to its end."""
    signals = Signals()
    signals.terminate(signal.SIGTERM, None)
    with subprocess.Popen(["sleep", "30"]) as process:
        signals.send_to(process)
        assert process.wait(timeout=5) == -signal.SIGTERM
    assert signals.received
