"""A stack file with a comment beside every setting, in the order of the model."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from pydantic import BaseModel

from components.matlab.settings import Settings

WIDTH: Final = 118
_INDENT: Final = 2

Path = tuple[str, ...]


@dataclass
class Setting:
    """One line of the stack file: value, the chart's key that it comes from, and what there is to say."""

    value: Any
    origin: str = ""
    remarks: list[str] = field(default_factory=list)


class _Dumper(yaml.SafeDumper):
    """Strings that any reader, of YAML 1.1 or 1.2, takes for strings."""


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = re.fullmatch(r"[A-Za-z/][\w./@-]*(:[\w./@-]+)*", text, re.ASCII)
    word = text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain and not word else '"')


_Dumper.add_representer(str, _string)


def comment(text: str, indent: int = 0) -> list[str]:
    """A comment, folded; commands stay in one line, to be copied. What no YAML file may hold is spelled out."""
    pad = " " * indent
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    if text.lstrip().startswith(("pulumi ", "kubectl ")):
        return [f"{pad}# {text}"]
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}# ", break_long_words=False,
        break_on_hyphens=False,
    ) or [f"{pad}#"]  # fmt: skip


def group(settings: dict[Path, Setting], indent: int) -> list[str]:
    """The lines of the settings below `matlab`, in the model's order."""
    lines: list[str] = []
    open_: Path = ()
    for path in sorted(settings, key=_order):
        shared = 0
        while shared < min(len(open_), len(path) - 1) and open_[shared] == path[shared]:
            shared += 1
        lines += [f"{' ' * (indent + depth * _INDENT)}{path[depth]}:" for depth in range(shared, len(path) - 1)]
        open_ = path[:-1]
        lines += _leaf(path[-1], settings[path], indent + (len(path) - 1) * _INDENT)
    return lines


def _order(path: Path) -> tuple[tuple[int, str], ...]:
    model: type[BaseModel] | None = Settings
    order = []
    for step in path:
        names = _fields(model) if model else {}
        order.append((list(names).index(step) if step in names else len(names), step))
        model = names.get(step)
    return tuple(order)


def _fields(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """The names of a model's fields in a stack file, with the model behind each group."""
    return {
        found.alias or name: found.annotation
        if isinstance(found.annotation, type) and issubclass(found.annotation, BaseModel)
        else None
        for name, found in model.model_fields.items()
    }


def leaves(model: type[BaseModel] = Settings, at: Path = ()) -> Iterator[Path]:
    """The path of every setting of a model."""
    for name, inner in _fields(model).items():
        if inner:
            yield from leaves(inner, (*at, name))
        else:
            yield (*at, name)


def _leaf(name: str, setting: Setting, indent: int) -> list[str]:
    text = yaml.dump(
        {name: setting.value}, Dumper=_Dumper, width=float("inf"), allow_unicode=True, sort_keys=True,
        default_flow_style=False, indent=_INDENT,
    )  # fmt: skip
    lines = [f"{' ' * indent}{line}" if line else "" for line in text.splitlines()]
    above = [line for remark in setting.remarks for line in comment(remark, indent)]
    if setting.origin and len(lines) == 1 and len(lines[0]) + len(setting.origin) + 4 <= WIDTH + indent:
        return [*above, f"{lines[0]}  # {setting.origin}"]
    return [*above, *(comment(setting.origin, indent) if setting.origin else []), *lines]


def one_line(value: Any) -> str:
    """A value in one line of YAML, for a comment."""
    text = yaml.dump(value, Dumper=_Dumper, width=float("inf"), default_flow_style=True, allow_unicode=True)
    short = " ".join(text.removesuffix("\n...\n").split())
    return short if len(short) <= WIDTH else f"{short[:WIDTH]}…"


def document(
    head: Sequence[str], target: Sequence[str], settings: dict[Path, Setting], tail: Sequence[str] = ()
) -> str:
    """The text of a stack file. `head` are comments; `tail` is what the file held before."""
    lines = [line for text in head for line in comment(text)]
    lines += ["config:", *target, "  clusters:matlab:", *group(settings, 4), *tail]
    return "\n".join(lines) + "\n"
