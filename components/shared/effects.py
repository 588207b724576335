"""Settings that have no effect in the mode that the others lead to: each is refused, with the reason.

A setting that is written with its default value changes nothing and says nothing false, so it is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from pydantic import BaseModel

from components.shared.mistakes import Mistake, dotted, no_effect

T = TypeVar("T")
Reason = Callable[[T], str | None]
"""From a topology to the reason why a setting has no effect in it, if so."""


def without_effect(
    group: BaseModel, topology: T, effects: Mapping[str, Reason[T]], *at: str | int
) -> Iterator[Mistake]:
    """Every setting that was written in the group and has no effect; `at` is the group's own path.

    `effects` has config paths below the group: of a setting, or of a group with all of its settings.
    """
    for path in written(group):
        for prefix in _prefixes(path):
            if (reason := effects.get(prefix)) and (why := reason(topology)):
                yield no_effect(dotted([*at, *path]), why)


def _prefixes(path: tuple[str, ...]) -> Iterator[str]:
    return (".".join(path[:count]) for count in range(1, len(path) + 1))


def written(group: BaseModel, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Location of every setting that was written with another value than its default."""
    for name in sorted(group.model_fields_set):
        field, value = type(group).model_fields[name], getattr(group, name)
        here = (*at, field.alias or name)
        if isinstance(value, BaseModel):
            yield from written(value, here)
        elif field.is_required() or value != field.get_default(call_default_factory=True):
            yield here
