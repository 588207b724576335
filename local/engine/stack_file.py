"""Stack config as the Pulumi CLI hands it to the program: Pulumi.yaml's defaults under Pulumi.<stack>.yaml's values.

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

from local.engine.errors import EngineError, NeedsCli

Decrypt = Callable[[str, str], str]
"""From the path of a config value and its ciphertext to its text."""

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
    """What Pulumi.yaml says."""

    name: str
    root: Path
    config: Mapping[str, Mapping[str, Any]]


def read_project(file: Path) -> Project:
    """Read Pulumi.yaml. Raises EngineError for a file that is no project, NeedsCli for settings that change the run."""
    document = _load(file)
    runtime = document.get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if not isinstance(document.get("name"), str) or name != "python":
        raise EngineError(f"{file} needs a name and the runtime python")
    for key in ("main", "stackConfigDir"):
        if key in document:
            raise NeedsCli(f"{file} sets {key}")
    declared = document.get("config") or {}
    if not isinstance(declared, dict):
        raise NeedsCli(f"{file}: config is the name of a folder")
    # `key: value` is short for a default.
    config = {key: item if isinstance(item, dict) else {"default": item} for key, item in declared.items()}
    return Project(document["name"], file.parent, config)


def encryption_salt(path: Path) -> str | None:
    """The stack file's `encryptionsalt`, if it has one."""
    salt = _load(path).get("encryptionsalt")
    return str(salt) if salt else None


def read_stack_file(path: Path, project: Project, secret: Decrypt) -> tuple[dict[str, str], list[str]]:
    """The mapping of PULUMI_CONFIG, `{"clusters:matlab": "<json>", …}`, and the keys in it that hold a secret.

    `secret` is called with the config path and the ciphertext of each `secure:` leaf. Raises EngineError for values
    that are missing or of the wrong type, all of them at once, and NeedsCli for a secrets provider other than the
    passphrase or for an ESC environment.
    """
    document = _load(path)
    if document.get("environment"):
        raise NeedsCli(f"{path.name} imports an ESC environment")
    if provider := document.get("secretsprovider"):
        if provider != "passphrase":
            raise NeedsCli(f"{path.name} has its secrets from {str(provider).partition(':')[0]}")
    elif document.get("encryptedkey"):
        raise NeedsCli(f"{path.name} has an encryptedkey")
    found = {_qualified(str(key), project.name): value for key, value in (document.get("config") or {}).items()}
    problems: list[str] = []
    for name, declared in project.config.items():
        _apply_declaration(_qualified(name, project.name), declared, found, problems)
    if problems:
        raise EngineError(f"{path.name}: " + "; ".join(problems))
    secret_keys: list[str] = []
    values = {key: _text(key, value, secret, secret_keys) for key, value in sorted(found.items())}
    return values, sorted(set(secret_keys))


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _CoreLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise EngineError(f"{path} is not YAML: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise EngineError(f"{path} must be a mapping")
    return document


def _apply_declaration(key: str, declared: Mapping[str, Any], found: dict[str, Any], problems: list[str]) -> None:
    if "value" in declared:
        if key in found:
            problems.append(f"{key} is fixed in Pulumi.yaml and may not be set")
        found[key] = declared["value"]
    if key not in found:
        if "default" in declared:
            found[key] = declared["default"]
        else:
            problems.append(f"{key} is not set, and Pulumi.yaml declares it without a default")
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
    # The CLI's JSON is Go's: compact, with sorted keys. It also writes true, 3 and 1.5.
    return json.dumps(clear, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
