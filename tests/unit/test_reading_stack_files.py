"""A stack file is read as the Pulumi CLI reads it, or rejected with line and column; never a traceback."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components import stack_file
from components.shared.mistakes import ConfigError
from components.stack import load_file
from components.stack_file import StackFile, own_key, parsed, with_placeholders
from tests.stack_file_cases import READ, REJECTED
from tests.stack_file_cases import stack_file as text_of


def read(text: str | bytes) -> StackFile:
    return parsed(text.encode() if isinstance(text, str) else text)


def refusal(content: str | bytes) -> str:
    with pytest.raises(ConfigError) as refused:
        read(content)
    (mistake,) = refused.value.mistakes
    assert mistake.code == stack_file.NOT_YAML
    assert re.fullmatch(r"line \d+, column \d+", mistake.path)
    return str(mistake)


@pytest.mark.parametrize("value", READ)
def test_a_value_is_read_as_the_cli_reads_it(value: str) -> None:
    """tests/e2e/test_stack_file.py compares the same values with the CLI's."""
    found = read(text_of(value)).config["matlab"]["value"]
    assert (found, type(found)) == (READ[value], type(READ[value]))


@pytest.mark.parametrize("value", REJECTED)
def test_a_value_that_libraries_read_differently_is_rejected(value: str) -> None:
    assert "line " in refusal(text_of(value))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("config: {}\n".encode("utf-16"), "line 1, column 1: the file is UTF-16. Save it as UTF-8."),
        ("config:\n  a: é\n".encode("latin-1"), "line 2, column 6: this is not UTF-8 text. Save the file as UTF-8."),
        (b"config:\n  a: \x00\n", "line 2, column 6: a control character is not allowed."),
        (b"- a\n", "line 1, column 1: a stack file must be a map."),
        (b"text", "line 1, column 1: a stack file must be a map."),
        (b"config: []\n", "line 1, column 1: `config` must be a map."),
        (b"config: text\n", "`config` must be a map."),
        (b"%YAML 1.2\n---\nconfig: {}\n", "line 1, column 1: directives (`%…`) are not supported."),
        (b"config: {}\n---\nconfig: {}\n", "line 2, column 1: a second document begins here, which Pulumi ignores."),
        (b"config: {}\nconfig: {}\n", "line 2, column 1: this key is already defined in line 1."),
        (b"config:\n  a: {b: 1}\n  clusters:a: 2\n", "line 3, column 3: `a` is defined twice, with"),
        (b"config:\n  a: [" + b"[" * 200 + b"]" * 200 + b"]\n", "nested more than 100 levels deep"),
        (b"[" * 100_000, "nested more than 100 levels deep"),
        (b"a: &a [1,1,1,1,1,1,1,1,1]\n" + b"".join(
            b"%c: &%c [%s]\n" % (ord("a") + n, ord("a") + n, b",".join([b"*%c" % (ord("a") + n - 1)] * 9))
            for n in range(1, 8)
        ), "the aliases expand to more than 100000 values"),
    ],
    ids=range(14),
)  # fmt: skip
def test_a_file_that_is_not_a_stack_file_is_rejected_with_a_sentence(content: bytes, sentence: str) -> None:
    assert sentence in refusal(content)


@pytest.mark.parametrize("content", [b"", b"\n", b"# comment\n", b"---\n", b"config:\n", b"~\n", b"config: {}\n"])
def test_a_file_may_be_empty(content: bytes) -> None:
    assert read(content).config == {}


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    plain = "config:\n  clusters:matlab:\n    a: |\n      x\n      y\n"
    assert read(codecs.BOM_UTF8 + plain.replace("\n", "\r\n").encode()) == read(plain)


@pytest.mark.parametrize(
    ("key", "own"),
    [
        ("matlab", "matlab"),
        ("clusters:matlab", "matlab"),
        ("clusters:config:matlab", "matlab"),
        ("aws:region", "aws:region"),
        ("aws:config:region", "aws:region"),
        ("a:b:c", None),
        ("a:b:c:d", None),
    ],
)
def test_keys_lose_the_prefix_of_this_project_only(key: str, own: str | None) -> None:
    assert own_key(key) == own


def test_secrets_become_placeholders_with_their_paths() -> None:
    config = read("config:\n  clusters:matlab:\n    users: [{secure: v1:a:b}]\n    c: {secure: 5}\n").config
    assert with_placeholders(config["matlab"], "matlab") == {"users": ["<secret matlab.users[0]>"], "c": {"secure": 5}}
    assert stack_file.holds_secret(config["matlab"])
    assert not stack_file.holds_secret({"c": {"secure": 5}})


def test_keys_outside_config_are_named_and_an_environment_is_noticed() -> None:
    file = read("config: {}\nworkers: {}\nencryptionsalt: v1:a\nx-anchors: {}\nenvironment: [lab]\n")
    assert (file.ignored, file.environment) == (("workers",), True)


def test_no_file_is_no_stack_file(tmp_path: Path) -> None:
    assert stack_file.read(tmp_path / "Pulumi.none.yaml") is None
    with pytest.raises(FileNotFoundError):
        load_file(tmp_path / "Pulumi.none.yaml")


CANARY = "hunter2"


@pytest.mark.parametrize(
    "value",
    [
        f"*{CANARY}", f"&{CANARY} [*{CANARY}]", f"!{CANARY} a", f"!!{CANARY} a", f"'{CANARY}", f'"{CANARY}\\q"',
        f"[{CANARY}", f"a: {CANARY}: b", f"@{CANARY}", f"0777{CANARY}: 1: 2", f"&{CANARY} a: &{CANARY} b",
        f"{{{CANARY}",
    ],
)  # fmt: skip
def test_no_message_repeats_what_may_be_a_secret(value: str) -> None:
    assert CANARY not in refusal(text_of(value))


FRAGMENTS = (
    "config:", "clusters:matlab:", "\n", "\n  ", "\n    ", "a", "- ", ": ", ":", "{", "}", "[", "]", ", ", "?", "&x ",
    "*x", "<<: ", "!!str ", "|", ">", '"', "'", "\\", "#", "\t", "\r\n", "---\n", "...\n", "%", "1", "08", "1e3", "~",
    "secure: ",    "\ufeff", "\x00", "\u2028", "é", "\U0001f600", "environment:",
)  # fmt: skip


def harmless(content: bytes) -> None:
    try:
        found: Any = parsed(content)
    except ConfigError as error:
        assert all(re.fullmatch(r"line \d+, column \d+", mistake.path) for mistake in error.mistakes)  # noqa: PT017
        return
    assert isinstance(found, StackFile)


@given(st.binary(max_size=80))
@example(b"\xff\xfec\x00")
@example(b'"\\UFFFFFFFF"')
def test_any_bytes_are_read_or_rejected(content: bytes) -> None:
    harmless(content)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_any_text_like_yaml_is_read_or_rejected(text: str) -> None:
    harmless(text.encode())
