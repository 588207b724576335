"""Runs the program against a stand-in for Pulumi's engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi
from pulumi.runtime.mocks import Mocks
from pulumi.runtime.stack import run_pulumi_func

from components.stack import PROJECT_NAME


def evaluate(program: Callable[[], None], mocks: Mocks, stack: str, **options: Any) -> None:
    """Run the program for a stack; `options` are those of `pulumi.runtime.set_mocks`."""

    async def run() -> None:
        # The mocks open an event loop in every thread that they answer from, and close none: so there is one thread.
        with ThreadPoolExecutor(max_workers=1) as thread:
            asyncio.get_running_loop().set_default_executor(thread)
            # Set in this thread: the stack's root resource is created at once, on the event loop that it finds.
            pulumi.runtime.set_mocks(mocks, project=PROJECT_NAME, stack=stack, **options)
            await run_pulumi_func(program)
            thread.submit(lambda: asyncio.get_event_loop().close())

    asyncio.run(run())
