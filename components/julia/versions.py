"""Versions of Julia packages, and the notation of compat entries, as Pkg reads it.

https://github.com/JuliaLang/Pkg.jl/blob/master/src/Versions.jl
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

Version = tuple[int, int, int]
_NUMBER: Final = r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?"
_SEMVER: Final = re.compile(rf"([~^]?){_NUMBER}", re.ASCII)
_INEQUALITY: Final = re.compile(rf"(≥|>=|=|<)\s*{_NUMBER}", re.ASCII)
_HYPHEN: Final = re.compile(rf"{_NUMBER}\s+-\s+{_NUMBER}", re.ASCII)
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?", re.ASCII)
_NO_END: Final = 2**32


class Span(NamedTuple):
    """Versions from the first one to the one before `end`."""

    first: Version
    end: Version


def version(text: str) -> Version | None:
    """A version with three numbers; None for another text."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def spans(compat: str) -> list[Span]:
    """The versions that a compat entry allows. Raises ValueError for a text that Pkg does not read."""
    return [_span(part.strip()) for part in compat.split(",")]


def allows(compat: str, wanted: Version) -> bool:
    """The entry allows the version. Raises ValueError as `spans` does."""
    return any(span.first <= wanted < span.end for span in spans(compat))


def have_common(one: str, other: str) -> bool:
    """Some version fits both entries. Raises ValueError as `spans` does."""
    return any(a.first < b.end and b.first < a.end for a in spans(one) for b in spans(other))


def _span(text: str) -> Span:
    if found := _SEMVER.fullmatch(text):
        return _semver(found[1], found.groups()[1:])
    if found := _INEQUALITY.fullmatch(text):
        first = _padded(found.groups()[1:])
        if found[1] == "<":
            return Span((0, 0, 0), first)
        return Span(first, _after(first) if found[1] == "=" else (_NO_END, 0, 0))
    if found := _HYPHEN.fullmatch(text):
        return Span(_padded(found.groups()[:3]), _after(_given(found.groups()[3:])))
    raise ValueError(text)


def _semver(kind: str, parts: Sequence[str | None]) -> Span:
    given = _given(parts)
    if given == (0, 0, 0):
        raise ValueError("0.0.0")
    if kind == "~":
        kept = given[:2]
    else:
        # Up to the first number that is not zero, or to the last one given.
        kept = given[: next((index for index, number in enumerate(given) if number), len(given) - 1) + 1]
    return Span(_padded(parts), _after(kept))


def _given(parts: Sequence[str | None]) -> tuple[int, ...]:
    return tuple(int(part) for part in parts if part is not None)


def _padded(parts: Sequence[str | None]) -> Version:
    major, minor, patch = (*_given(parts), 0, 0)[:3]
    return major, minor, patch


def _after(given: Sequence[int]) -> Version:
    """The first version after all that begin with these numbers."""
    major, minor, patch = (*given[:-1], given[-1] + 1, 0, 0)[:3]
    return major, minor, patch
