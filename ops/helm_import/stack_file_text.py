"""The text of a stack file: every setting with a comment, in the order of the model."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import yaml
from pydantic import BaseModel

from components import stack_file
from components.matlab.settings import Settings
from components.shared.mistakes import ConfigError, dotted
from ops.errors import CommandError

WIDTH: Final = 118
_INDENT: Final = 2
_MOST_DIGITS: Final = 1e15

SettingPath = tuple[str, ...]


@dataclass
class WrittenSetting:
    """One setting: its value, the chart's key that it comes from, and remarks."""

    value: Any
    origin: str = ""
    remarks: list[str] = field(default_factory=list)


class _Dumper(yaml.SafeDumper):
    """Writes what `components.stack_file` reads back unchanged."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    lines = text.split("\n")
    if (
        len(lines) > 1
        and not lines[-1]
        and all(line.isprintable() and line and line == line.strip() for line in lines[:-1])
    ):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = re.fullmatch(r"[A-Za-z/][\w./@-]*(:[\w./@-]+)*", text, re.ASCII)
    word = text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain and not word else '"')


def _write_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    if abs(value) < _MOST_DIGITS:
        return dumper.represent_scalar("tag:yaml.org,2002:float", f"{Decimal(repr(value)):f}")
    return dumper.represent_float(value)


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(float, _write_float)


def comment(text: str, indent: int = 0) -> list[str]:
    """A wrapped comment. Commands stay on one line so that you can copy them; unprintable characters are escaped."""
    pad = " " * indent
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    if text.lstrip().startswith(("pulumi ", "kubectl ")):
        return [f"{pad}# {text}"]
    return textwrap.wrap(
        text, WIDTH, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}# ", break_long_words=False,
        break_on_hyphens=False,
    ) or [f"{pad}#"]  # fmt: skip


def group(settings: Mapping[SettingPath, WrittenSetting], indent: int) -> list[str]:
    """The lines of the settings under `matlab`, in the model's order."""
    lines: list[str] = []
    current: SettingPath = ()
    for path in sorted(settings, key=_order):
        shared = 0
        while shared < min(len(current), len(path) - 1) and current[shared] == path[shared]:
            shared += 1
        lines += [f"{' ' * (indent + depth * _INDENT)}{path[depth]}:" for depth in range(shared, len(path) - 1)]
        current = path[:-1]
        lines += _setting(path[-1], settings[path], indent + (len(path) - 1) * _INDENT)
    return lines


def _order(path: SettingPath) -> tuple[tuple[int, str], ...]:
    model: type[BaseModel] | None = Settings
    order = []
    for step in path:
        names = _fields(model) if model else {}
        order.append((list(names).index(step) if step in names else len(names), step))
        model = names.get(step)
    return tuple(order)


def _fields(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """The names in a group, each with the model of the group behind it."""
    return {
        found.alias or name: found.annotation
        if isinstance(found.annotation, type) and issubclass(found.annotation, BaseModel)
        else None
        for name, found in model.model_fields.items()
    }


def _setting(name: str, setting: WrittenSetting, indent: int) -> list[str]:
    text = yaml.dump(
        {name: setting.value}, Dumper=_Dumper, width=float("inf"), allow_unicode=True, sort_keys=True,
        default_flow_style=False, indent=_INDENT,
    )  # fmt: skip
    lines = [f"{' ' * indent}{line}" if line else "" for line in text.removesuffix("\n").split("\n")]
    above = [line for remark in setting.remarks for line in comment(remark, indent)]
    if setting.origin and len(lines) == 1 and len(lines[0]) + len(setting.origin) + 4 <= WIDTH + indent:
        return [*above, f"{lines[0]}  # {setting.origin}"]
    return [*above, *(comment(setting.origin, indent) if setting.origin else []), *lines]


def one_line(value: Any) -> str:
    """A value on one line of YAML, for a comment."""
    text = yaml.dump(value, Dumper=_Dumper, width=float("inf"), default_flow_style=True, allow_unicode=True)
    short = " ".join(text.removesuffix("\n...\n").split())
    return short if len(short) <= WIDTH else f"{short[:WIDTH]}…"


def document(
    head: Sequence[str],
    target: Sequence[str],
    settings: Mapping[SettingPath, WrittenSetting],
    tail: Sequence[str] = (),
) -> str:
    """The text of a stack file. `head` are comments; `tail` is what the file held before.

    Raises CommandError if the text does not read back as these settings.
    """
    lines = [line for text in head for line in comment(text)]
    lines += ["config:", *target, "  clusters:matlab:", *group(settings, 4), *tail]
    text = "\n".join(lines) + "\n"
    if not _reads_back(text, settings):
        wrong = [
            path for path, setting in settings.items() if not _reads_back(_one_setting(path, setting), {path: setting})
        ]
        if not wrong:
            raise CommandError("The existing content of the file is not a stack file. Nothing was written.")
        names = ", ".join(settings[path].origin or dotted(path) for path in wrong)
        raise CommandError(
            f"A stack file cannot hold the value of {names}: Pulumi would change it. Change or remove it in the values "
            "file. Nothing was written."
        )
    return text


def _one_setting(path: SettingPath, setting: WrittenSetting) -> str:
    """A stack file with one setting."""
    return "\n".join(["config:", "  clusters:matlab:", *group({path: setting}, 4)]) + "\n"


def _reads_back(text: str, settings: Mapping[SettingPath, WrittenSetting]) -> bool:
    try:
        found = stack_file.parsed(text.encode()).config.get("matlab")
    except (ConfigError, UnicodeEncodeError):
        return False
    return bool((found or {}) == nested(settings))


def nested(settings: Mapping[SettingPath, WrittenSetting]) -> dict[str, Any]:
    """The settings as the stack file nests them."""
    root: dict[str, Any] = {}
    for path, setting in settings.items():
        put(root, path, setting.value)
    return root


def put(root: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set one setting in nested ones."""
    *groups, last = path
    for step in groups:
        root = root.setdefault(step, {})
    root[last] = value
