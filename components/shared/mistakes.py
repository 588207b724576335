"""What is wrong in a stack config: setting path, problem, remedy, in sentences for the person who typed it.

Pydantic models, rules over several settings and the preflight reject in three different ways. All of them end here, so
that you see every mistake of a config at once and in one form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Final, TypeVar

from pydantic import BaseModel

from components.shared.config_paths import did_you_mean, dotted

__all__ = ["ConfigError", "Mistake", "Rule", "did_you_mean", "dotted", "no_effect"]

REFUSED: Final = "refused"
"""The code of a mistake that has none of its own."""
REQUIRED: Final = "required"
UNKNOWN: Final = "unknown"
NO_EFFECT: Final = "no-effect"
"""The other settings make this one pointless."""
MISSING: Final = "missing-object"
"""The Kubernetes cluster lacks an object that the config names."""
MISSING_KIND: Final = "missing-kind"
"""The Kubernetes cluster does not serve a kind."""
MISSING_RIGHT: Final = "missing-right"
NAMESPACE: Final = "namespace"
FOREIGN: Final = "foreign-object"
"""An object of somebody else has a name that the stack needs."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake. `path` is the config path, e.g. `matlab.workers.max`; `remedy` says what to write instead."""

    path: str
    problem: str
    remedy: str
    code: str = field(default=REFUSED, compare=False)
    """What kind of mistake it is, for programs. It stays the same when the sentences change."""

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


def no_effect(path: str, reason: str, remedy: str = "Remove it.") -> Mistake:
    """A setting that the others make pointless."""
    return Mistake(path, f"has no effect: {reason}", remedy, NO_EFFECT)


class ConfigError(Exception):
    """A config is rejected, with all its mistakes. Nothing was changed."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__(self.text())

    def text(self) -> str:
        """The mistakes for a person, one per line."""
        count = len(self.mistakes)
        head = f"The stack config has {count} mistake{'s' if count != 1 else ''}. Nothing was changed."
        return "\n".join([head, *(f"  {mistake}" for mistake in self.mistakes)])

    def json(self) -> str:
        """The mistakes for a program: {"mistakes": [{"path", "problem", "remedy", "code"}]}."""
        return json.dumps({"mistakes": [asdict(mistake) for mistake in self.mistakes]}, indent=2)


M = TypeVar("M", bound=BaseModel)
Rule = Callable[[M], Iterator[Mistake]]
"""A check over several settings of a model."""
