"""Values of a stack file and what the Pulumi CLI makes of them (tests/e2e/test_stack_file.py asks it)."""

from __future__ import annotations

from typing import Any

READ: dict[str, Any] = {
    "4": 4,
    "-4": -4,
    "0": 0,
    "-0": 0,
    "1.50": 1.5,
    "3.0": 3,
    "9007199254740992": 9007199254740992,
    '"08"': "08",
    '"1e3"': "1e3",
    "true": True,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "y": "y",
    "null": None,
    "~": None,
    "": None,
    "1:30": "1:30",
    "1.2.3": "1.2.3",
    "192.0.2.0/24": "192.0.2.0/24",
    "0x": "0x",
    "_1": "_1",
    "a#b": "a#b",
    "a # comment": "a",
    "=": "=",
    "{a: 1, b: [x, 'y']}": {"a": 1, "b": ["x", "y"]},
    "[]": [],
    "{}": {},
    "|\n      a\n      b": "a\nb\n",
    "|-\n      a\n      b": "a\nb",
    "|+\n      a\n": "a\n\n",
    ">\n      a\n      b\n\n      c": "a b\nc\n",
    "|2\n        a\n      b": "  a\nb\n",
    "a\n      b": "a b",
    '"a\\\n      b"': "ab",
    '"\\u2028\\x85\\L"': "\u2028\x85\u2028",
    '"  a\\nb"': "  a\nb",
    "'it''s'": "it's",
    "&a {b: 1}": {"b": 1},
    "{a: &x {b: 1}, c: *x}": {"a": {"b": 1}, "c": {"b": 1}},
    "{a: &x {b: 1, c: 2}, d: {<<: *x, b: 3}}": {"a": {"b": 1, "c": 2}, "d": {"b": 3, "c": 2}},
    "{a: &x {b: 1}, c: &y {b: 2, d: 3}, e: {<<: [*x, *y]}}": {
        "a": {"b": 1}, "c": {"b": 2, "d": 3}, "e": {"b": 1, "d": 3},
    },
    '{"yes": 1, no: 2}': {"yes": 1, "no": 2},
    "{secure: 5}": {"secure": 5},
}  # fmt: skip
"""YAML of one value, and the value."""

REJECTED: tuple[str, ...] = (
    "08", "017", "+4", "0x1F", "0o17", "0b1", "1_000", "1_", "1e3", "1E3", ".5", "5.", "1.5e-3", ".inf", "-.INF",
    ".nan", "9007199254740993", "100000000000000000000", "2024-01-02", "2024-1-2 10:00:00", "2024-01-02T10:00:00Z",
    "!!str 5", "!!binary aGVsbG8=", "! a", "!custom a", "{1: a}", "{1.5: a}", "{true: a}", "{~: a}", "{[a]: b}",
    "{a: 1, a: 2}", '{a: 1, "a": 2}', "{<<: {a: 1}, <<: {b: 1}}", "{<<: 5}", "{<<: [5]}", "&a [*a]", "&a {b: *a}", "*a",
    '"\\q"', '"\\ud800"', '"\\UFFFFFFFF"', '"\\na"', '"\\t\\na"', "|\n\n      a", "\ta", "a: b: c", "[a", "{a", '"a',
    "@a", "`a", "%a", "\x01", "a\u2028b", "a\x85b", '{"a\\nb": 1}',
)  # fmt: skip
"""YAML of one value that is rejected, because the CLI rejects it or might read it differently."""


def stack_file(value: str) -> str:
    """A stack file with one value."""
    return f"config:\n  clusters:matlab:\n    value: {value}\n"
