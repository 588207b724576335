"""Quantities: what the API server accepts, without the amounts that make no sense for what they measure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.shared.quantities import Bytes, Cpu, quantity

CPU, BYTES = TypeAdapter(Cpu), TypeAdapter(Bytes)
SUFFIXES = {"": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
SUFFIXES |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
NUMBERS = st.decimals(min_value="0.001", max_value="99999", places=3)


@given(number=NUMBERS, suffix=st.sampled_from(sorted(SUFFIXES)))
def test_a_quantity_is_its_number_times_its_suffix(number: Decimal, suffix: str) -> None:
    assert quantity(f"{number:f}{suffix}") == number * Decimal(SUFFIXES[suffix])


@given(number=NUMBERS, power=st.integers(-3, 12))
def test_a_quantity_may_have_an_exponent(number: Decimal, power: int) -> None:
    assert quantity(f"{number:f}e{power}") == quantity(f"{number:f}E{power}") == number.scaleb(power)


@given(st.integers(1, 2048))
def test_a_number_needs_no_quotes(number: int) -> None:
    assert CPU.validate_python(number) == str(number)


@pytest.mark.parametrize("kind", [CPU, BYTES])
@given(text=st.one_of(st.text(), st.from_regex(r"[0-9]{1,40}(\.[0-9]{1,40})?([mkKMGTPE]i?|[eE]-?[0-9]{1,2})?")))
def test_any_text_is_an_amount_or_refused_without_an_exception_of_its_own(kind: TypeAdapter[str], text: str) -> None:
    try:
        accepted = kind.validate_python(text)
    except ValidationError as error:
        kinds = {detail["type"] for detail in error.errors()}
    else:
        kinds = {"refused"} if quantity(accepted) > 0 else set()
    assert kinds == {"refused"}


@pytest.mark.parametrize(
    "text", ["", "8GB", "8 Gi", "-1", "+1", "1,5", "0x10", ".5", "5.", "Gi", "1e", "1E1000000", "٣", "1_000", "inf"]
)
def test_what_the_api_server_would_refuse_or_misread_is_no_quantity(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a Kubernetes quantity"):
        CPU.validate_python(text)


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (BYTES, "100m", "fraction of a byte"),
        (BYTES, "1.5", "fraction of a byte"),
        (BYTES, "8", "only 8 bytes"),
        (BYTES, 8, "only 8 bytes"),
        (BYTES, "1023Ki", "bytes"),
        (BYTES, "8Ei", "more than Kubernetes can represent"),
        (BYTES, "1e99", "more than Kubernetes can represent"),
        (CPU, "8Gi", "amount of memory"),
        (CPU, "0.0001", "finer than a thousandth"),
        (CPU, "0.5m", "finer than a thousandth"),
        (CPU, "1e99", "more than Kubernetes can represent"),
        (CPU, 0, "must be greater than zero"),
        (CPU, True, "is not a Kubernetes quantity"),
    ],
)
def test_an_amount_fits_what_it_measures(kind: TypeAdapter[str], value: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        kind.validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"), [(BYTES, "1Mi"), (BYTES, "1.5Gi"), (BYTES, 2**30), (BYTES, "1e9"), (CPU, "1m"), (CPU, 0.5)]
)
def test_a_sensible_amount_is_accepted(kind: TypeAdapter[str], value: Any) -> None:
    assert kind.validate_python(value) == str(value)
