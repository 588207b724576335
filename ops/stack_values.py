"""A stack file as the program sees it, without decrypting anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.shared.target import PROJECT
from components.stack import PROJECT_NAME, StackConfig, load_stack, read_file
from ops.stack_file import read_project, read_stack_file


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
    texts, secret_keys = read_stack_file(path, project, lambda at, _: placeholder(f"secret {_without_project(at)}"))
    own = {key: text for key, text in texts.items() if key.startswith(f"{PROJECT_NAME}:")}
    values = {_without_project(key): _value(text) for key, text in own.items()}
    return values, {_without_project(key) for key in secret_keys}


def load_file(path: Path, name: str | None = None) -> StackConfig:
    """The stack that a file describes. Raises ConfigError with every mistake, secrets in clear included."""
    values, secret_keys = read_values(path)
    return load_stack(name or stack_name(path), values, secret_keys, read_file(path))


def _without_project(key: str) -> str:
    return key.removeprefix(f"{PROJECT_NAME}:")


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
