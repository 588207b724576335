"""What an update does when the queue answers in ways that tests/e2e/test_updates.py cannot bring about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from components.matlab import updates
from components.matlab.job_queue import JobQueue, NoAnswerError, QueueStatus
from components.matlab.snapshots import SnapshotError, Snapshots
from components.matlab.updates import SafeUpdate, UpdateError
from components.shared.kube import ApiError, Unreachable
from tests.unit.clusters import cluster

FORBIDDEN = ApiError(403, "Forbidden", 'pods "mjs-job-manager-1" is forbidden')
SILENT = NoAnswerError("the job manager does not answer", may_have_run=True)
BUSY, IDLE = QueueStatus(2, 2, 2), QueueStatus(2, 2, 0)


class Script(JobQueue):
    """A queue that answers each call with the next of its lines, the last one for ever, and notes what it was told."""

    def __init__(self, **lines: list[Any]) -> None:
        self.lines = {action: iter_of(answers) for action, answers in lines.items()}
        self.told: list[str] = []
        self.marked = False

    def _next(self, action: str) -> Any:
        self.told.append(action)
        answer = next(self.lines[action]) if action in self.lines else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def pause(self) -> None:
        self._next("pause")

    def resume(self) -> None:
        self._next("resume")

    def status(self) -> QueueStatus:
        found: QueueStatus = self._next("status")
        return found

    def mark(self, *, paused: bool) -> None:
        self.marked = paused


def iter_of(answers: list[Any]) -> Iterator[Any]:
    yield from answers
    while True:
        yield answers[-1]


class Listener:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []

    def tell(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "POLL_SECONDS", 0.0)


class NoSnapshots(Snapshots):
    """A driver that fails."""

    def __init__(self) -> None:
        """Nothing is asked for."""

    def take(self) -> list[str]:
        raise SnapshotError("Snapshot s is not ready after 300 seconds: no quota")


def run(
    queue: Script, *, since: str | None = None, interrupts: bool = True, snapshots: Snapshots | None = None
) -> Listener:
    """One run of the program that changes something which interrupts jobs, or nothing."""
    listener = Listener()

    async def program() -> None:
        update = SafeUpdate(queue, cluster(), since, listener, snapshots)
        if interrupts:
            await asyncio.gather(
                update.before_interruption(of_job_manager=True), update.before_interruption(of_job_manager=True)
            )
        await update.finish()

    asyncio.run(program())
    return listener


def test_two_objects_pause_the_queue_once() -> None:
    queue = Script(status=[BUSY, BUSY, IDLE])
    assert run(queue).warned == []
    assert queue.told == ["pause", "status", "status", "status", "resume"]


def test_without_the_right_to_pause_the_update_stops() -> None:
    """The job manager may be well, and jobs may run."""
    queue = Script(pause=[FORBIDDEN])
    with pytest.raises(UpdateError, match=r"is forbidden\. Request the right \(docs/rights\.md\), or set"):
        run(queue)
    assert not queue.marked


def test_a_job_manager_that_dies_while_jobs_end_is_updated() -> None:
    queue = Script(status=[BUSY, SILENT])
    listener = run(queue)
    assert queue.told == ["pause", *["status"] * 4, "resume"]
    assert listener.warned == [
        "Running jobs are no longer waited for: the job manager does not answer. The update continues."
    ]
    assert not queue.marked


def test_a_missed_answer_is_not_a_death() -> None:
    queue = Script(status=[SILENT, SILENT, BUSY, SILENT, SILENT, IDLE])
    assert run(queue).warned == []
    assert len(queue.told) == 8


def test_a_pause_without_an_answer_may_have_worked() -> None:
    """So the queue resumes after the update."""
    queue = Script(pause=[SILENT])
    (warning,) = run(queue).warned
    assert "The update continues" in warning
    assert queue.told == ["pause", "resume"]
    assert not queue.marked


def test_a_queue_that_does_not_resume_fails_the_run() -> None:
    """The mark stays for the next run."""
    queue = Script(status=[IDLE], resume=[Unreachable("the API server does not answer")])
    with pytest.raises(UpdateError, match=r"still paused: the API server does not answer\. Run `up` again"):
        run(queue)
    assert queue.told.count("resume") == 3
    assert queue.marked


def test_a_pause_of_an_earlier_run_ends_though_nothing_changes() -> None:
    queue = Script()
    run(queue, since="2026-11-26T07:00:00Z", interrupts=False)
    assert queue.told == ["resume"]


def test_a_dead_job_manager_that_an_earlier_run_has_paused_fails_no_later_run() -> None:
    (warning,) = run(Script(resume=[SILENT]), since="2026-11-26T07:00:00Z", interrupts=False).warned
    assert "still paused" in warning


def test_no_failure_of_a_hook_is_without_a_text() -> None:
    """Pulumi takes an exception with an empty text for success, and the update would interrupt the jobs."""
    with pytest.raises(UpdateError, match="TimeoutError"):
        run(Script(pause=[TimeoutError()]))


def test_without_its_snapshot_the_update_stops_and_the_queue_resumes() -> None:
    queue = Script(status=[BUSY, IDLE])
    with pytest.raises(UpdateError, match=r"no quota\. The job manager was not restarted"):
        run(queue, snapshots=NoSnapshots())
    assert queue.told == ["pause", "status", "status", "resume"]
    assert not queue.marked


@pytest.mark.parametrize("queue", [Script(pause=[SILENT]), Script(status=[BUSY, SILENT])], ids=["dead", "dies"])
def test_a_job_manager_that_is_dead_is_updated_without_a_snapshot(queue: Script) -> None:
    """The update may be the cure, also for one that dies while its jobs end."""
    *_, warning = run(queue, snapshots=NoSnapshots()).warned
    assert warning == (
        "Snapshot s is not ready after 300 seconds: no quota. The job manager does not work, so the update continues, "
        "because it may fix the problem."
    )
