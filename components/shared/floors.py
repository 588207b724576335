"""The least CPU and memory with which a process starts at all, and the most that a node has.

With less, `up` waits for a pod that is killed, and with more for one that no node takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from components.shared.mistakes import Mistake
from components.shared.quantities import quantity


class Floor(NamedTuple):
    """The least limits of one process."""

    process: str
    """Its name in a sentence."""
    cpu: str
    memory: str


LEAST_QUOTA: Final = "10m"
"""Linux gives a container at least 1 ms of every 100 ms (kubernetes pkg/kubelet/cm, MinQuotaPeriod)."""
SMALL_PROGRAM: Final = "16Mi"
"""A static program in Go or C with a few connections."""


MOST_MEMORY: Final = "1Pi"
"""Far more than any node has. Of some larger amounts the API server warns, and K8sClusterManagers.jl fails at that."""


def too_much(path: str, memory: str) -> Iterator[Mistake]:
    """An amount of memory that no node has."""
    if quantity(memory) > quantity(MOST_MEMORY):
        yield Mistake(path, f"{memory} is more than any node has", "Write an amount like 8Gi.")


def too_low(floor: Floor, cpu: tuple[str, str | None], memory: tuple[str, str | None]) -> Iterator[Mistake]:
    """Limits below the floor; each with the path of its setting. A limit of None is no limit."""
    for (path, limit), least, what in ((cpu, floor.cpu, "CPU"), (memory, floor.memory, "memory")):
        if limit and quantity(limit) < quantity(least):
            yield Mistake(
                path,
                f"{limit} is too little {what} for {floor.process} to start",
                f"Write {least} or more.",
            )
