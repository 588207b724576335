"""TOML that any reader reads back as it was, and quantities as Kubernetes itself writes them."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.shared.quantities import bytes_text, cpu_text, quantity
from components.shared.toml import toml

text = st.text(st.characters(codec="utf-8"))
scalars = text | st.integers(-(2**63), 2**63 - 1) | st.booleans()
items = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=8)


@given(st.dictionaries(text, items))
def test_a_document_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml(document)) == document


def test_null_is_not_written() -> None:
    with pytest.raises(TypeError, match="TOML has no NoneType"):
        toml({"a": None})


@pytest.mark.parametrize(("cores", "written"), [("4", "4"), ("2.5", "2500m"), ("0.1", "100m"), ("10", "10")])
def test_cpu_is_written_in_cores_or_thousandths(cores: str, written: str) -> None:
    assert cpu_text(Decimal(cores)) == written


@given(st.integers(1, 2**63 - 1))
def test_an_amount_of_memory_stays_the_same(amount: int) -> None:
    assert quantity(bytes_text(Decimal(amount))) == amount
    assert bytes_text(Decimal(3 * 2**30)) == "3Gi"
    assert bytes_text(Decimal(1536 * 2**20)) == "1536Mi"
