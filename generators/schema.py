"""stack.schema.json: a JSON Schema for editors. Draft 7, which all of them support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from pydantic import BaseModel

from components.shared import kubernetes_types
from components.stack import PROJECT_NAME
from generators.setting_texts import Json
from generators.setting_types import definition_name
from generators.settings import ROOTS, Setting, documentation, settings


def schema() -> Json:
    """Schema of a whole stack file. It accepts all that the program accepts and rejects most of what it rejects."""
    keys: Json = {}
    for key, model in ROOTS.items():
        group = {"$ref": f"#/definitions/{definition_name(model)}"}
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
        "definitions": {**dict(_definitions(tuple(ROOTS.values()))), **kubernetes_types.definitions()},
    }


def _definitions(models: Sequence[type[BaseModel]]) -> Iterator[tuple[str, Json]]:
    for model in models:
        own = list(settings(model))
        yield definition_name(model), _definition(model, own)
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
    if "$ref" in setting.type.schema:
        # Draft 7 ignores everything next to a reference; the group has its own description.
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
