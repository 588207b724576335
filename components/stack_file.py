"""Reads a stack file without the Pulumi CLI, and gets the values that the CLI would get.

The CLI reads YAML with Go's yaml.v3, whose numbers, dates and keys differ from those of other YAML libraries. Text that
libraries read differently is rejected here with line and column: there is always a plainer way to write it. Sources:
pulumi/pulumi sdk/go/common/workspace/loaders.go (LoadProjectStack), go-yaml/yaml resolve.go and decode.go.
`tests/e2e/test_stack_file.py` compares the values with the CLI's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.shared.mistakes import ConfigError, Mistake
from components.shared.placeholders import unread_secret
from components.shared.yaml_subset import Position, UnreadableError, parse

PROJECT_NAME: Final = "clusters"
NOT_YAML: Final = "yaml"
"""The code of everything that this module rejects."""
CONFIG: Final = "config"
OTHER_KEYS: Final = ("environment", "encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys of a stack file next to `config`."""
EXTENSION: Final = "x-"
"""Prefix of keys that people use for YAML anchors."""


@dataclass(frozen=True)
class StackFile:
    """The content of a stack file."""

    config: Mapping[str, Any]
    """Values by key. Keys of this project have no prefix; an encrypted value is {"secure": ciphertext}."""
    environment: bool
    """It imports an ESC environment, whose values only the CLI knows."""
    ignored: tuple[str, ...]
    """Keys that Pulumi ignores, because they are not under `config`."""


def stack_name(path: Path) -> str:
    """The stack that a file is for: the name in Pulumi.<name>.yaml, or the name of any other file."""
    stem = path.name.removesuffix(".yaml").removesuffix(".yml")
    return stem.removeprefix("Pulumi.") or stem


def read(path: Path) -> StackFile | None:
    """The content of a stack file; None if there is no such file.

    Raises ConfigError with line and column for content that the CLI rejects or might read differently, and OSError for
    a file that cannot be read.
    """
    if not path.exists() or path.is_fifo():
        return None
    return parsed(path.read_bytes())


def parsed(content: bytes) -> StackFile:
    """The content of a stack file. Raises ConfigError as `read` does."""
    try:
        return _stack_file(content)
    except UnreadableError as error:
        raise ConfigError([Mistake(str(error.position), error.problem, error.remedy, NOT_YAML)]) from None


def _stack_file(content: bytes) -> StackFile:
    document, positions = parse(content)
    if document is None:
        return StackFile({}, environment=False, ignored=())
    if not isinstance(document, dict):
        raise UnreadableError(
            Position(1, 1), "a stack file must be a map", "Write `config:` and the settings under it."
        )
    config = document.get(CONFIG)
    if config is not None and not isinstance(config, dict):
        raise UnreadableError(
            positions[(CONFIG,)], "`config` must be a map", "Write the settings under it, as `key: value` lines."
        )
    ignored = (key for key in document if key != CONFIG and key not in OTHER_KEYS and not key.startswith(EXTENSION))
    return StackFile(
        dict(_config(config or {}, positions)), environment=bool(document.get("environment")), ignored=tuple(ignored)
    )


def _config(config: Mapping[str, Any], positions: Mapping[tuple[str, ...], Position]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in config.items():
        name = own_key(key)
        if name is None:
            raise UnreadableError(
                positions[CONFIG, key], "this is not a config key", f"Write `{PROJECT_NAME}:matlab` or `namespace:key`."
            )
        if name in seen:
            raise UnreadableError(
                positions[CONFIG, key], f"`{name}` is defined twice, with different prefixes", "Define it once."
            )
        seen.add(name)
        yield name, value


def own_key(key: str) -> str | None:
    """A key without the prefix of this project, or with the prefix of another one; None if it is not a config key."""
    parts = key.split(":")
    if len(parts) == 3 and parts[1] == "config":  # noqa: PLR2004 - the old spelling, namespace:config:key
        del parts[1]
    if len(parts) == 1:
        return key
    if len(parts) != 2:  # noqa: PLR2004 - namespace:key
        return None
    return parts[1] if parts[0] == PROJECT_NAME else ":".join(parts)


def is_encrypted(value: Any) -> bool:
    """The value is one that `pulumi config set --secret` wrote."""
    return isinstance(value, Mapping) and list(value) == ["secure"] and isinstance(value["secure"], str)


def with_placeholders(value: Any, at: str) -> Any:
    """A value with placeholders for everything that is encrypted; `at` is its config path."""
    if is_encrypted(value):
        return unread_secret(at)
    if isinstance(value, Mapping):
        return {key: with_placeholders(item, f"{at}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [with_placeholders(item, f"{at}[{index}]") for index, item in enumerate(value)]
    return value


def holds_secret(value: Any) -> bool:
    """Something in the value is encrypted. Pulumi then treats the whole key as a secret."""
    if is_encrypted(value):
        return True
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(holds_secret(item) for item in items)
