"""Waits, during `up`, for what Pulumi's provider does not wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import pulumi

from components.shared.kube import ApiError, Unreachable

POLL_SECONDS: Final = 0.5
REPORT_SECONDS: Final = 10.0


def awaited(resource: pulumi.CustomResource, wait: Callable[[], Awaitable[None]]) -> pulumi.Output[bool]:
    """Wait once the resource is registered, changed or not; never in a preview.

    Also without an update: after a run that has failed here, the next one has nothing to change.
    """

    async def run(_: str) -> bool:
        if not pulumi.runtime.is_dry_run():
            await wait()
        return True

    return resource.urn.apply(run)


async def until_done(what: str, left: Callable[[], str | None], limit: float, failure: Callable[[str], str]) -> None:
    """Ask until nothing is left, `limit` seconds at most. Raises RunError with the text of `failure`.

    `left` asks the API server and says what is missing, None for nothing; one that does not answer is asked again.
    """
    end, reported = time.monotonic() + limit, time.monotonic()
    while True:
        try:
            missing = await asyncio.to_thread(left)
        except (ApiError, Unreachable) as error:
            missing = str(error)
        now = time.monotonic()
        if missing is None:
            return
        if now >= end:
            raise pulumi.RunError(failure(missing))
        if now - reported >= REPORT_SECONDS:
            pulumi.log.info(f"{what}: {missing}")
            reported = now
        await asyncio.sleep(POLL_SECONDS)
