"""Field types by themselves: quantities, and the word that a person may have meant."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.shared.fields import AbsolutePath, Cidr, DnsName, Host, LabelKey, Quantity, quantity
from components.shared.mistakes import did_you_mean, dotted

QUANTITY = TypeAdapter(Quantity)
SUFFIXES = {"": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
SUFFIXES |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
NUMBERS = st.decimals(min_value="0.001", max_value="99999", places=3)


@given(number=NUMBERS, suffix=st.sampled_from(sorted(SUFFIXES)))
def test_a_quantity_is_its_number_times_its_suffix(number: Decimal, suffix: str) -> None:
    text = f"{number:f}{suffix}"
    assert quantity(text) == number * Decimal(SUFFIXES[suffix])
    assert QUANTITY.validate_python(text) == text


@given(number=NUMBERS, power=st.integers(-3, 12))
def test_a_quantity_may_have_an_exponent(number: Decimal, power: int) -> None:
    assert quantity(f"{number:f}e{power}") == quantity(f"{number:f}E{power}") == number.scaleb(power)


@given(st.integers(1, 10**9))
def test_a_number_needs_no_quotes(number: int) -> None:
    assert QUANTITY.validate_python(number) == str(number)


@given(st.text())
def test_any_other_text_is_refused_without_an_exception_of_its_own(text: str) -> None:
    try:
        accepted = QUANTITY.validate_python(text)
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
        QUANTITY.validate_python(text)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Workers", "workers"),
        ("worker", "workers"),
        ("jobmanager", "jobManager"),
        ("job_manager", "jobManager"),
        ("storge", "storage"),
        ("zzz", None),
        ("", None),
    ],
)
def test_a_near_word_is_offered_and_a_far_one_is_not(word: str, meant: str | None) -> None:
    assert did_you_mean(word, ["workers", "jobManager", "storage"]) == meant


@given(st.lists(st.sampled_from(["workers", "jobManager", "storage", "network"]), unique=True), st.text())
def test_only_known_words_are_offered(words: list[str], word: str) -> None:
    assert did_you_mean(word, words) in {*words, None}
    assert all(did_you_mean(known.upper(), words) == known for known in words)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (["matlab", "workers", "max"], "matlab.workers.max"),
        (["matlab", "workers", "tolerations", 0, "key"], "matlab.workers.tolerations[0].key"),
        (["matlab", "workers", "nodeSelector", "example.org/pool"], 'matlab.workers.nodeSelector["example.org/pool"]'),
        ([0], "[0]"),
    ],
)
def test_a_path_is_written_as_pulumi_config_set_takes_it(steps: list[str | int], path: str) -> None:
    assert dotted(steps) == path


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (Host, "mjs.example.org", "mjs.example.org"),
        (Host, "192.0.2.7", "192.0.2.7"),
        (Cidr, "192.0.2.0/24", "192.0.2.0/24"),
        (Cidr, "192.0.2.7", "192.0.2.7/32"),
        (Cidr, "2001:DB8::/32", "2001:db8::/32"),
        (AbsolutePath, "/data/", "/data"),
        (DnsName, "matlab.r2026a", "matlab.r2026a"),
        (DnsName, "c" * 253, "c" * 253),
        (LabelKey, "example.org/pool", "example.org/pool"),
        (LabelKey, "pool", "pool"),
    ],
)
def test_what_is_right_is_accepted(kind: object, value: str, kept: str) -> None:
    assert TypeAdapter(kind).validate_python(value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Host, "mjs.example.org:443"),
        (Host, ""),
        (Host, "1.2.3"),
        (Cidr, "192.0.2.0/33"),
        (AbsolutePath, "/"),
        (AbsolutePath, "/data\n"),
        (AbsolutePath, ""),
        (DnsName, "c" * 254),
        (DnsName, "a..b"),
        (DnsName, "-a"),
        (LabelKey, "/pool"),
        (LabelKey, "a/b/c"),
        (LabelKey, "p" * 64),
    ],
)
def test_what_is_wrong_is_refused(kind: object, value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)
