"""References between environment variables: Kubernetes replaces $(NAME) by the value of a variable before it.

https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"\$\$|\$\(([^)]*)\)")
"""`$$` is an escaped dollar sign, so `$$(NAME)` refers to nothing."""


def references(value: str) -> list[str]:
    """The variables that a value refers to."""
    return [name for name in _REFERENCE.findall(value) if name]


def in_order(values: Mapping[str, str]) -> Iterator[str]:
    """The names, each after the ones that its value refers to. Otherwise their order stays."""
    placed: set[str] = set()

    def place(name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name in placed or name in above:
            return
        for other in references(values[name]):
            if other in values:
                yield from place(other, (*above, name))
        placed.add(name)
        yield name

    for name in values:
        yield from place(name, ())


def circular(values: Mapping[str, str]) -> list[str]:
    """The names of variables that refer to themselves, by way of others or not."""

    def reached(name: str) -> set[str]:
        found: set[str] = set()
        pending = [name]
        while pending:
            new = {other for other in references(values.get(pending.pop(), "")) if other not in found}
            found |= new
            pending += new
        return found

    return [name for name in values if name in reached(name)]
