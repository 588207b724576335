"""preview, up, destroy and outputs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from local.engine import deleting, passphrase, stack_file
from local.engine.errors import EngineError
from local.engine.lock import locked
from local.engine.monitor import PARALLEL, serve
from local.engine.program import SETTINGS
from local.engine.report import Report, label
from local.engine.run import Run
from local.engine.state import Resource, State
from local.engine.values import Json, plain, redacted

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """The stack that a command is about."""

    project: stack_file.Project
    stack: str
    config_file: Path
    state_dir: Path

    @classmethod
    def find(cls, stack: str, config_file: Path | None, state_dir: Path | None) -> Target:
        """The stack `stack` of the project in this folder or the next one above it that has a Pulumi.yaml."""
        here = Path.cwd()
        root = next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").exists()), None)
        if root is None:
            raise EngineError(f"there is no Pulumi.yaml in {here} or above it")
        project = stack_file.read_project(root / "Pulumi.yaml")
        named = state_dir or os.environ.get("CLUSTERS_STATE_DIR")
        return cls(
            project, stack, config_file or root / f"Pulumi.{stack}.yaml", Path(named) if named else root / ".state"
        )

    def state(self) -> State:
        """The recorded state."""
        salt = stack_file.encryption_salt(self.config_file) if self.config_file.exists() else None
        return State.load(self.state_dir / f"{self.stack}.json", self.project.name, self.stack, salt)

    def lock(self, command: str, report: Report) -> Any:
        """The stack's lock, to be held for a whole command."""
        return locked(self.state_dir / f"{self.stack}.lock", command, report.note)

    def config(self) -> tuple[dict[str, str], list[str]]:
        """The stack config, decrypted."""
        if not self.config_file.exists():
            raise EngineError(f"the stack {self.stack} has no config file {self.config_file}")
        salt = stack_file.encryption_salt(self.config_file)

        def decrypt(path: str, ciphertext: str) -> str:
            if salt is None:
                raise EngineError(f"{self.config_file.name}: {path} is encrypted, but there is no encryptionsalt")
            try:
                return passphrase.crypter(passphrase.passphrase_from(), salt).decrypt(ciphertext)
            except EngineError as error:
                raise EngineError(f"{self.config_file.name}: {path}: {error}") from error

        return stack_file.read_stack_file(self.config_file, self.project, decrypt)


def evaluate(target: Target, state: State, report: Report, *, dry_run: bool) -> Run:
    """Run the program once against a monitor of its own, to its end. The run says whether it failed."""
    config, secret_keys = target.config()
    run = Run(state, report, dry_run=dry_run)
    server, address = serve(run, config, secret_keys)
    settings = {"project": target.project.name, "stack": target.stack, "monitor": address, "engine": address,
                "parallel": PARALLEL, "dry_run": dry_run, "organization": "organization",
                "root_directory": str(target.project.root)}  # fmt: skip
    folders = (str(target.project.root), str(_REPOSITORY), os.environ.get("PYTHONPATH"))
    environment = {
        **os.environ,
        SETTINGS: json.dumps(settings),
        "PULUMI_CONFIG": json.dumps(config),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(secret_keys),
        "PYTHONPATH": os.pathsep.join(filter(None, folders)),
    }
    # In a session of its own: Ctrl-C is ours to handle, the program must see its registrations through.
    child = subprocess.Popen(
        [sys.executable, "-m", "local.engine.program"], cwd=target.project.root, env=environment, stdin=subprocess.PIPE,
        stdout=report.text, start_new_session=True,
    )  # fmt: skip
    try:
        with _interrupts(run):
            code = child.wait()
    finally:
        if child.poll() is None:
            child.kill()
        server.stop(grace=None).wait()
    if code != 0 and not run.failed:
        # The program has said why itself, on stderr.
        run.fail(f"the program ended with exit code {code}")
    return run


@contextmanager
def _interrupts(run: Run) -> Iterator[None]:
    """Ctrl-C and SIGTERM: begin nothing new, let what is under way end and be recorded."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if not run.failed:
            # Not from here: the handler may interrupt the very thread that prints.
            threading.Thread(target=run.fail, args=("interrupted; what is under way ends first",)).start()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def preview(target: Target, report: Report, *, expect_no_changes: bool) -> int:
    """Say what `up` would do."""
    with target.lock("preview", report):
        state = target.state()
        run = evaluate(target, state, report, dry_run=True)
        if run.failed:
            return _failed(report, run)
        gone = run.gone()
        for resource in gone:
            report.deleted(resource)
        deleting.refuse_protected(gone)
        report.summary(_stack_outputs(run.records.values()), _calls(run))
    if expect_no_changes and report.has_changes():
        report.line("error: changes were not expected", sys.stderr)
        return 1
    return 0


def up(target: Target, report: Report, *, as_json: bool = False) -> int:
    """Make it so."""
    with target.lock("up", report):
        state = target.state()
        calls: Counter[str] = Counter()
        if state.resources:
            # What is refused is refused before anything is touched: deletions of protected objects, changes that the
            # API server does not take. On an empty state neither can be, and the second evaluation is saved.
            plan_report = Report(dry_run=True, as_json=as_json, silent_steps=True)
            plan = evaluate(target, state, plan_report, dry_run=True)
            calls += _calls(plan)
            if plan.failed:
                report.errors += plan_report.errors
                return _failed(report, plan)
            deleting.refuse_protected(plan.gone())
            if plan.changes_nothing():
                report.steps = plan_report.steps
                report.summary(_stack_outputs(state.resources.values()), calls)
                return 0
        run = evaluate(target, state, report, dry_run=False)
        if not run.failed:
            gone = run.gone()
            deleting.refuse_protected(gone)
            deleting.delete(run, [resource.urn for resource in gone])
        calls += _calls(run)
        if run.failed:
            return _failed(report, run)
        report.summary(_stack_outputs(run.records.values()), calls)
        return 0


def destroy(target: Target, report: Report, *, purge: bool) -> int:
    """Delete everything, or, without `purge`, all but the protected resources and what they stand on."""
    with target.lock("destroy", report):
        state = target.state()
        kept = set() if purge else state.in_use(urn for urn, resource in state.resources.items() if resource.protect)
        chosen = [urn for urn in state.resources if urn not in kept]
        run = Run(state, report, dry_run=False)
        with _interrupts(run):
            deleting.delete(run, chosen)
        if run.failed:
            return _failed(report, run)
        report.summary(None, _calls(run))
        standing = [state.resources[urn] for urn in state.resources if state.resources[urn].protect]
        if standing:
            report.line("still there, because it is protected:")
            for resource in standing:
                report.line(f"  {label(resource.type, resource.inputs, resource.name)}")
            report.line("to remove that too, data and keys included: destroy --purge")
        return 0


def outputs(target: Target, *, show_secrets: bool) -> int:
    """Print the stack's outputs as one JSON object."""
    state = target.state()
    found = _stack_outputs(state.resources.values())
    if found is None:
        raise EngineError(f"the stack {target.stack} was not deployed from here: {state.path} has no resources")
    print(json.dumps(plain(found) if show_secrets else redacted(found), ensure_ascii=False, indent=2))
    return 0


def _stack_outputs(resources: Iterable[Resource]) -> Json | None:
    return next((resource.outputs for resource in resources if resource.type == "pulumi:pulumi:Stack"), None)


def _calls(run: Run) -> Counter[str]:
    return sum((api.calls for api in run.apis.values()), Counter())


def _failed(report: Report, run: Run) -> int:
    report.summary(None, _calls(run)) if report.text is sys.stderr else None
    return 1
