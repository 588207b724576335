"""The steps of a move, in their order, and the way back from each of them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from components.matlab.job_queue import PAUSED, JobQueue
from components.matlab.settings import Updates
from components.matlab.updates import SafeUpdate, UpdateError
from components.shared.groups import Volume
from components.shared.kube import RESOURCES, ApiError, Unreachable
from ops.confirmation import confirm
from ops.errors import CommandError
from ops.move_claim.copying import Copied, Copying
from ops.move_claim.installation import POLL_SECONDS, Installation
from ops.move_claim.move import DONE, Move, described
from ops.move_claim.state import released

if TYPE_CHECKING:
    from ops.adopt.pulumi_stack import PulumiStack

_DESCRIBING: Final = ("size", "storage_class", "access_modes")


@dataclass(frozen=True)
class Task:
    """One move, from the first question to the released claim."""

    installation: Installation
    pulumi: PulumiStack

    @property
    def _move(self) -> Move:
        return self.installation.move

    def run(self, arguments: argparse.Namespace) -> Copied:
        """Do what is left to do. Raises CommandError; then the job manager runs on the old claim as before."""
        self.installation.require_rights()
        self.pulumi.settled_state()
        copying = Copying(self.installation)
        copied = self._finished()
        if copied is None:
            if not copying.running():
                new = self._prepared(arguments)
                self._ask(new)
                self._stop()
                self._begin(copying, new)
            copied = self._follow(copying)
        self._release()
        return copied

    def cancel(self) -> None:
        """End a copy, and start the job manager again on the claim that its Deployment names."""
        self.installation.require_rights()
        Copying(self.installation).remove()
        if self.installation.claim(self._move.target):
            self.installation.mark(self._move.target, {DONE: None})
        self._restart()
        tell(f"The job manager uses claim {self._move.source}. Claim {self._move.target} was not deleted.")

    def _finished(self) -> Copied | None:
        """A copy that an earlier run finished, if the job manager has not run since."""
        claim = self.installation.claim(self._move.target) or {"metadata": {}}
        mark = (claim["metadata"].get("annotations") or {}).get(DONE)
        if mark is None:
            return None
        found = json.loads(mark)
        if found.pop("of") != self._move.source or found.pop("generation") != self.installation.generation:
            raise CommandError(
                f"Claim {self._move.target} holds an older copy, and the job manager may have run since. "
                "Name another claim in --to. Nothing was changed."
            )
        return Copied(**found)

    def _prepared(self, arguments: argparse.Namespace) -> Volume | None:
        """The claim to create; None: it exists. Raises CommandError for every reason not to begin."""
        move, installation = self._move, self.installation
        old, new = installation.claim(move.source), installation.claim(move.target)
        if old is None:
            raise CommandError(
                f"Namespace {installation.namespace} has no claim {move.source}, so there is nothing to move."
            )
        if "deletionTimestamp" in old["metadata"]:
            raise CommandError(
                f"Claim {move.source} is being deleted, and would go as soon as the job manager stops. "
                "`python -m ops doctor` says how to keep its data (MJS033)."
            )
        if move.source not in installation.job_managers_claims():
            raise CommandError(
                f"The job manager does not use claim {move.source}, which the stack file names. Run `make up` first."
            )
        if users := [*installation.strangers(move.source)]:
            raise CommandError(f"Pod {', '.join(users)} uses claim {move.source} too. Delete it first.")
        if users := [pod["metadata"]["name"] for pod in installation.mounts(move.target)]:
            raise CommandError(f"Pod {', '.join(users)} uses claim {move.target}. Name another claim in --to.")
        if new is None:
            volume = described(arguments, old)
            self._require_class(volume.storage_class)
            return volume
        if given := [f"--{option.replace('_', '-')}" for option in _DESCRIBING if getattr(arguments, option)]:
            raise CommandError(f"Claim {move.target} exists already. Remove {', '.join(given)}, or name another claim.")
        return None

    def _require_class(self, name: str | None) -> None:
        try:
            classes = self.installation.api.request("GET", RESOURCES["StorageClass"].path())["items"]
        except ApiError:
            # Not everybody may read them. A claim without a volume is noticed later, before anything is lost.
            return
        known = sorted(item["metadata"]["name"] for item in classes)
        if name and name not in known:
            raise CommandError(f"The cluster has no StorageClass {name}. It has {', '.join(known) or 'none'}.")

    def _ask(self, new: Volume | None) -> None:
        # Printed also if $CONFIRM answers, so that the log of a script says what it did.
        for line in self._announced(new):
            tell(line)
        safety = "If anything fails, the job manager starts again on the old claim."
        confirm(safety, "new claim", self._move.target, otherwise="Nothing was changed.")

    def _announced(self, new: Volume | None) -> Iterator[str]:
        move, updates = self._move, self._move.cluster.settings.updates
        yield f"This moves {move.path} of stack {move.stack} from claim {move.source} to claim {move.target}:"
        if not self.installation.stopped:
            yield f" - {_what_of_jobs(updates)}"
            yield " - The job manager stops. Until you have run `up`, nobody can submit or fetch jobs."
        if new:
            of_class = f" of class {new.storage_class}" if new.storage_class else ""
            yield f" - Claim {move.target} is created: {new.size}{of_class}, {', '.join(new.access_modes)}."
        yield f" - Job mjs-move-claim copies everything and compares it. Claim {move.source} is only read."
        yield f" - Claim {move.source} leaves the state of the stack. It is not deleted."

    def _stop(self) -> None:
        try:
            if not self.installation.stopped:
                asyncio.run(self._update().before_interruption(of_job_manager=True))
        except UpdateError as error:
            raise CommandError(f"{error}. Nothing was moved.") from error
        try:
            self.installation.stop(tell)
        except CommandError as error:
            self._restart()
            raise CommandError(f"{error} Nothing was copied, and the job manager starts again.") from error

    def _begin(self, copying: Copying, new: Volume | None) -> None:
        try:
            if new:
                path = RESOURCES["PersistentVolumeClaim"].path(self.installation.namespace)
                self.installation.api.request("POST", path, self._move.new_claim(new))
            copying.start(self.installation.generation)
        except (ApiError, Unreachable) as error:
            self._restart()
            raise CommandError(f"The copy could not begin: {error}. The job manager starts again.") from error

    def _follow(self, copying: Copying) -> Copied:
        try:
            copied = copying.follow(tell, self._move.cluster.settings.job_manager.start_timeout)
        except CommandError as error:
            copying.remove()
            self._restart()
            raise CommandError(
                f"{error}\nClaim {self._move.source} is unchanged, and the job manager starts again on it. "
                f"Claim {self._move.target} was not deleted."
            ) from error
        mark = {"of": self._move.source, "generation": self.installation.generation, **copied._asdict()}
        self.installation.mark(self._move.target, {DONE: json.dumps(mark)})
        copying.remove()
        return copied

    def _release(self) -> None:
        document = self.pulumi.state()
        deployment = released(document.get("deployment") or {}, self.installation.namespace, self._move.source)
        if deployment is not None:
            self.pulumi.replace_state({**document, "deployment": deployment})

    def _restart(self) -> None:
        """Start the job manager on the old claim, and resume its queue when it answers."""
        limit = self._move.cluster.settings.job_manager.start_timeout
        if self.installation.stopped:
            self.installation.start()
            tell(f"The job manager starts again on claim {self._move.source}, within {limit} seconds")
        queue, end = JobQueue(self.installation.api, self._move.cluster.namespace), time.monotonic() + limit
        while not queue.is_ready() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        try:
            asyncio.run(self._update().finish())
        except UpdateError as error:
            tell(str(error))

    def _update(self) -> SafeUpdate:
        since = (self.installation.job_manager()["metadata"].get("annotations") or {}).get(PAUSED)
        return SafeUpdate.of_stack(self.installation.api, self._move.cluster, self._move.stack, since, _Console())


def _what_of_jobs(updates: Updates) -> str:
    if not updates.wait_for_jobs:
        return "Running jobs are interrupted: matlab.updates.waitForJobs is 0."
    otherwise = "then they are interrupted" if updates.when_jobs_remain == "continue" else "otherwise nothing moves"
    return f"The queue is paused. Running jobs have {updates.wait_for_jobs} seconds to end; {otherwise}."


class _Console:
    def tell(self, text: str) -> None:
        tell(text)

    def warn(self, text: str) -> None:
        tell(text)


def tell(text: str) -> None:
    """Say how it goes, where it does not mix with the result."""
    print(text, file=sys.stderr, flush=True)
