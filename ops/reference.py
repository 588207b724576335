"""Documents that the models of the stack config write: docs/configuration.md and the JSON Schema for editors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from components.shared.target import PROJECT
from components.stack import KEYS, PROJECT_NAME
from ops import restarts
from ops.model import ROOTS, Json, Setting, documentation, every_setting, settings

CONFIGURATION: Final = "docs/configuration.md"
RESTARTS: Final = "docs/restarts.md"
SCHEMA: Final = "stack.schema.json"
COMMAND: Final = "python -m ops reference"
GENERATED: Final = f"<!-- Written by `{COMMAND}`. Edit the docstrings of the settings instead. -->"


def add_command(commands: Any) -> None:
    """Add `reference` to the commands of ops."""
    parser = commands.add_parser("reference", help="write configuration reference, restart table and JSON Schema")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is out of date")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    outdated = {name: text for name, text in documents().items() if not _says(name, text)}
    for name, text in outdated.items():
        if arguments.check:
            print(f"{name} is out of date. Run {COMMAND}.", file=sys.stderr)
        else:
            path = PROJECT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"{name} written", file=sys.stderr)
    return 1 if outdated and arguments.check else 0


def _says(name: str, text: str) -> bool:
    path = PROJECT / name
    return path.is_file() and path.read_text(encoding="utf-8") == text


def documents() -> dict[str, str]:
    """Every generated document by its path in the project."""
    return {
        CONFIGURATION: configuration(),
        RESTARTS: restarts.page(GENERATED),
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
    }


# docs/configuration.md


def configuration() -> str:
    """Every setting with its type, default and meaning."""
    lines = [
        GENERATED,
        "",
        "# Configuration reference",
        "",
        "A stack file `Pulumi.<stack>.yaml` holds these settings below `config`, each key with the prefix",
        f"`{PROJECT_NAME}:`. On the command line, a setting is `pulumi config set --path <setting> <value>`, and a",
        "secret is `pulumi config set --secret --path <setting>`, which asks for the value. A setting that is left out",
        f"has its default. Editors that know JSON Schema check a stack file against `{SCHEMA}` (see the first line",
        "of `Pulumi.dev.yaml`). What restarts when a setting changes is in [restarts.md](restarts.md).",
        "",
        "A quantity is a number with an optional suffix, as Kubernetes writes it: `2`, `500m`, `8Gi`.",
        "",
    ]
    for root, model in ROOTS.items():
        lines += _section(root, model, 2)
    lines += [
        "## julia, arkouda",
        "",
        "Not available in this version; leave them empty.",
        "",
    ]
    return "\n".join(lines)


def _section(path: str, model: type[BaseModel], level: int) -> Iterator[str]:
    own = list(settings(model, *path.split(".")))
    yield from (f"{'#' * level} {path}", "", documentation(model), "")
    if plain := [setting for setting in own if not setting.is_group]:
        yield from ("| Setting | Type | Default | Meaning |", "|---|---|---|---|")
        for setting in plain:
            yield _row(setting)
            if setting.type.group:
                yield from (_row(part) for part in _parts(setting))
        yield ""
    for setting in own:
        if setting.type.group and setting.is_group:
            yield from _section(setting.path, setting.type.group, min(level + 1, 4))


def _parts(setting: Setting) -> Iterator[Setting]:
    """The settings of each item of a list of groups."""
    assert setting.type.group is not None  # noqa: S101 - the caller's condition, for the type checker
    *parents, last = setting.steps
    return settings(setting.type.group, *parents, f"{last}[]")


def _row(setting: Setting) -> str:
    default = "required" if setting.required else f"`{_default(setting.default)}`"
    cells = (f"`{setting.path}`", setting.type.words, default, setting.description.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |"


def _default(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return f"[{', '.join(_default(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


# JSON Schema. Draft 7, which editors know.


def schema() -> Json:
    """Schema of a whole stack file. It accepts all that the program accepts, and refuses most of what it refuses."""
    keys: Json = {}
    for key in KEYS:
        model = ROOTS.get(key)
        group = {"$ref": f"#/definitions/{model.__name__}"} if model else _unavailable(key)
        keys |= {f"{PROJECT_NAME}:{key}": group, key: group}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Stack file of the Pulumi project {PROJECT_NAME}",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": keys,
                # Settings of the providers and of Pulumi itself.
                "patternProperties": {f"^(?!{PROJECT_NAME}:)[^:]+:.+$": {}},
                "additionalProperties": False,
            },
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "encryptionsalt": {"type": "string"},
            "environment": {},
        },
        "additionalProperties": False,
        "definitions": dict(_definitions(tuple(ROOTS.values()))),
    }


def _unavailable(key: str) -> Json:
    return {"type": "object", "description": f"{key} is not available in this version.", "maxProperties": 0}


def _definitions(models: Sequence[type[BaseModel]]) -> Iterator[tuple[str, Json]]:
    for model in models:
        own = list(settings(model))
        yield model.__name__, _definition(model, own)
        yield from _definitions([setting.type.group for setting in own if setting.type.group])


def _definition(model: type[BaseModel], own: list[Setting]) -> Json:
    found: Json = {
        "type": "object",
        "description": documentation(model),
        "properties": {setting.path: _property(setting) for setting in own},
        "additionalProperties": False,
    }
    if required := [setting.path for setting in own if setting.required]:
        found["required"] = required
    return found


def _property(setting: Setting) -> Json:
    if setting.is_group:
        # Draft 7 ignores what stands beside a reference; the group describes itself.
        return setting.type.schema
    return {**setting.type.schema, "description": setting.description, **_schema_default(setting)}


def _schema_default(setting: Setting) -> Json:
    if setting.required:
        return {}
    value = setting.default
    if isinstance(value, tuple):
        return {"default": [_plain(item) for item in value]}
    return {"default": _plain(value)}


def _plain(value: Any) -> Any:
    return str(value.value) if isinstance(value, Enum) else value


def undescribed() -> list[str]:
    """Settings without a word about what they are for."""
    return [
        setting.path
        for root, model in ROOTS.items()
        for setting in every_setting(model, root)
        if not setting.description
    ]
