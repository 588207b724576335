"""From the arguments of a component to the values of a stack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RENAMED: Final = {"className": "class"}
"""Settings whose names Python reserves: arguments are attributes of Python classes on their way."""


def as_settings(arguments: Mapping[str, Any], secrets: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Values as a stack file has them. `secrets` says where the flat secret arguments belong."""
    found: dict[str, Any] = {name: _plain(value) for name, value in arguments.items() if name not in secrets}
    for name, steps in secrets.items():
        if name in arguments:
            group = found
            for step in steps[:-1]:
                group = group.setdefault(step, {})
            group[steps[-1]] = arguments[name]
    return found


def _plain(value: Any) -> Any:
    """The engine's protocol knows one kind of number, so every integer arrives as a float."""
    if isinstance(value, Mapping):
        return {RENAMED.get(key, key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
