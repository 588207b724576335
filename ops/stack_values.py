"""A stack file as the program sees it, without decrypting anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.matlab.settings import Settings
from components.shared.mistakes import ConfigError, Mistake, dotted
from components.shared.target import PROJECT
from components.stack import PROJECT_NAME, Stack, clear_secret, load_stack, secrets
from local.engine.stack_file import read_project, read_stack_file

SECRET = "<secret "  # noqa: S105 - how a placeholder begins


def placeholder(what: str) -> str:
    """Stands for what only a cluster, a state or a passphrase can know; nobody takes it for the real thing."""
    return f"<{what}>"


def stack_name(path: Path) -> str:
    """The stack that a file is for: Pulumi.<name>.yaml, or any other file's own name."""
    stem = path.name.removesuffix(".yaml").removesuffix(".yml")
    return stem.removeprefix("Pulumi.") or stem


def read_values(path: Path) -> tuple[dict[str, Any], set[str]]:
    """Config values by top-level key, secrets as placeholders, and the keys that hold secrets."""
    project = read_project(PROJECT / "Pulumi.yaml")
    texts, secret_keys = read_stack_file(path, project, lambda at, _: f"{SECRET}{_without_project(at)}>")
    own = {key: text for key, text in texts.items() if key.startswith(f"{PROJECT_NAME}:")}
    values = {_without_project(key): _value(text) for key, text in own.items()}
    return values, {_without_project(key) for key in secret_keys}


def load_file(path: Path, name: str | None = None) -> Stack:
    """The stack that a file describes. Raises ConfigError with every mistake, secrets in clear included."""
    values, secret_keys = read_values(path)
    mistakes: list[Mistake] = []
    stack: Stack | None = None
    try:
        stack = load_stack(name or stack_name(path), values, secret_keys)
    except ConfigError as error:
        mistakes += error.mistakes
    known = {mistake.path for mistake in mistakes}
    given = list(secrets(Settings, values.get("matlab"), "matlab"))
    mistakes += [clear_secret(at) for at, secret in given if at not in known and not str(secret).startswith(SECRET)]
    secret_paths = {at for at, _ in given}
    mistakes += [
        Mistake(
            at,
            "is encrypted, but it is no secret setting: it would stand in clear in the cluster",
            "Write it in clear, or leave it out.",
        )
        for at in _encrypted(values)
        if at not in secret_paths
    ]
    if mistakes or stack is None:
        raise ConfigError(mistakes)
    return stack


def _encrypted(value: Any, *at: str | int) -> Iterator[str]:
    """Config paths of what is encrypted in the file."""
    if isinstance(value, str) and value.startswith(SECRET):
        yield dotted(at)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _encrypted(item, *at, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, *at, index)


def _without_project(key: str) -> str:
    return key.removeprefix(f"{PROJECT_NAME}:")


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
