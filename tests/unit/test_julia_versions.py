"""Compat entries mean to this program what they mean to Pkg: the examples of its documentation, and its own tests."""

from __future__ import annotations

import pytest

from components.julia.versions import allows, have_common, spans, version


@pytest.mark.parametrize(
    ("compat", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0"]),
        ("^1.2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        ("1", ["1.0.0", "1.99.0"], ["0.9.9", "2.0.0"]),
        ("0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0"]),
        ("0.0.3", ["0.0.3"], ["0.0.2", "0.0.4"]),
        ("0.0", ["0.0.0", "0.0.9"], ["0.1.0"]),
        ("0", ["0.0.1", "0.9.9"], ["1.0.0"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]),
        ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
        ("=1.2.3", ["1.2.3"], ["1.2.4", "1.2.2"]),
        ("= 1.2", ["1.2.0"], ["1.2.1"]),
        (">= 1.2.3", ["1.2.3", "9.0.0"], ["1.2.2"]),
        ("≥ 1.2", ["1.2.0"], ["1.1.0"]),
        ("< 1.2.3", ["0.0.1", "1.2.2"], ["1.2.3"]),
        ("1.2 - 4.5.6", ["1.2.0", "4.5.6"], ["1.1.0", "4.5.7"]),
        ("0.2 - 0", ["0.2.0", "0.9.0"], ["0.1.0", "1.0.0"]),
        ("0.21, 1", ["0.21.4", "1.3.0"], ["0.22.0", "2.0.0"]),
        ("v1.2", ["1.2.0"], ["1.1.0"]),
    ],
)
def test_an_entry_allows_the_versions_that_pkg_allows(compat: str, inside: list[str], outside: list[str]) -> None:
    found = {text: allows(compat, number) for text in (*inside, *outside) if (number := version(text))}
    assert found == {**dict.fromkeys(inside, True), **dict.fromkeys(outside, False)}


@pytest.mark.parametrize(
    "compat", ["", "latest", "*", "==1.2", ">1.2", "<=1.2", "1.2-1.4", "1.2.x", "0.0.0", "1,,2", "1.2.3.4"]
)
def test_what_pkg_does_not_read_is_no_entry(compat: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        spans(compat)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [("0.21", "1", False), ("0.21, 1", "0.21", True), (">=0.20", "0.21", True), ("0.18", "0.19", False)],
)
def test_two_entries_have_a_version_in_common_or_none(one: str, other: str, *, common: bool) -> None:
    assert have_common(one, other) == have_common(other, one) == common


@pytest.mark.parametrize(
    ("text", "number"), [("1.10.10", (1, 10, 10)), ("0.1.5+0", (0, 1, 5)), ("1.11.0-rc1", (1, 11, 0)), ("1.10", None)]
)
def test_a_version_has_three_numbers(text: str, number: tuple[int, int, int] | None) -> None:
    assert version(text) == number
