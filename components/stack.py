"""The config of a whole stack: which cluster it names, and which systems it deploys there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel, SecretStr

from components.registry import ANNOUNCED, SYSTEMS
from components.shared.groups import Target
from components.shared.mistakes import ConfigError, Mistake, did_you_mean, dotted, load

PROJECT_NAME: Final = "clusters"
KEYS: Final = ("kubernetes", *SYSTEMS, *ANNOUNCED)


@dataclass(frozen=True)
class StackConfig:
    """A stack config that was accepted."""

    name: str
    target: Target
    systems: Mapping[str, BaseModel]
    """The settings of each system that the stack deploys, by key."""


def load_stack(
    name: str, values: Mapping[str, Any], secret_keys: AbstractSet[str], file: Mapping[str, Any] | None = None
) -> StackConfig:
    """Check the stack's config, `values` by top-level key; `secret_keys` are the keys that hold a secret somewhere.

    Pulumi tells a program no more than that, so what is encrypted and what is not is looked up in the stack `file`,
    where it is known: the same values, encrypted ones as {secure: …}.
    Raises ConfigError with every mistake of every key.
    """
    mistakes = [_unknown(key) for key in values if key not in KEYS]
    target: Target | None = None
    systems: dict[str, BaseModel] = {}
    try:
        target = load(Target, values.get("kubernetes") or {}, "kubernetes")
    except ConfigError as error:
        mistakes += error.mistakes
    for key, system in SYSTEMS.items():
        try:
            if values.get(key):
                systems[key] = load(system.settings, values[key], key, system.rules)
        except ConfigError as error:
            mistakes += error.mistakes
        known = {mistake.path for mistake in mistakes}
        if file is not None:
            mistakes += (found for found in _secrecy(key, file.get(key)) if found.path not in known)
        elif key not in secret_keys:
            given = secrets(system.settings, values.get(key), key)
            mistakes += [clear_secret(path) for path, _ in given if path not in known]
    mistakes += [
        Mistake(key, "is not available in this version", f"Remove {key} from the stack file.")
        for key in ANNOUNCED
        if values.get(key)
    ]
    if mistakes or target is None:
        raise ConfigError(mistakes)
    return StackConfig(name, target, systems)


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


def _secrecy(key: str, values: Any) -> Iterator[Mistake]:
    """Secrets in clear, and encrypted values where nobody expects a secret."""
    given = dict(secrets(SYSTEMS[key].settings, values, key))
    encrypted = set(_encrypted(values, key))
    yield from (clear_secret(path) for path in given if path not in encrypted)
    for path in encrypted - given.keys():
        yield Mistake(
            path,
            "is encrypted, but it is no secret setting: it would stand in clear in the cluster",
            "Write it in clear, or leave it out.",
        )


def _encrypted(value: Any, *at: str | int) -> Iterator[str]:
    """Config paths of the encrypted values of a stack file."""
    if isinstance(value, Mapping):
        if list(value) == ["secure"]:
            yield dotted(at)
        else:
            for key, item in value.items():
                yield from _encrypted(item, *at, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, *at, index)


def read_file(path: Path) -> dict[str, Any] | None:
    """The config values of a stack file by top-level key, encrypted ones as they stand; None without a file."""
    if not path.is_file():
        return None
    document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    config = document.get("config") or {}
    return {str(key).rpartition(":")[2]: value for key, value in config.items()}


def clear_secret(path: str) -> Mistake:
    """A secret that stands in clear in the stack file."""
    return Mistake(path, "stands in clear in the stack file", f"Run: pulumi config set --secret --path {path}")
