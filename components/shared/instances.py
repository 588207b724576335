"""Finds the groups of one kind in the settings of a system, wherever they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def instances(kind: type[M], value: object, *at: str | int) -> Iterator[tuple[tuple[str | int, ...], M]]:
    """Every group of the kind in a value, with its place."""
    if isinstance(value, kind):
        yield at, value
    members: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        members = ((field.alias or name, getattr(value, name)) for name, field in fields)
    elif isinstance(value, tuple):
        members = enumerate(value)
    elif isinstance(value, dict):
        members = value.items()
    for step, member in members:
        if isinstance(member, (BaseModel, tuple, dict)):
            yield from instances(kind, member, *at, step)
