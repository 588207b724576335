"""How the job manager ends: its stop hook and SIGTERM, with stand-ins for MATLAB's commands."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.container import PATIENCE, options
from tests.tools.roles import Make, job_manager_container, making
from tests.waiting import eventually

SOON = {"jobManager": {"terminationGracePeriod": 11}}
"""A grace period that leaves the stop hook one second to wait for the start."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make containers of the job manager."""
    with making(job_manager_container, tmp_path) as make:
        yield make


def test_it_is_stopped_in_order_and_its_jobs_are_preserved(make: Make) -> None:
    container = make(jobManager={"name": "queue"})
    container.start()
    container.started()
    assert container.stop()[0] == 0
    assert container.exit_code() == 0
    assert [call.command for call in container.calls()] == ["mjs", "startjobmanager", "stopjobmanager"]
    cleaning, *rest = container.call("stopjobmanager").arguments
    assert cleaning == "-cleanPreserveJobs"
    assert options(rest) == {
        "-name": "queue",
        "-baseport": "27350",
        "-scriptlogfile": str(container.path("mjs/log/script-log.log")),
        "-secretfile": str(container.path("mjs/secret/secret.json")),
    }
    assert container.script_log.endswith(" stopped\n")


def test_without_script_verification_it_is_stopped_without_a_secret(make: Make) -> None:
    container = make(security={"requireScriptVerification": False})
    container.start()
    container.started()
    assert container.stop()[0] == 0
    assert "-secretfile" not in container.call("stopjobmanager").arguments


def test_a_stop_during_the_start_waits_for_it(make: Make) -> None:
    """A job manager that is stopped half-way would leave its database locked."""
    container = make()
    go = container.path("go")
    container.behave("startjobmanager", f'until [[ -e "{go}" ]]; do sleep 0.02; done')
    container.start()
    eventually(lambda: container.calls("startjobmanager"))
    hook = container.begin_stop()
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(0.4)
    assert container.calls("stopjobmanager") == []
    go.touch()
    hook.communicate(timeout=PATIENCE)
    assert hook.returncode == 0
    assert container.exit_code() == 0
    assert [call.command for call in container.calls()] == ["mjs", "startjobmanager", "stopjobmanager"]


@pytest.mark.parametrize("behaviour", ["exit 3", 'echo $$ >"{pid}"; exec sleep 60'], ids=["failed", "hangs"])
def test_a_stop_gives_up_within_the_grace_period_when_there_was_no_start(make: Make, behaviour: str) -> None:
    """B27: upstream's hook loops until it is killed when the start never finished."""
    container = make(**SOON)
    container.behave("mjs", behaviour.format(pid=container.path("mjs.pid")))
    container.start()
    eventually(lambda: container.calls("mjs"))
    code, output = container.stop()
    assert code == 0
    assert "not started within 1 seconds, nothing to stop" in output
    assert container.calls("stopjobmanager") == []


def test_a_stop_that_fails_does_not_pass_for_one(make: Make) -> None:
    """The container then runs on until the kubelet ends it, and the event names the hook."""
    container = make()
    container.behave("stopjobmanager", "echo the lookup service is not reachable >&2; exit 4")
    container.start()
    container.started()
    code, output = container.stop()
    assert code != 0
    assert "the lookup service is not reachable" in output
    assert "stopjobmanager ended with exit code 4" in container.script_log
    assert container.main.poll() is None
    assert container.terminate() == 0


def test_a_full_log_volume_does_not_keep_it_from_being_stopped(make: Make) -> None:
    """Jobs are preserved only by a stop in order, and a volume fills up just when much goes wrong."""
    container = make()
    container.start()
    container.started()
    log = container.path("mjs/log/script-log.log")
    log.unlink()
    log.symlink_to("/dev/full")
    assert container.stop()[0] == 0
    assert container.calls("stopjobmanager")
    assert container.exit_code() == 0


def test_sigterm_ends_it(make: Make) -> None:
    """Bash as the first process of a container ignores SIGTERM unless told otherwise; 0 is the trap's own code."""
    container = make()
    container.start()
    container.started()
    assert container.terminate() == 0
