"""The result of an import: settings, values without a setting, notes and mistakes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from components.matlab.upstream_keys import Key, Kind
from components.shared.mistakes import Mistake
from ops.helm_import.chart_versions import Version, spelled
from ops.helm_import.stack_file_text import SettingPath, WrittenSetting, one_line

SECRET_NAME: Final = re.compile(r"passw|secret|token|credential|api_?key|private", re.IGNORECASE)


class ImportResult:
    """What has been translated so far."""

    def __init__(self, values: Mapping[str, Any], chart: Version) -> None:
        self.values, self.chart = values, chart
        self.settings: dict[SettingPath, WrittenSetting] = {}
        self.outcomes: dict[str, str] = {}
        """Config paths, or the reason why there are none, by chart key. Every key of the values is here."""
        self.left_out: list[str] = []
        self.notes: list[str] = []
        self.mistakes: list[Mistake] = []
        self.secrets: list[str] = []
        """Config paths of secrets that the values hold."""
        self.keeps_password = False
        """The Secret with the administrator's password is taken over, and with it the password."""

    def set(self, key: Key, value: Any, *remarks: str, path: str | None = None) -> None:
        """Write a setting for a value of the chart."""
        where = path or key.paths[0]
        given = key.name in self.values
        origin = key.name if given else f"{key.name}, default of chart {spelled(self.chart)}"
        self.settings[tuple(where.split("."))] = WrittenSetting(value, origin, list(remarks))
        if given:
            known = self.outcomes.get(key.name)
            self.outcomes[key.name] = f"{known}, matlab.{where}" if known else f"matlab.{where}"

    def leave_out(self, name: str, reason: str, *, show: bool = True) -> None:
        """Say why a value becomes no setting."""
        if name in self.values:
            value = self.values[name]
            self.outcomes[name] = reason
            self.left_out.append(f"{name}: {one_line(value)} - {reason}" if show else f"{name} - {reason}")

    def drop(self, path: SettingPath, reason: str) -> None:
        """Leave out a setting that would be rejected because it changes nothing."""
        setting = self.settings.pop(path)
        name = setting.origin.partition(",")[0]
        if name in self.values and name in self.outcomes:
            others = [other for other in self.outcomes[name].split(", ") if other != f"matlab.{'.'.join(path)}"]
            if others and all(other.startswith("matlab.") for other in others):
                self.outcomes[name] = ", ".join(others)
            else:
                self.leave_out(name, reason, show=not looks_secret(name))

    def add(self, path: str, value: Any, remark: str) -> None:
        """Write a setting that no value stands for, and say why."""
        self.settings.setdefault(tuple(path.split(".")), WrittenSetting(value, "", [remark]))


def copy_value(result: ImportResult, key: Key, value: Any, *remarks: str) -> None:
    """Copy a value, or leave it out if the chart ignores it."""
    if key.kind is Kind.QUANTITY and (value is None or value in ("", 0)):
        result.set(key, None, *remarks)
    elif value is None:
        result.leave_out(key.name, "null removes a value, so the default is used")
    elif key.kind is Kind.TEXT and value == "":
        result.leave_out(key.name, "empty, so the default is used")
    elif key.kind is Kind.QUANTITY and isinstance(value, (int, float)) and not isinstance(value, bool):
        result.set(key, str(int(value)) if float(value).is_integer() else str(value), *remarks)
    elif key.kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        result.set(key, int(value), *remarks)
    elif key.kind is Kind.MAP and isinstance(value, dict) and None in value.values():
        gone = ", ".join(name for name, item in value.items() if item is None)
        kept = {name: item for name, item in value.items() if item is not None}
        result.set(key, kept, *remarks, f"null removes {gone}.")
    else:
        result.set(key, value, *remarks)


def looks_secret(name: str, value: Any = None) -> bool:
    """The name, or a name in the value, is one that people give to secrets."""
    if isinstance(value, dict) and any(looks_secret(str(inner), item) for inner, item in value.items()):
        return True
    if isinstance(value, list) and any(looks_secret("", item) for item in value):
        return True
    return SECRET_NAME.search(name) is not None
