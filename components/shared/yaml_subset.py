"""The part of YAML that every YAML library reads in the same way. Everything else is rejected with line and column.

Rejected: numbers other than plain decimals, unquoted dates, tags, directives, a second document, keys that are not
text, keys that are defined twice, and text that Go's yaml.v3 does not write back unchanged, as the Pulumi CLI does.
No message repeats a value of the file: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, NoReturn

import yaml
from yaml.composer import Composer
from yaml.error import Mark, MarkedYAMLError
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

DEEPEST: Final = 100
MOST_VALUES: Final = 100_000
"""After aliases are replaced. A file of a few lines can expand to billions of values."""
PLAIN, QUOTED = "plain", "quoted"
LARGEST: Final = 2**53
"""The CLI turns numbers into floating-point ones, where larger ones lose digits."""

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_FRACTION = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+", re.ASCII)
_LIKE_A_NUMBER = re.compile(
    r"[-+]?(0x[0-9a-f]+|0o[0-7]+|0b[01]+|\.[0-9]+(e[-+]?[0-9]+)?|[0-9]+(\.[0-9]*)?(e[-+]?[0-9]+)?|\.inf|\.nan)",
    re.ASCII | re.IGNORECASE,
)
"""What Go takes for a number, underscores removed (go-yaml resolve.go)."""
_LIKE_A_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?", re.ASCII | re.DOTALL)
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BREAKS: Final = "\x85\u2028\u2029"
"""Line breaks for YAML 1.1 and ordinary characters for YAML 1.2."""


class Position(NamedTuple):
    """A place in a file, counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class UnreadableError(Exception):
    """A file is not YAML, or is YAML that libraries read differently."""

    def __init__(self, position: Position, problem: str, remedy: str) -> None:
        super().__init__(f"{position}: {problem}. {remedy}")
        self.position, self.problem, self.remedy = position, problem, remedy


Positions = Mapping[tuple[str, ...], Position]
"""Where each key is, by its path."""


def parse(content: bytes) -> tuple[Any, Positions]:
    """The value of a file, and where its keys are. Raises UnreadableError."""
    loader = None
    try:
        loader = _Loader(_text(content))
        node = loader.get_single_node()
        return _Values().of(node) if node else (None, {})
    except ReaderError as error:
        text = _text(content)[: int(error.position)]
        raise UnreadableError(_end(text), "a control character is not allowed", "Remove it, or escape it.") from None
    except MarkedYAMLError as error:
        raise _unreadable(error) from None
    except RecursionError:
        _too_deep(_position(loader.get_mark()) if loader else Position(1, 1))
    except (ValueError, OverflowError):
        # PyYAML does not check that an escape such as \UFFFFFFFF is a character.
        position = _position(loader.get_mark()) if loader else Position(1, 1)
        raise UnreadableError(position, "this escape sequence is not a character", "Correct it.") from None


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(Position(1, 1), "the file is UTF-16", "Save it as UTF-8.")
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise UnreadableError(_end(before), "this is not UTF-8 text", "Save the file as UTF-8.") from None
    for char in _BREAKS:
        if char in text:
            escape = f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"  # noqa: PLR2004 - one byte
            raise UnreadableError(
                _end(text[: text.index(char)]),
                f"U+{ord(char):04X} is a line break for some YAML libraries and a character for others",
                f'Remove it, or write {escape} in "double quotes".',
            )
    return text


def _end(text: str) -> Position:
    lines = re.split(r"\r\n|\r|\n", text)
    return Position(len(lines), len(lines[-1]) + 1)


def _position(mark: Mark | None) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def _unreadable(error: MarkedYAMLError) -> UnreadableError:
    if isinstance(error, _RejectedError):
        return UnreadableError(_position(error.problem_mark), str(error.problem), str(error.note))
    # Names of anchors and characters of values are in quotes, tokens of YAML in angle brackets.
    text = str(error.problem or error.context or "this is not YAML")
    problem = re.sub(r"'[^'<>]{2,}'|\"[^\"<>]{2,}\"", "…", text)
    remedy = "Check the indentation, the quotes and the brackets here and in the lines above."
    if "single document" in str(error.context):
        problem, remedy = "a second document begins here, which Pulumi ignores", "Remove the `---` line."
    elif "'\\t'" in text:
        problem, remedy = "a tab is not allowed here", "Indent with spaces."
    return UnreadableError(_position(error.problem_mark or error.context_mark), problem, remedy)


def _too_deep(position: Position) -> NoReturn:
    raise UnreadableError(position, f"this is nested more than {DEEPEST} levels deep", "Remove some levels.")


class _RejectedError(MarkedYAMLError):
    """YAML that this module does not accept."""

    def __init__(self, mark: Mark, problem: str, remedy: str) -> None:
        super().__init__(problem=problem, problem_mark=mark, note=remedy)


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Composes nodes, and tells plain from quoted text instead of guessing types."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]

    def scan_tag(self) -> NoReturn:
        raise _RejectedError(self.get_mark(), "tags (`!…`) are not supported", "Remove it, and put text in quotes.")

    def scan_directive(self) -> NoReturn:
        raise _RejectedError(self.get_mark(), "directives (`%…`) are not supported", "Remove the line.")


@dataclass
class _Values:
    """Turns nodes into values."""

    count: int = 0

    def __post_init__(self) -> None:
        self.positions: dict[tuple[str, ...], Position] = {}

    def of(self, node: yaml.Node) -> tuple[Any, Positions]:
        """The value of a whole document."""
        return self._value(node, (), ()), self.positions

    def _value(self, node: yaml.Node, path: tuple[str, ...], parents: tuple[int, ...]) -> Any:
        self.count += 1
        position = _position(node.start_mark)
        if id(node) in parents:
            raise UnreadableError(position, "this anchor contains itself", "Remove the alias (`*…`) inside it.")
        if len(parents) > DEEPEST:
            _too_deep(position)
        if self.count > MOST_VALUES:
            raise UnreadableError(position, f"the aliases expand to more than {MOST_VALUES} values", "Remove some.")
        inside = (*parents, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path, inside)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, str(index)), inside) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _map(self, node: yaml.MappingNode, path: tuple[str, ...], parents: tuple[int, ...]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            position = _position(key_node.start_mark)
            if key_node.tag == PLAIN and key_node.value == "<<":
                if merged:
                    raise UnreadableError(position, "`<<` is defined twice", "Use one `<<` with a list.")
                merged = self._merged(value_node, path, parents)
                continue
            key = _key(key_node)
            if key in own:
                first = self.positions[*path, key]
                raise UnreadableError(position, f"this key is already defined in line {first.line}", "Define it once.")
            self.positions[*path, key] = position
            own[key] = self._value(value_node, (*path, key), parents)
        return {**own, **{key: value for key, value in merged.items() if key not in own}}

    def _merged(self, node: yaml.Node, path: tuple[str, ...], parents: tuple[int, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(item, yaml.MappingNode):
                raise UnreadableError(_position(item.start_mark), "`<<` takes a map", "Write an alias of a map.")
            value = _Values(self.count)
            found = value._value(item, path, parents)
            self.count = value.count
            merged = {**found, **merged}
            self.positions = {**value.positions, **self.positions}
        return merged


def _key(node: yaml.Node) -> str:
    position = _position(node.start_mark)
    if not isinstance(node, yaml.ScalarNode):
        raise UnreadableError(position, "a key must be text", "Write one word before the colon.")
    value = _scalar(node)
    if not isinstance(value, str):
        raise UnreadableError(position, "this key is not text", "Put it in quotes.")
    if not value.isprintable():
        raise UnreadableError(position, "this key has a line break or an invisible character", "Remove it.")
    return value


def _scalar(node: yaml.Node) -> Any:
    text, position = node.value, _position(node.start_mark)
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise UnreadableError(position, "half of a surrogate pair is not a character", "Write the character itself.")
    if node.tag == QUOTED:
        if "\n" in text and text[0] in f"\t\n{_BREAKS}":
            # yaml.v3 writes it as a block and loses the first line break, or fails at the tab.
            raise UnreadableError(
                position, "Pulumi changes text of several lines that begins with a line break or a tab", "Remove it."
            )
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        number = int(text)
        if abs(number) > LARGEST:
            raise UnreadableError(position, "this number is too large", "Put it in quotes if it is text.")
        return number
    if _FRACTION.fullmatch(text):
        fraction = float(text)
        return int(fraction) if fraction.is_integer() and abs(fraction) < LARGEST else fraction
    if not text.startswith("_") and _LIKE_A_NUMBER.fullmatch(text.replace("_", "")):
        raise UnreadableError(
            position,
            "YAML libraries read this number in different ways",
            "Write it in plain decimal digits, or in quotes if it is text.",
        )
    if _LIKE_A_DATE.fullmatch(text):
        raise UnreadableError(position, "Pulumi reads this as a date and changes it", "Put it in quotes.")
    return text
