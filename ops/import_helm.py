"""Helm's view of values: files merged in order, then `--set` and `--set-string` (helm/helm pkg/strvals, pkg/cli)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ops.errors import CommandError

HIGHEST_INDEX: Final = 65536
DEEPEST_NAME: Final = 30

HEADINGS: Final = ("USER-SUPPLIED VALUES", "COMPUTED VALUES")

Values = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML as Helm reads it (sigs.k8s.io/yaml): YAML 1.1 booleans and octals, but no dates and no base 60."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own registry

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                self.twice.append(key.value)
            seen.add(key.value)
        return {_text(key): value for key, value in super().construct_mapping(node, deep).items()}


def _text(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


for _tag, _pattern, _first in (
    ("bool", r"y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF", "yYtToOnNfF"),
    ("int", r"[-+]?0b[0-1_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in {"y", "yes", "true", "on"})


def read_values(path: Path) -> tuple[Values, list[str]]:
    """The values of one file, and the keys that stand there twice (the last one counts). Raises CommandError."""
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        values = loader.get_single_data()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise CommandError(f"{path} is not YAML: {error}") from error
    if values is None:
        return {}, []
    if not isinstance(values, dict):
        raise CommandError(f"{path} is no values file: it must be a mapping")
    # The heading that helm get values prints unless it is asked for YAML.
    return {key: value for key, value in values.items() if key not in HEADINGS or value is not None}, loader.twice


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Values:
    """`upper` over `lower`: maps are merged, lists and scalars replaced; null stays, it takes a default away."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def gather(files: Sequence[Path], sets: Sequence[str], strings: Sequence[str]) -> tuple[Values, list[str]]:
    """The values of a Helm command line, and what deserves a word. Helm puts --set-string after every --set."""
    values: Values = {}
    remarks: list[str] = []
    for path in files:
        read, twice = read_values(path)
        values = merge(values, read)
        remarks += [f"{path.name}: {key} stands there twice; the last one counts, as with Helm." for key in twice]
    for text in sets:
        parse_set(text, values)
    for text in strings:
        parse_set(text, values, typed=lambda word: word)
    return values, remarks


def typed_value(word: str) -> Any:
    """What `--set` makes of a word: true, false, null, whole numbers without leading zero, else text."""
    if (lower := word.lower()) in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[lower]
    if word == "0" or re.fullmatch(r"[-+]?[1-9][0-9]*|[-+]0+[0-9]*", word, re.ASCII):
        number = int(word)
        return number if -(2**63) <= number < 2**63 else word
    return word


def parse_set(text: str, values: Values, typed: Callable[[str], Any] = typed_value) -> None:
    """Set what one `--set` option says in `values`. Raises CommandError with the option and the problem."""
    try:
        _Parser(text, typed).parse(values)
    except (_BadSetError, ValueError) as error:
        # The option may hold a password: its name is enough.
        raise CommandError(f"--set {re.split('[=,]', text)[0]}…: {error}") from error


class _BadSetError(Exception):
    pass


class _EndError(Exception):
    """The text is used up."""


class _Parser:
    """`name=value,a.b=c,list={a,b},items[0].x=y`; a backslash lets the next character stand for itself."""

    def __init__(self, text: str, typed: Callable[[str], Any]) -> None:
        self._text, self._at, self._typed = text, 0, typed

    def parse(self, values: Values) -> None:
        try:
            while True:
                self._key(values, 0)
        except _EndError:
            return

    def _next(self) -> str | None:
        if self._at >= len(self._text):
            return None
        self._at += 1
        return self._text[self._at - 1]

    def _until(self, stops: str) -> tuple[str, str | None]:
        """The text up to one of `stops`, and that one; None at the end."""
        word = ""
        while (char := self._next()) is not None:
            if char in stops:
                return word, char
            if char == "\\":
                following = self._next()
                if following is None:
                    break
                word += following
            else:
                word += char
        return word, None

    def _key(self, values: Values, depth: int) -> None:
        name, stop = self._until("=[,.")
        if stop is None:
            if not name:
                raise _EndError
            raise _BadSetError(f"{name} has no value")
        if stop == ",":
            raise _BadSetError(f"{name or 'a name'} has no value")
        if stop == "[":
            index, items = self._index(), values.get(name, [])
            if not isinstance(items, list):
                raise _BadSetError(f"{name} is no list")
            self._store(values, name, self._item(items, index, depth))
        elif stop == "=":
            self._store(values, name, self._value())
        else:
            if depth >= DEEPEST_NAME:
                raise _BadSetError(f"a name has more than {DEEPEST_NAME} parts")
            inner = values.get(name, {})
            if not isinstance(inner, dict):
                raise _BadSetError(f"{name} is no map")
            inner = dict(inner)
            try:
                self._key(inner, depth + 1)
            finally:
                if inner:
                    self._store(values, name, inner)

    @staticmethod
    def _store(values: Values, name: str, value: Any) -> None:
        if name:
            values[name] = value

    def _index(self) -> int:
        digits, stop = self._until("]")
        if stop is None or not re.fullmatch(r"[0-9]+", digits, re.ASCII):
            raise _BadSetError(f"[{digits} is no index of a list")
        if int(digits) > HIGHEST_INDEX:
            raise _BadSetError(f"[{digits}] is beyond the highest index, {HIGHEST_INDEX}")
        return int(digits)

    def _item(self, items: list[Any], index: int, depth: int) -> list[Any]:
        word, stop = self._until("[.=")
        if word or stop is None:
            raise _BadSetError(f"{word or 'nothing'} follows the index of a list")
        items = [*items, *[None] * (index + 1 - len(items))]
        if stop == "=":
            items[index] = self._value()
        elif stop == "[":
            nested = items[index]
            items[index] = self._item(nested if isinstance(nested, list) else [], self._index(), depth)
        else:
            inner = dict(items[index]) if isinstance(items[index], dict) else {}
            self._key(inner, depth)
            items[index] = inner
        return items

    def _value(self) -> Any:
        if self._at < len(self._text) and self._text[self._at] == "{":
            self._at += 1
            return self._list()
        word, _ = self._until(",")
        return self._typed(word) if word else ""

    def _list(self) -> list[Any]:
        items: list[Any] = []
        while True:
            word, stop = self._until(",}")
            if stop is None:
                raise _BadSetError("a list must end with }")
            items.append(self._typed(word))
            if stop == "}":
                if self._at < len(self._text) and self._text[self._at] == ",":
                    self._at += 1
                return items
