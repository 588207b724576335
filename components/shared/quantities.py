"""Amounts of CPU, memory and storage, as Kubernetes writes them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from components.shared.fields import refuse

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY: Final = re.compile(
    r"(?P<number>\d+(\.\d+)?)(?P<suffix>m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?\d{1,2})?", re.ASCII
)
_SUFFIXES: Final = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", 1)},
}
_HIGHEST: Final = 2**63 - 1
"""Kubernetes keeps the amount, or a thousand times the CPU, in 64 bits, and silently writes the highest for more."""
_SMALLEST_CPU: Final = Decimal("0.001")
_MOST_CPU: Final = 2048
"""More cores than any node has: such an amount is in thousandths of a core, and lacks its suffix."""
_SMALLEST_BYTES: Final = 2**20
"""No container starts in less, and no file system fits in less: such an amount lacks its suffix."""


def quantity(value: str) -> Decimal:
    """The number that a Kubernetes quantity represents. Raises ValueError for text that is not a quantity."""
    match = _QUANTITY.fullmatch(value)
    if not match:
        raise ValueError(value)
    suffix = match["suffix"] or ""
    return Decimal(match["number"]) * (_SUFFIXES.get(suffix) or Decimal(f"1{suffix}"))


def cpu_text(cores: Decimal) -> str:
    """An amount of CPU as Kubernetes itself would write it."""
    return str(int(cores)) if cores == int(cores) else f"{int(cores * 1000)}m"


def bytes_text(amount: Decimal) -> str:
    """An amount of memory as Kubernetes itself would write it: with the largest binary suffix that fits."""
    for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
        if amount % _SUFFIXES[suffix] == 0:
            return f"{amount / _SUFFIXES[suffix]:f}{suffix}"
    return f"{amount:f}"


def _quantity(value: Any) -> str:
    text = f"{value}" if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    try:
        amount = quantity(text)
    except ValueError:
        refuse(f"{value!r} is not a Kubernetes quantity", "Write a number with an optional suffix: 2, 500m, 8Gi.")
    if amount <= 0:
        refuse(f"{value!r} must be greater than zero", "Write a positive amount, or null to leave it out.")
    return text


def _cpu(value: str) -> str:
    cores, remedy = quantity(value), "Write cores, such as 4, or thousandths of a core, such as 500m."
    if value.endswith("i"):
        refuse(f"{value!r} is an amount of memory, not of CPU", remedy)
    if cores * 1000 > _HIGHEST:
        refuse(f"{value!r} is more than Kubernetes can represent", remedy)
    if cores > _MOST_CPU:
        refuse(f"{value!r} is more cores than any node has", remedy)
    if cores % _SMALLEST_CPU:
        refuse(f"{value!r} is finer than a thousandth of a core", remedy)
    return value


def _bytes(value: str) -> str:
    amount = quantity(value)
    if amount > _HIGHEST:
        refuse(f"{value!r} is more than Kubernetes can represent", "Write an amount such as 8Gi.")
    if amount % 1:
        refuse(f"{value!r} is a fraction of a byte", "Write whole bytes, such as 8Gi; m means one thousandth.")
    if amount < _SMALLEST_BYTES:
        refuse(f"{value!r} is only {amount:f} bytes", "Write the unit too, such as 8Gi. The minimum is 1Mi.")
    return value


Cpu = Annotated[str, BeforeValidator(_quantity), AfterValidator(_cpu)]
"""An amount of CPU, in cores."""
Bytes = Annotated[str, BeforeValidator(_quantity), AfterValidator(_bytes)]
"""An amount of memory or storage, in bytes."""
