"""package/arguments.py: the settings as the plain types from which Pulumi's component provider host infers a schema.

The host reads annotations and docstrings of plain classes; of pydantic models it would lose defaults and descriptions.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from keyword import iskeyword
from typing import Final

from pydantic import BaseModel

from components.secret_settings import secret_steps
from components.shared.groups import Target
from generators.setting_texts import Json
from generators.setting_types import Type, definition_name
from generators.settings import ROOTS, Setting, documentation, settings

COMPONENTS: Final = {"matlab": "MatlabCluster", "julia": "JuliaSessions", "arkouda": "ArkoudaServers"}
"""The component of each system."""
_HEADER: Final = '''\
"""Arguments of the components in other languages. Written by `python -m generators` from the settings models."""

# No `from __future__ import annotations`: the host reads annotations as objects.
from typing import Required, TypedDict

import pulumi
'''
_SIMPLE: Final = {"boolean": "bool", "integer": "int", "number": "float", "string": "str"}
KEYWORD: Final = "Name"
"""Suffix of a setting whose own name Python reserves: `class` is `className`."""


def page() -> str:
    """The whole module."""
    found: dict[str, str] = {}
    secrets: dict[str, dict[str, tuple[str, ...]]] = {}
    _add(Target, definition_name(Target), found)
    for key, component in COMPONENTS.items():
        model = ROOTS[key]
        secrets[component] = {_flat(steps): steps for steps in secret_steps(model)}
        fields = [_field(setting) for setting in _plain(model)]
        kubernetes = _text(f"kubernetes: Required[{definition_name(Target)}]", documentation(Target))
        flat = [
            _text(f"{name}: pulumi.Input[str]", _secret(model, steps)) for name, steps in secrets[component].items()
        ]
        for setting in _plain(model):
            if setting.type.group:
                _add(setting.type.group, definition_name(setting.type.group), found)
        found[component] = _class(f"{component}Args", documentation(model), [kubernetes, *flat, *fields])
    table = "\n".join(
        [
            "SECRETS: dict[str, dict[str, tuple[str, ...]]] = {",
            *(_entry(component, listed) for component, listed in secrets.items()),
            "}",
            '"""Where the settings have the arguments that are secrets, by component."""',
        ]
    )
    return "\n\n".join([_HEADER, *(f"{text}\n" for text in found.values()), table]) + "\n"


def _add(model: type[BaseModel], name: str, found: dict[str, str]) -> None:
    """The class of a group, after the ones of the groups that it contains."""
    if name in found:
        return
    for setting in _plain(model):
        if setting.type.group:
            _add(setting.type.group, definition_name(setting.type.group), found)
    found[name] = _class(name, documentation(model), [_field(setting) for setting in _plain(model)])


def _plain(model: type[BaseModel]) -> Iterator[Setting]:
    """The settings of a group that are not secrets. A secret inside a group would empty the group on its way."""
    secret = {steps for steps in secret_steps(model) if len(steps) == 1}
    yield from (setting for setting in settings(model) if setting.steps not in secret)


def _field(setting: Setting) -> str:
    kind = _type(setting.type)
    return _text(f"{_name(setting)}: {f'Required[{kind}]' if setting.required else kind}", setting.description)


def _name(setting: Setting) -> str:
    return f"{setting.path}{KEYWORD}" if iskeyword(setting.path) else setting.path


def _type(kind: Type) -> str:
    if kind.group:
        name = definition_name(kind.group)
        return f"list[{name}]" if kind.is_list else f"dict[str, {name}]" if kind.is_map else name
    return _of_schema(kind.schema)


def _of_schema(schema: Json) -> str:
    if "anyOf" in schema:
        # null means that the argument is left out.
        return next(_of_schema(one) for one in schema["anyOf"] if one.get("type") != "null")
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "array":
        return f"list[{_of_schema(schema['items'])}]"
    if kind == "object":
        return f"dict[str, {_of_schema(schema['additionalProperties'])}]"
    return _SIMPLE[kind]


def _entry(component: str, listed: dict[str, tuple[str, ...]]) -> str:
    lines = [
        f'        "{name}": ({", ".join(f""" "{step}" """.strip() for step in steps)}),'
        for name, steps in listed.items()
    ]
    return "\n".join([f'    "{component}": {{', *lines, "    },"]) if lines else f'    "{component}": {{}},'


def _flat(steps: tuple[str, ...]) -> str:
    first, *rest = steps
    return first + "".join(step[0].upper() + step[1:] for step in rest)


def _secret(model: type[BaseModel], steps: tuple[str, ...]) -> str:
    for step in steps:
        setting = next(each for each in settings(model) if each.path == step)
        model = setting.type.group or model
    return setting.description


def _text(line: str, description: str) -> str:
    # One line: generators of SDKs copy the text as it is, and an indented line would become a block of code.
    return f'{line}\n"""{description}"""'


def _class(name: str, about: str, fields: list[str]) -> str:
    body = "\n".join([f'"""{about}"""', "", *fields])
    return f"class {name}(TypedDict, total=False):\n{textwrap.indent(body, '    ')}"
