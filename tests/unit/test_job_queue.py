"""What the program sends to a running job manager, in its container with stand-ins for MATLAB's commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.matlab.job_queue import NoAnswerError, QueueStatus, queue_status, worker_template_checksum
from components.matlab.pods import FILES
from tests.tools.container import options
from tests.tools.roles import AWKWARD, Make, job_manager_container, making

QUEUE = (FILES / "queue.sh").read_text()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make containers of the job manager."""
    with making(job_manager_container, tmp_path) as make:
        yield make


def command(action: str) -> list[str]:
    return ["/bin/bash", "-c", QUEUE, "/mjs/config/common.sh", action]


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_the_queue_of_this_job_manager_is_meant(make: Make, action: str) -> None:
    container = make(jobManager={"name": AWKWARD}, network={"basePort": 28000})
    assert container.execute(command(action))[0] == 0
    assert options(container.call(f"{action}jobmanager").arguments) == {
        "-name": AWKWARD,
        "-baseport": "28000",
        "-secretfile": str(container.path("mjs/secret/secret.json")),
    }


def test_the_workers_are_asked_for_as_the_controller_does(make: Make) -> None:
    container = make(security={"requireScriptVerification": False})
    container.behave("resize", "echo '{}'")
    assert container.execute(command("status")) == (0, b"{}\n", b"")
    assert container.call("resize").arguments == ["status", "-baseport", "27350"]


def test_a_command_that_fails_says_so(make: Make) -> None:
    container = make()
    container.behave("pausejobmanager", "echo refused >&2; exit 3")
    assert container.execute(command("pause")) == (3, b"", b"refused\n")
    assert container.execute(command("stop"))[0] == 2


def test_a_worker_that_is_not_idle_is_busy() -> None:
    """An unknown state too: to wait for nothing costs less than a lost job."""
    workers = [{"name": "w", "state": state, "secondsIdle": 0} for state in ("idle", "busy", "starting")]
    manager = {"name": "MJS", "desiredWorkers": {"linux": 4}, "maxWorkers": {"linux": 8}, "workers": workers}
    assert queue_status(json.dumps({"jobManagers": [manager]})) == QueueStatus(wanted=4, connected=3, busy=2)


@pytest.mark.parametrize("text", ["", "Error: no service", "[]", '{"jobManagers": []}', '{"jobManagers": [{}]}'])
def test_another_answer_is_no_status(text: str) -> None:
    with pytest.raises(NoAnswerError, match="did not print the list of workers"):
        queue_status(text)


def test_the_checksum_is_the_controllers() -> None:
    """52 characters: SHA-256 in base32, lower case, without padding (docs/upstream.md#templates)."""
    assert worker_template_checksum("") == "4oymiquy7qobjgx36tejs35zeqt24qpemsnzgtfeswmrw6csxbkq"
