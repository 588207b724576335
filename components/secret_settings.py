"""Secrets in a stack config: which settings hold one, and whether it is encrypted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

from components.shared.config_paths import config_set, dotted
from components.shared.mistakes import Mistake
from components.shared.placeholders import is_unread_secret
from components.stack_file import StackFile, is_encrypted

CLEAR: Final = "clear-secret"
ENCRYPTED: Final = "encrypted-setting"
PLACEHOLDER: Final = "placeholder"


def secrets(group: type[BaseModel], values: Any, *at: str) -> Iterator[tuple[str, Any]]:
    """Config path and value of every secret in the config, whatever else is wrong with the config."""
    for steps in secret_steps(group):
        value = values
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            yield dotted((*at, *steps)), value


def secret_steps(group: type[BaseModel], *at: str) -> Iterator[tuple[str, ...]]:
    """Where a group can hold secrets."""
    for name, field in group.model_fields.items():
        steps = (*at, field.alias or name)
        kinds = [getattr(part, "__origin__", part) for part in (field.annotation, *get_args(field.annotation))]
        if SecretStr in kinds:
            yield steps
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from secret_steps(field.annotation, *steps)


def problems(
    key: str, model: type[BaseModel], values: Any, *, any_encrypted: bool, file: StackFile | None
) -> Iterator[Mistake]:
    """Secrets that are not encrypted, and encrypted settings that are not secrets.

    Pulumi tells a program only whether a top-level key holds anything encrypted. If it does, the `file` that the config
    comes from tells the rest; without one there is nothing to tell it by.
    """
    given = dict(secrets(model, values, key))
    if not any_encrypted:
        yield from (_clear(path) for path in given)
    elif file is not None:
        in_file = file.config.get(key)
        encrypted = set(_encrypted(in_file, key))
        yield from (_clear(path) for path, _ in secrets(model, in_file, key) if path not in encrypted)
        for path in encrypted - given.keys():
            yield Mistake(
                path,
                "is encrypted, but this setting is not a secret: its value appears in plain text in objects, "
                "outputs or messages",
                "Set it without --secret, or remove it.",
                ENCRYPTED,
            )


def placeholders(key: str, model: type[BaseModel], values: Any) -> Iterator[Mistake]:
    """Placeholders of `ops` in place of secrets, copied from what it printed."""
    for path, value in secrets(model, values, key):
        if is_unread_secret(value):
            yield Mistake(
                path,
                "is the placeholder that `ops` prints in place of a secret",
                f"Run: {config_set(path, '--secret', value=None)}, and enter the secret.",
                PLACEHOLDER,
            )


def _clear(path: str) -> Mistake:
    return Mistake(
        path,
        "is not encrypted",
        f"Run: {config_set(path, '--secret', value=None)} (in an ESC environment, use fn::secret), "
        "and use a new value, because this one has been disclosed.",
        CLEAR,
    )


def _encrypted(value: Any, *at: str | int) -> Iterator[str]:
    """Config paths of everything that is encrypted."""
    if is_encrypted(value):
        yield dotted(at)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _encrypted(item, *at, str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, *at, index)


def is_source(file: StackFile, values: Mapping[str, Any]) -> bool:
    """The config of this run comes from the file: apart from what is encrypted, it holds the same values.

    It does not if the CLI was given another file with --config-file. Values of an ESC environment are added.
    """
    own = {key: value for key, value in values.items() if ":" not in key and value != {}}
    in_file = {key: value for key, value in file.config.items() if ":" not in key and value != {}}
    return _agrees(in_file, own, more_allowed=file.environment)


def _agrees(in_file: Any, value: Any, *, more_allowed: bool) -> bool:
    if is_encrypted(in_file):
        return isinstance(value, str)
    if isinstance(in_file, Mapping) and isinstance(value, Mapping):
        if in_file.keys() - value.keys() or (value.keys() - in_file.keys() and not more_allowed):
            return False
        return all(_agrees(item, value[key], more_allowed=more_allowed) for key, item in in_file.items())
    if isinstance(in_file, list) and isinstance(value, list):
        # A list replaces the one of an environment.
        return len(in_file) == len(value) and all(map(_agrees_whole, in_file, value))
    return type(in_file) is type(value) and bool(in_file == value)


def _agrees_whole(in_file: Any, value: Any) -> bool:
    return _agrees(in_file, value, more_allowed=False)
