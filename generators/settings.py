"""The settings of a stack file, one by one, as the pydantic models declare them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components import doctor_settings, price_settings
from components.doctor_settings import Doctor
from components.price_settings import Prices
from components.registry import SYSTEMS
from components.shared.groups import Target
from components.shared.loading import ANY_NAME
from components.shared.pod_settings import LabelledPods, Pods
from generators.setting_types import Type, UndescribedTypeError, type_of

ROOTS: Final[Mapping[str, type[BaseModel]]] = {
    "kubernetes": Target,
    **{key: system.settings for key, system in SYSTEMS.items()},
    doctor_settings.KEY: Doctor,
    price_settings.KEY: Prices,
}
"""The keys of a stack file that have settings."""


_IN_AN_ITEM: Final = re.compile(rf"[^.]+\.{ANY_NAME}\.")


@dataclass(frozen=True)
class Setting:
    """One setting, or one group of settings."""

    steps: tuple[str, ...]
    type: Type
    required: bool
    default: Any
    description: str

    @property
    def path(self) -> str:
        """The config path."""
        return ".".join(self.steps)

    @property
    def is_group(self) -> bool:
        """It is a group, or a map of groups; its settings follow it."""
        return self.type.group is not None and not self.type.is_list

    @property
    def inside(self) -> tuple[str, ...]:
        """Where the settings of the group are."""
        return (*self.steps, ANY_NAME) if self.type.is_map else self.steps


def settings(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """The settings of one group. Groups below it are included but not entered."""
    # The settings that every group of pods has come after the group's own.
    common = LabelledPods.model_fields if issubclass(model, Pods) else {}
    for name, field in sorted(model.model_fields.items(), key=lambda item: item[0] in common):
        required = field.is_required()
        default = None if required or field.default is PydanticUndefined else field.default
        try:
            kind = type_of(field.annotation, tuple(field.metadata))
        except UndescribedTypeError as error:
            raise UndescribedTypeError(f"{model.__name__}.{name}: {error}") from error
        text = _description(model, name) or (kind.group and documentation(kind.group)) or ""
        yield Setting((*at, field.alias or name), kind, required, default, text)


def every_setting(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """Every setting at any depth, without the groups."""
    for setting in settings(model, *at):
        if setting.type.group and setting.is_group:
            yield from every_setting(setting.type.group, *setting.inside)
        else:
            yield setting


def item_settings(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """The settings of an item of a list, at any depth. A list of groups is followed by the settings of its items."""
    for setting in every_setting(model, *at):
        yield setting
        if setting.type.group:
            *parents, last = setting.steps
            yield from item_settings(setting.type.group, *parents, f"{last}[]")


def listed(model: type[BaseModel], *at: str) -> Iterator[Setting]:
    """Every setting, each once: without those of an item in a map that have a default next to the map."""
    yield from (setting for setting in every_setting(model, *at) if not has_default(setting.path))


def has_default(path: str) -> bool:
    """Tell whether the setting, or group, of an item in a map is also in the group `defaults` next to the map."""
    default = _IN_AN_ITEM.sub("defaults.", path, count=1)
    return default != path and default in _every_path()


@cache
def _every_path() -> frozenset[str]:
    return frozenset(path for root, model in ROOTS.items() for path in _paths(model, root))


def _paths(model: type[BaseModel], *at: str) -> Iterator[str]:
    for setting in settings(model, *at):
        yield setting.path
        if setting.type.group and setting.is_group:
            yield from _paths(setting.type.group, *setting.inside)


def documentation(model: type[BaseModel]) -> str:
    """What a group is for."""
    return " ".join(cleandoc(model.__doc__ or "").split())


def _description(model: type[BaseModel], name: str) -> str | None:
    # A subclass that changes a default keeps its parent's description.
    for parent in model.__mro__:
        fields: Mapping[str, FieldInfo] = getattr(parent, "model_fields", {})
        if name in fields and fields[name].description:
            return " ".join(str(fields[name].description).split())
    return None


def undescribed() -> list[str]:
    """Settings that do not say what they are for."""
    return [
        setting.path
        for root, model in ROOTS.items()
        for setting in every_setting(model, root)
        if not setting.description
    ]
