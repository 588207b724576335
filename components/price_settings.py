"""What the resources of a stack cost: `clusters:prices` in a stack file. They change nothing in a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from components.shared.fields import DnsName, Line, Model, Positive, refuse
from components.shared.mistakes import Mistake, Rule, no_effect
from components.shared.quantities import Bytes

KEY: Final = "prices"
"""Its key in a stack file."""
_PRICE: Final = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_PRICES: Final = ("cpu_hour", "memory_gib_hour", "gpu_hour", "worker_license_hour", "storage")


def _number_text(value: Any) -> str:
    if isinstance(value, float):
        # 0.00001 is 1e-05 to Python.
        text = f"{Decimal(repr(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value if isinstance(value, str) else f"{value}"


def _price(value: str) -> str:
    if not _PRICE.fullmatch(value):
        refuse(
            f"{value!r} is not a price",
            "Write an amount without the currency, such as 0.045, with nine decimals at most.",
        )
    return value


def _currency(value: str) -> str:
    if value[0].isdigit():
        refuse(f"{value!r} begins with a digit", "Write the currency alone, such as EUR.")
    return value


Currency = Annotated[Line, AfterValidator(_currency)]
"""A currency, in any spelling."""


# `pulumi config set --path prices.cpuHour 0.045` stores text.
Price = Annotated[str, BeforeValidator(_number_text), AfterValidator(_price)]
"""An amount of the currency, with up to nine decimals."""


class StoragePrice(Model):
    """The price of one StorageClass."""

    gib_month: Price
    """One GiB for a month of 730 hours."""
    minimum_size: Bytes | None = None
    """The smallest volume that is billed: a smaller claim costs as much; null: no minimum."""


class Prices(Model):
    """What resources cost you. With them, the output `costPerHour` has the cost of the stack."""

    currency: Currency
    """Currency of every price, such as EUR. The output repeats it."""
    cpu_hour: Price = "0"
    """One requested CPU for an hour."""
    memory_gib_hour: Price = "0"
    """One GiB of requested memory for an hour."""
    gpu_hour: Price = "0"
    """One GPU for an hour."""
    worker_license_hour: Price = "0"
    """The license of one MATLAB worker for an hour."""
    term_license_users: Positive | None = None
    """With term licenses: users who run workers at the same time. Each checks out 200 licenses at most, so no more are
    counted; null: every worker counts."""
    storage: dict[DnsName, StoragePrice] = {}  # noqa: RUF012 - pydantic copies defaults
    """Prices of storage by StorageClass. Several stacks can share one list: classes that no claim has are allowed."""


def _some_price(prices: Prices) -> Iterator[Mistake]:
    # `pulumi config rm --path` leaves an empty map behind.
    if not any(name in prices.model_fields_set and getattr(prices, name) != {} for name in _PRICES):
        yield no_effect(f"{KEY}.currency", "there is no price", f"Set {KEY}.cpuHour, or remove {KEY}.")


def _users_need_a_price(prices: Prices) -> Iterator[Mistake]:
    if prices.term_license_users and not float(prices.worker_license_hour):
        yield no_effect(
            f"{KEY}.termLicenseUsers", "licenses cost nothing", f"Set {KEY}.workerLicenseHour, or remove it."
        )


RULES: Final[tuple[Rule[Prices], ...]] = (_some_price, _users_need_a_price)
