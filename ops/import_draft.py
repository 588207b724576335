"""What an import has found so far, and the plain way of taking a value over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from components.matlab.upstream_keys import Key, Kind
from components.shared.mistakes import Mistake
from ops.import_versions import Version, spelled
from ops.import_write import Path, Setting, one_line

SECRET_NAME: Final = re.compile(r"passw|secret|token|credential|api_?key|private", re.IGNORECASE)


class Draft:
    """What an import has found so far."""

    def __init__(self, values: Mapping[str, Any], chart: Version) -> None:
        self.values, self.chart = values, chart
        self.settings: dict[Path, Setting] = {}
        self.became: dict[str, str] = {}
        """Chart key → config path, or the reason why it has none. Every given key stands here."""
        self.left_out: list[str] = []
        self.notes: list[str] = []
        self.mistakes: list[Mistake] = []
        self.secrets: list[str] = []
        """Config paths of secrets that the values hold in clear."""

    def set(self, key: Key, value: Any, *remarks: str, path: str | None = None) -> None:
        """Take a value over."""
        where = path or key.paths[0]
        given = key.name in self.values
        origin = key.name if given else f"{key.name}, default of chart {spelled(self.chart)}"
        self.settings[tuple(where.split("."))] = Setting(value, origin, list(remarks))
        if given:
            known = self.became.get(key.name)
            self.became[key.name] = f"{known}, matlab.{where}" if known else f"matlab.{where}"

    def leave(self, name: str, reason: str, *, show: bool = True) -> None:
        """Say why a key becomes no setting."""
        if name in self.values:
            value = self.values[name]
            self.became[name] = reason
            self.left_out.append(f"{name}: {one_line(value)} - {reason}" if show else f"{name} - {reason}")

    def own(self, path: str, value: Any, remark: str) -> None:
        """Write a setting that no value gave, and say why."""
        self.settings.setdefault(tuple(path.split(".")), Setting(value, "", [remark]))

    def tree(self) -> dict[str, Any]:
        """The settings as the stack file nests them."""
        root: dict[str, Any] = {}
        for path, setting in self.settings.items():
            place = root
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = setting.value
        return root


def plain(draft: Draft, key: Key, value: Any, *remarks: str) -> None:
    """Take a value over as it is, or leave it out where the chart takes it for none."""
    if key.kind is Kind.QUANTITY and (value is None or value in ("", 0)):
        draft.set(key, None, *remarks)
    elif value is None:
        draft.leave(key.name, "null takes a value away, so the default counts")
    elif key.kind is Kind.TEXT and value == "":
        draft.leave(key.name, "empty, so the default counts")
    elif key.kind is Kind.QUANTITY and isinstance(value, (int, float)) and not isinstance(value, bool):
        draft.set(key, str(int(value)) if float(value).is_integer() else str(value), *remarks)
    elif key.kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        draft.set(key, int(value), *remarks)
    elif key.kind is Kind.MAP and isinstance(value, dict) and None in value.values():
        gone = ", ".join(name for name, item in value.items() if item is None)
        kept = {name: item for name, item in value.items() if item is not None}
        draft.set(key, kept, *remarks, f"null took {gone} away.")
    else:
        draft.set(key, value, *remarks)


def looks_secret(name: str, value: Any = None) -> bool:
    """The name, or a name inside the value, is one that people give to secrets."""
    if isinstance(value, dict) and any(looks_secret(str(inner), item) for inner, item in value.items()):
        return True
    if isinstance(value, list) and any(looks_secret("", item) for item in value):
        return True
    return SECRET_NAME.search(name) is not None
