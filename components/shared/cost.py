"""What pods, claims and licenses cost in an hour, from the user's own prices. Only what a stack requests is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from components.shared.demand import Amounts, PodGroup

HOURS_OF_A_MONTH: Final = 730
CHECKOUTS_OF_A_USER: Final = 200
"""Term licenses that one user checks out at most."""
_GIB: Final = Decimal(2**30)
_GPU: Final = "/gpu"
"""Suffix of the names of GPU resources: nvidia.com/gpu, amd.com/gpu."""


@dataclass(frozen=True)
class StorageRate:
    """The price of a StorageClass."""

    gib_month: Decimal
    least: Decimal
    """Bytes of the smallest volume that is billed."""


@dataclass(frozen=True)
class Rates:
    """Prices for an hour, all in one currency."""

    cpu: Decimal
    memory_gib: Decimal
    gpu: Decimal
    worker_license: Decimal
    term_license_users: int | None
    storage: Mapping[str, StorageRate]


@dataclass(frozen=True)
class StoredClaim:
    """A claim that the stack makes."""

    name: str
    storage_class: str | None
    """None: the default class of a cluster that could not be read."""
    size: Decimal


@dataclass(frozen=True)
class Cost:
    """What one hour costs."""

    pods: Decimal
    storage: Decimal
    licenses: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.pods + self.storage + self.licenses

    def rounded(self) -> dict[str, float]:
        """The amounts with four decimals, as people and programs read them."""
        parts = {"pods": self.pods, "storage": self.storage, "licenses": self.licenses, "total": self.total}
        return {name: float(round(amount, 4)) for name, amount in parts.items()}


def cost(rates: Rates, groups: Iterable[PodGroup], claims: Iterable[StoredClaim], *, least: bool) -> Cost:
    """The cost with as few pods as there can be (`least`), or as many."""
    counted = [(group, group.least if least else group.count) for group in groups]
    pods = sum((_pod(rates, group.requests) * count for group, count in counted), Decimal(0))
    storage = sum((_claim(rates, claim) for claim in claims), Decimal(0))
    licensed = sum(count for group, count in counted if group.licensed)
    if rates.term_license_users is not None:
        licensed = min(licensed, rates.term_license_users * CHECKOUTS_OF_A_USER)
    return Cost(pods, storage, rates.worker_license * licensed)


def unpriced(rates: Rates, claims: Iterable[StoredClaim]) -> Iterator[StoredClaim]:
    """The claims whose class has no price, if storage has prices at all."""
    if rates.storage:
        yield from (claim for claim in claims if claim.storage_class not in rates.storage)


def _pod(rates: Rates, requests: Amounts) -> Decimal:
    gpus = sum((amount for name, amount in requests.items() if name.endswith(_GPU)), Decimal(0))
    memory = requests.get("memory", Decimal(0)) / _GIB
    return rates.cpu * requests.get("cpu", Decimal(0)) + rates.memory_gib * memory + rates.gpu * gpus


def _claim(rates: Rates, claim: StoredClaim) -> Decimal:
    rate = rates.storage.get(claim.storage_class or "")
    if rate is None:
        return Decimal(0)
    return rate.gib_month * max(claim.size, rate.least) / _GIB / HOURS_OF_A_MONTH
