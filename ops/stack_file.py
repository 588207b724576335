"""Stack config as Pulumi hands it to the program: Pulumi.yaml's defaults under the values of Pulumi.<stack>.yaml.

Rules: pulumi/pulumi sdk/go/common/workspace/config.go and sdk/go/common/resource/config/value.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ops.errors import CommandError

Decrypt = Callable[[str, str], str]
"""Takes the path of a config value and its ciphertext; returns its text."""

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}  # fmt: skip


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as Go reads it: `no` and 1:30 are strings, a date is a string."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - as its base class has it


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):  # fmt: skip
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))


@dataclass(frozen=True)
class Project:
    """What Pulumi.yaml declares."""

    name: str
    config: Mapping[str, Mapping[str, Any]]


def read_project(file: Path) -> Project:
    """Read Pulumi.yaml. Raises CommandError if it has no name."""
    document = _load(file)
    if not isinstance(document.get("name"), str):
        raise CommandError(f"{file} needs a `name`")
    declared = document.get("config") or {}
    # `key: value` is short for a default.
    config = {key: item if isinstance(item, dict) else {"default": item} for key, item in declared.items()}
    return Project(document["name"], config)


def read_stack_file(path: Path, project: Project, secret: Decrypt) -> tuple[dict[str, str], list[str]]:
    """The mapping of PULUMI_CONFIG, `{"clusters:matlab": "<json>", …}`, and the keys in it that hold a secret.

    `secret` is called with the config path and the ciphertext of each `secure:` leaf. Raises CommandError with every
    value that is missing or of the wrong type, or if the file imports a Pulumi ESC environment.
    """
    document = _load(path)
    if document.get("environment"):
        raise CommandError(
            f"{path.name} imports a Pulumi ESC environment, and only `pulumi` can read its values. "
            "Run `pulumi preview` and `pulumi up` yourself."
        )
    found = {_qualified(str(key), project.name): value for key, value in (document.get("config") or {}).items()}
    problems: list[str] = []
    for name, declared in project.config.items():
        _apply_declaration(_qualified(name, project.name), declared, found, problems)
    if problems:
        raise CommandError(f"{path.name}: " + "; ".join(problems))
    secret_keys: list[str] = []
    values = {key: _text(key, value, secret, secret_keys) for key, value in sorted(found.items())}
    return values, sorted(set(secret_keys))


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _CoreLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise CommandError(f"{path} is not YAML: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise CommandError(f"{path} must be a mapping")
    return document


def _apply_declaration(key: str, declared: Mapping[str, Any], found: dict[str, Any], problems: list[str]) -> None:
    if "value" in declared:
        if key in found:
            problems.append(f"{key} is fixed in Pulumi.yaml; remove it here")
        found[key] = declared["value"]
    if key not in found:
        if "default" in declared:
            found[key] = declared["default"]
        else:
            problems.append(f"{key} is not set, and Pulumi.yaml has no default for it")
    elif declared.get("secret") and not _is_secure(found[key]):
        problems.append(f"{key} must be encrypted (pulumi config set --secret)")
    kind = declared.get("type")
    if kind in _TYPES and key in found and not _is_secure(found[key]) and not _fits(found[key], kind):
        problems.append(f"{key} must be of type {kind}")


def _qualified(key: str, project: str) -> str:
    # "clusters:config:matlab" is an old spelling of "clusters:matlab".
    parts = key.split(":")
    return f"{project}:{key}" if len(parts) == 1 else f"{parts[0]}:{parts[-1]}"


def _fits(value: Any, kind: Any) -> bool:
    if kind == "string":
        return isinstance(value, (str, int, float))
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES[kind])


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["secure"] and isinstance(value["secure"], str)


def _text(key: str, value: Any, secret: Decrypt, secret_keys: list[str]) -> str:
    def in_clear(path: str, node: Any) -> Any:
        if _is_secure(node):
            secret_keys.append(key)
            return secret(path, node["secure"])
        if isinstance(node, dict):
            return {name: in_clear(f"{path}.{name}", item) for name, item in node.items()}
        if isinstance(node, list):
            return [in_clear(f"{path}[{index}]", item) for index, item in enumerate(node)]
        return node

    clear = in_clear(key, value)
    if isinstance(clear, str):
        return clear
    if clear is None:
        return ""
    # Pulumi's JSON is Go's: compact, with sorted keys. It also writes true, 3 and 1.5.
    return json.dumps(clear, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
