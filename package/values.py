"""From the arguments of a component to the values of a stack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RENAMED: Final = {("loadBalancer", "className"): "class", ("snapshot", "className"): "class"}
"""Settings whose names Python reserves, by group: arguments are attributes of Python classes on their way."""


def as_settings(arguments: Mapping[str, Any], secrets: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Values as a stack file has them. `secrets` says where the flat secret arguments belong."""
    found: dict[str, Any] = _plain({name: value for name, value in arguments.items() if name not in secrets}, "")
    for name, steps in secrets.items():
        if name in arguments:
            group = found
            for step in steps[:-1]:
                group = group.setdefault(step, {})
            group[steps[-1]] = arguments[name]
    return found


def _plain(value: Any, group: str) -> Any:
    """The engine's protocol knows one kind of number, so every integer arrives as a float."""
    if isinstance(value, Mapping):
        # SDKs of some languages pass null for what is not set.
        given = {key: item for key, item in value.items() if item is not None}
        return {RENAMED.get((group, key), key): _plain(item, key) for key, item in given.items()}
    if isinstance(value, list):
        return [_plain(item, group) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
