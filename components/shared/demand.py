"""Which pods a system runs at most, and what each of them requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from components.shared.manifest import Manifest
from components.shared.objects import PlannedObject
from components.shared.quantities import bytes_text, cpu_text, quantity

DISK: Final = "ephemeral-storage"
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True)
class PodGroup:
    """Identical pods."""

    what: str
    """What they are called in a sentence."""
    namespace: str
    count: int
    """How many of them run at the same time, at most."""
    spec: Manifest
    """The spec of one pod."""
    workers: bool = False
    """They come and go with demand; the others always run."""
    idle: int | None = None
    """How many of them run when there is no work; None: all."""
    licensed: bool = False
    """Each of them checks out a MATLAB license."""

    @property
    def least(self) -> int:
        """How many of them run at the same time, at least."""
        return self.count if self.idle is None else self.idle

    @property
    def requests(self) -> Amounts:
        """What the scheduler reserves for one pod. A container that has only a limit requests as much."""
        return self._sum(lambda resources: {**(resources.get("limits") or {}), **(resources.get("requests") or {})})

    @property
    def limits(self) -> Amounts:
        """What one pod never exceeds; a resource that a container does not limit is missing."""
        return self._sum(lambda resources: resources.get("limits") or {})

    def _sum(self, part: Any) -> Amounts:
        total: dict[str, Decimal] = {}
        for container in self.spec["containers"]:
            for name, amount in part(container.get("resources") or {}).items():
                total[name] = total.get(name, Decimal(0)) + quantity(str(amount))
        return total


def of_objects(planned: Iterable[PlannedObject]) -> Iterator[PodGroup]:
    """The pods of workloads that the stack itself makes."""
    for item in planned:
        spec: Mapping[str, Any] = item.manifest.get("spec") or {}
        if "template" not in spec:
            continue
        kind, name = item.key
        count = int(spec.get("replicas", 1))
        if count:
            yield PodGroup(f"{kind} {name}", item.manifest["metadata"]["namespace"], count, spec["template"]["spec"])


def text(name: str, amount: Decimal) -> str:
    """An amount of a resource in words: `4 CPU`, `16Gi of memory`, `2 nvidia.com/gpu`."""
    if name == "cpu":
        return f"{cpu_text(amount)} CPU"
    if name == "memory":
        return f"{bytes_text(amount)} of memory"
    return f"{bytes_text(amount) if name == DISK else cpu_text(amount)} {name}"
