"""What a stack costs per hour with the prices in its file, and what has no price there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from components.price_settings import KEY, Prices
from components.registry import SYSTEMS
from components.shared.cost import Rates, StorageRate, StoredClaim, cost, unpriced
from components.shared.demand import PodGroup
from components.shared.objects import PlannedObject
from components.shared.passwords import plain_fingerprint
from components.shared.quantities import quantity
from components.shared.survey import Survey
from components.stack import StackConfig

OUTPUT: Final = "costPerHour"
"""Its name among the stack outputs."""
_ANNOUNCED: Final = re.compile(rf"{OUTPUT}: (?P<minimum>[\d.]+)(?: to (?P<maximum>[\d.]+))? (?P<currency>.+)")


class Range(NamedTuple):
    """What an hour costs at least and at most."""

    minimum: float
    maximum: float
    currency: str

    def __str__(self) -> str:
        """For people: `1.25 to 17.25 EUR`."""
        ends = dict.fromkeys(f"{amount:.10g}" for amount in (self.minimum, self.maximum))
        return f"{' to '.join(ends)} {self.currency}"


def range_of(per_hour: Mapping[str, Any]) -> Range:
    """The totals of the output."""
    return Range(per_hour["minimum"]["total"], per_hour["maximum"]["total"], per_hour["currency"])


def announcement(per_hour: Mapping[str, Any]) -> str:
    """The cost as a message of a preview: a plan in JSON has the outputs of before, but not the new ones."""
    return f"{OUTPUT}: {range_of(per_hour)}"


def announced(message: str) -> Range | None:
    """The cost in a message of a preview; None: the message is another one."""
    found = _ANNOUNCED.fullmatch(message)
    if found is None:
        return None
    minimum = float(found["minimum"])
    return Range(minimum, float(found["maximum"] or minimum), found["currency"])


class StackCost:
    """The pods and claims of a stack, and their prices."""

    def __init__(self, stack: StackConfig, prices: Prices, survey: Survey) -> None:
        self._prices, self._rates = prices, _rates(prices)
        self._groups: list[PodGroup] = []
        self._claims: list[StoredClaim] = []
        for key, settings in stack.systems.items():
            planned = SYSTEMS[key].objects(settings, plain_fingerprint, survey)
            self._groups += SYSTEMS[key].pods(settings, planned)
            self._claims += _claims(planned, survey)

    def per_hour(self) -> Mapping[str, Any]:
        """The stack output: `{"currency": …, "minimum": amounts, "maximum": amounts}`."""
        least = cost(self._rates, self._groups, self._claims, least=True)
        most = cost(self._rates, self._groups, self._claims, least=False)
        return {"currency": self._prices.currency, "minimum": least.rounded(), "maximum": most.rounded()}

    def now(self, running: Iterable[PodGroup]) -> Mapping[str, Any]:
        """The amounts with the pods that run instead of the ones that could."""
        return cost(self._rates, running, self._claims, least=False).rounded()

    def warnings(self) -> Iterator[str]:
        """Which claims are not in the cost."""
        missing: dict[str, list[str]] = {}
        for claim in unpriced(self._rates, self._claims):
            missing.setdefault(claim.storage_class or "", []).append(claim.name)
        for name, claims in missing.items():
            which = f"class {name}" if name else "the default class, whose name is unknown"
            yield f"{KEY}.storage: has no price for {which}, so {OUTPUT} lacks {', '.join(claims)}."


def _rates(prices: Prices) -> Rates:
    return Rates(
        cpu=Decimal(prices.cpu_hour),
        memory_gib=Decimal(prices.memory_gib_hour),
        gpu=Decimal(prices.gpu_hour),
        worker_license=Decimal(prices.worker_license_hour),
        term_license_users=prices.term_license_users,
        storage={
            name: StorageRate(Decimal(price.gib_month), quantity(price.minimum_size or "0"))
            for name, price in prices.storage.items()
        },
    )


def _claims(planned: Iterable[PlannedObject], survey: Survey) -> Iterator[StoredClaim]:
    for item in planned:
        if item.manifest["kind"] != "PersistentVolumeClaim":
            continue
        spec, metadata = item.manifest["spec"], item.manifest["metadata"]
        own = spec.get("storageClassName") or _class_by_default(metadata["name"], metadata["namespace"], survey)
        yield StoredClaim(metadata["name"], own, quantity(spec["resources"]["requests"]["storage"]))


def _class_by_default(claim: str, namespace: str, survey: Survey) -> str | None:
    inventory = survey.inventories.get(namespace)
    if inventory is None:
        return None
    existing = (inventory.of("PersistentVolumeClaim") or {}).get(claim, {"spec": {}})
    # The default class may have changed since the claim was made.
    return existing["spec"].get("storageClassName") or inventory.default_storage_class()
