"""The config of a whole stack: which cluster it names, and which systems it deploys there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, get_args

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

    Pulumi tells a program no more than that; what stands in clear beside a secret is found in the file (ops).
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
    except ConfigError as error:
        mistakes += error.mistakes
    if "matlab" not in secret_keys:
        known = {mistake.path for mistake in mistakes}
        given = secrets(Settings, values.get("matlab"), "matlab")
        mistakes += [clear_secret(path) for path, _ in given if path not in known]
    for key in ("julia", "arkouda"):
        if values.get(key):
            mistakes.append(Mistake(key, "is not available in this version", f"Remove {key} from the stack file."))
    if mistakes or target is None:
        raise ConfigError(mistakes)
    return Stack(name, target, matlab)


def _unknown(key: str) -> Mistake:
    near = did_you_mean(key, KEYS)
    return Mistake(key, "is not a setting", f"Did you mean {near}?" if near else f"The keys are {', '.join(KEYS)}.")


def secrets(group: type[BaseModel], values: Any, *at: str) -> Iterator[tuple[str, Any]]:
    """Config path and value of every secret that the config gives, whatever else is wrong with it."""
    for name, field in group.model_fields.items():
        here = (*at, field.alias or name)
        value = values.get(here[-1]) if isinstance(values, Mapping) else None
        kinds = [getattr(part, "__origin__", part) for part in (field.annotation, *get_args(field.annotation))]
        if value is not None and SecretStr in kinds:
            yield dotted(here), value
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from secrets(field.annotation, value, *here)


def clear_secret(path: str) -> Mistake:
    """A secret that stands in clear in the stack file."""
    return Mistake(path, "stands in clear in the stack file", f"Run: pulumi config set --secret --path {path}")
