"""Settings that a person wrote and that differ from their defaults: the ones that have to have an effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def written(group: BaseModel, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Location of every setting that was written with another value than its default. Lists are not entered."""
    for name in sorted(group.model_fields_set):
        field, value = type(group).model_fields[name], getattr(group, name)
        here = (*at, field.alias or name)
        if isinstance(value, BaseModel):
            yield from written(value, here)
        elif field.is_required() or value != field.get_default(call_default_factory=True):
            yield here


def pointless(
    group: BaseModel, effects: Mapping[str, Callable[[Any], str | None]], subject: Any
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Location of every written setting without an effect, and why. `effects` maps settings and groups to reasons."""
    for path in written(group):
        for count in range(1, len(path) + 1):
            if (reason := effects.get(".".join(path[:count]))) and (why := reason(subject)):
                yield path, why
