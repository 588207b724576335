"""Updates that interrupt no job: pause the queue, wait until no worker is busy, make a snapshot, update, resume."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from components.matlab.job_queue import JobQueue, NoAnswerError
from components.matlab.snapshots import SnapshotError, Snapshots
from components.matlab.topology import Topology
from components.shared.inventory import FORBIDDEN
from components.shared.kube import ApiError, KubernetesApi, Unreachable
from components.shared.manifest import owned_by

POLL_SECONDS: Final = 5.0
PATIENCE: Final = 3
"""Answers in a row that may be missing before a job manager counts as dead."""
SLOWEST_REPLACEMENT: Final = 120.0
"""Seconds, in addition to the controller's period, in which it replaces outdated workers if it works at all."""
_RESUME: Final = "Run `up` again, which resumes it, or run `resumejobmanager` in its container."


class UpdateError(Exception):
    """Why an update stops, as a sentence. Pulumi treats a hook that fails without a message as one that succeeds."""


class Console(Protocol):
    """Where a run says what it does."""

    def tell(self, text: str) -> None:
        """Say how it goes."""

    def warn(self, text: str) -> None:
        """Say what a person should know."""


class SafeUpdate:
    """What one run of the program does about running jobs.

    Pulumi has no hook for the end of a run, and an update may touch several of the objects: the first one pauses the
    queue, and `finish` resumes it once all of them are done.
    """

    def __init__(
        self,
        queue: JobQueue,
        cluster: Topology,
        paused_since: str | None,
        console: Console,
        snapshots: Snapshots | None = None,
    ) -> None:
        """Prepare; `paused_since` is the time of the pause that an interrupted run left, if it did."""
        self._queue, self._console, self._snapshots = queue, console, snapshots
        self._settings, self._period = cluster.settings.updates, cluster.settings.workers.auto_scaling_period
        self._left_paused = paused_since is not None
        self._paused = False
        self._died = False
        self._template: str | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._snapshot: asyncio.Task[None] | None = None

    @classmethod
    def of_stack(
        cls, api: KubernetesApi, cluster: Topology, stack: str, paused_since: str | None, console: Console
    ) -> SafeUpdate:
        """The care for the cluster of a stack, with the snapshots that its settings demand."""
        wanted = cluster.settings.updates.snapshot.snapshot_class is not None
        snapshots = Snapshots(api, cluster.settings, owned_by(stack)) if wanted else None
        return cls(JobQueue(api, cluster.namespace), cluster, paused_since, console, snapshots)

    async def before_interruption(self, *, of_job_manager: bool) -> None:
        """Pause the queue and wait, and make a snapshot before the job manager restarts; each once in a run.

        Raises UpdateError, never without a text, to stop the update.
        """
        try:
            if self._settings.wait_for_jobs:
                if self._waiting is None:
                    self._waiting = asyncio.ensure_future(self._pause_and_wait())
                await asyncio.shield(self._waiting)
            if of_job_manager and self._snapshots:
                if self._snapshot is None:
                    self._snapshot = asyncio.ensure_future(self._take_snapshot(self._snapshots))
                await asyncio.shield(self._snapshot)
        except Exception as error:
            raise UpdateError(str(error) or repr(error)) from error

    def after_template(self, template: str) -> None:
        """Remember the new worker template: until the workers of the old one are gone, no task may start."""
        self._template = template

    async def finish(self) -> None:
        """Resume the queue, if this run or an interrupted one has paused it. Raises UpdateError where that fails."""
        if not (self._paused or self._left_paused):
            return
        if self._template is not None:
            await self._until_workers_are_replaced(self._template)
        try:
            await self._resume()
        except UpdateError as error:
            if self._paused:
                raise
            # An earlier run left the queue paused, and the job manager is dead: this run has not failed.
            self._console.warn(str(error))

    async def _pause_and_wait(self) -> None:
        try:
            await asyncio.to_thread(self._queue.mark, paused=True)
            await asyncio.to_thread(self._queue.pause)
        except (NoAnswerError, ApiError, Unreachable) as error:
            if isinstance(error, NoAnswerError) and error.may_have_run:
                self._left_paused = True
            elif not self._left_paused:
                await self._forget_mark()
            if isinstance(error, ApiError) and error.status == FORBIDDEN:
                raise UpdateError(
                    f"The queue cannot be paused: {error}. Request the right (docs/rights.md), or set "
                    "matlab.updates.waitForJobs to 0, which interrupts running jobs"
                ) from error
            self._console.warn(
                f"Running jobs are not waited for: {error}. The update continues, because it may fix the problem."
            )
            return
        self._paused = True
        if await self._until_idle() or self._settings.when_jobs_remain == "continue":
            return
        await self._resume()
        self._paused = False
        raise UpdateError(
            f"Workers are still busy after {self._settings.wait_for_jobs} seconds. Neither the job manager nor a "
            "worker was restarted, and the queue runs again. Try later, raise matlab.updates.waitForJobs, or interrupt "
            "the jobs with matlab.updates.whenJobsRemain: continue"
        )

    async def _take_snapshot(self, snapshots: Snapshots) -> None:
        limit = self._settings.snapshot.timeout
        self._console.tell(f"A snapshot of the job database is being made; the update waits {limit} seconds at most.")
        try:
            newest, *older = await asyncio.to_thread(snapshots.take)
        except SnapshotError as error:
            if not await self._job_manager_works():
                self._console.warn(
                    f"{error}. The job manager does not work, so the update continues, because it may fix the problem."
                )
                return
            if self._paused:
                if self._template is not None:
                    await self._until_workers_are_replaced(self._template)
                await self._resume()
                self._paused = False
            raise UpdateError(
                f"{error}. The job manager was not restarted. `python -m ops doctor` may say more; "
                "without matlab.updates.snapshot.class, the update makes no snapshot"
            ) from error
        kept = f" Older ones: {', '.join(older)}." if older else ""
        self._console.tell(f"VolumeSnapshot {newest} holds the job database as it was before this update.{kept}")

    async def _job_manager_works(self) -> bool:
        if self._settings.wait_for_jobs:
            return self._paused and not self._died
        try:
            return await asyncio.to_thread(self._queue.is_ready)
        except (ApiError, Unreachable):
            # The state of the workers is unknown, so nothing restarts.
            return True

    async def _until_idle(self) -> bool:
        """Wait until no worker is busy; False: the time is up. A job manager that dies meanwhile has no jobs left."""
        limit = self._settings.wait_for_jobs
        end, told, failures = time.monotonic() + limit, -1, 0
        while True:
            try:
                busy = (await asyncio.to_thread(self._queue.status)).busy
                failures = 0
            except (NoAnswerError, ApiError, Unreachable) as error:
                failures += 1
                if failures == PATIENCE:
                    self._died = True
                    self._console.warn(f"Running jobs are no longer waited for: {error}. The update continues.")
                    return True
            else:
                if busy != told:
                    self._console.tell(_progress(busy, limit))
                    told = busy
                if not busy:
                    return True
            if time.monotonic() >= end:
                if self._settings.when_jobs_remain == "continue":
                    self._console.warn(
                        f"After {limit} seconds workers are still busy. The update interrupts their jobs."
                    )
                return False
            await asyncio.sleep(min(POLL_SECONDS, max(end - time.monotonic(), 0)))

    async def _until_workers_are_replaced(self, template: str) -> None:
        """The controller deletes the old ones in its next round; a task that started on one of them would be lost."""
        end = time.monotonic() + self._period + SLOWEST_REPLACEMENT
        try:
            while left := await asyncio.to_thread(self._queue.outdated_workers, template):
                if time.monotonic() >= end:
                    self._console.warn(
                        f"The controller has not replaced {left} workers. The queue resumes; when the controller "
                        "replaces them, the tasks that run on them are lost. `python -m ops doctor` may say why."
                    )
                    return
                await asyncio.sleep(min(POLL_SECONDS, self._period))
        except (ApiError, Unreachable) as error:
            self._console.warn(f"The workers cannot be listed, so the queue resumes at once: {error}")

    async def _resume(self) -> None:
        for attempt in range(PATIENCE):
            try:
                await asyncio.to_thread(self._queue.resume)
                await asyncio.to_thread(self._queue.mark, paused=False)
            except (NoAnswerError, ApiError, Unreachable) as error:
                if attempt == PATIENCE - 1:
                    raise UpdateError(f"The queue of the job manager is still paused: {error}. {_RESUME}") from error
                await asyncio.sleep(POLL_SECONDS)
            else:
                self._left_paused = False
                self._console.tell("The queue of the job manager runs again.")
                return

    async def _forget_mark(self) -> None:
        try:
            await asyncio.to_thread(self._queue.mark, paused=False)
        except (ApiError, Unreachable) as error:
            self._console.warn(
                f"The annotation that marks a paused queue could not be removed from the job manager: {error}"
            )


def _progress(busy: int, limit: int) -> str:
    if not busy:
        return "The queue is paused, and no worker is busy."
    workers = "1 worker is" if busy == 1 else f"{busy} workers are"
    return f"The queue is paused, and {workers} busy; the update waits {limit} seconds at most."
