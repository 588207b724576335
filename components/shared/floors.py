"""The least CPU and memory with which a process starts at all, and the most that a node has.

With less, `up` waits for a pod that is killed, and with more for one that no node takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from components.shared.groups import Resources, Volume
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


def requested_too_little(floor: Floor, path: str, resources: Resources) -> Iterator[str]:
    """Warnings of requests below the floor. They work on a node with room; `path` is the one of the resources."""
    memory, cpu = resources.memory_request, resources.cpu_request
    if memory and quantity(memory) < quantity(floor.memory):
        # https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction
        yield (
            f"{path}.memoryRequest: {memory} is less than {floor.process} needs to start. Kubernetes may place it on a "
            f"node without room, and evicts it first when memory runs short. Write {floor.memory} or more."
        )
    if cpu and quantity(cpu) < quantity(floor.cpu):
        yield (
            f"{path}.cpuRequest: {cpu} is less than {floor.process} needs to start, and a busy node gives it no more. "
            f"Write {floor.cpu} or more."
        )


SMALL_CLAIM: Final = "1Gi"
"""Most drivers create no smaller volume, so such a size is a typing error, or means nothing to the driver."""


def small_claim(path: str, volume: Volume, reason: str = "what is written there fills it quickly") -> Iterator[str]:
    """A warning of a claim that the stack creates and that is too small to be useful."""
    if volume.persistent and not volume.claim and quantity(volume.size) < quantity(SMALL_CLAIM):
        yield f"{path}.size: {volume.size} is less than {SMALL_CLAIM}: {reason}."
