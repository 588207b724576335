"""The config of a whole stack: which cluster it names, and which systems it deploys there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from components.matlab.rules import RULES
from components.matlab.settings import Settings
from components.shared.groups import Target
from components.shared.mistakes import ConfigError, Mistake, did_you_mean, dotted, load

PROJECT_NAME: Final = "clusters"
KEYS: Final = ("kubernetes", "matlab", "julia", "arkouda")


@dataclass(frozen=True)
class Stack:
    """A stack config that was accepted."""

    name: str
    target: Target
    matlab: Settings | None


def load_stack(name: str, values: Mapping[str, Any], secret_keys: AbstractSet[str]) -> Stack:
    """Check the stack's config, `values` by top-level key; `secret_keys` are the keys that hold a secret somewhere.

    Raises ConfigError with every mistake of every key.
    """
    mistakes = [_unknown(key) for key in values if key not in KEYS]
    target: Target | None = None
    matlab: Settings | None = None
    try:
        target = load(Target, values.get("kubernetes") or {}, "kubernetes")
    except ConfigError as error:
        mistakes += error.mistakes
    try:
        if values.get("matlab"):
            matlab = load(Settings, values["matlab"], "matlab", RULES)
            mistakes += [] if "matlab" in secret_keys else _in_clear(matlab, ("matlab",))
    except ConfigError as error:
        mistakes += error.mistakes
    for key in ("julia", "arkouda"):
        if values.get(key):
            mistakes.append(Mistake(key, "is not available in this version", f"Remove {key} from the stack file."))
    if mistakes or target is None:
        raise ConfigError(mistakes)
    return Stack(name, target, matlab)


def _unknown(key: str) -> Mistake:
    near = did_you_mean(key, KEYS)
    return Mistake(key, "is not a setting", f"Did you mean {near}?" if near else f"The keys are {', '.join(KEYS)}.")


def _in_clear(group: BaseModel, at: tuple[str, ...]) -> Iterator[Mistake]:
    """Secrets of a config that was not encrypted. Pulumi tells a program only per key whether it holds secrets."""
    for name, field in type(group).model_fields.items():
        value, here = getattr(group, name), (*at, field.alias or name)
        if isinstance(value, SecretStr):
            yield clear_secret(dotted(here))
        elif isinstance(value, BaseModel):
            yield from _in_clear(value, here)


def clear_secret(path: str) -> Mistake:
    """A secret that stands in clear in the stack file."""
    return Mistake(path, "stands in clear in the stack file", f"Run: pulumi config set --secret --path {path}")
