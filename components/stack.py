"""The config of a whole stack: which cluster it names, and which systems it deploys there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from components import config_keys, doctor_settings, price_settings, secret_settings, stack_file
from components.doctor_settings import Doctor
from components.price_settings import Prices
from components.registry import SYSTEMS
from components.shared.fields import is_label_value
from components.shared.groups import Target
from components.shared.loading import load
from components.shared.mistakes import ConfigError, Mistake, Rule, dotted
from components.stack_file import StackFile

PROJECT_NAME: Final = stack_file.PROJECT_NAME
KEYS: Final = ("kubernetes", *SYSTEMS, doctor_settings.KEY, price_settings.KEY)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class StackConfig:
    """A stack config that was accepted."""

    name: str
    target: Target
    systems: Mapping[str, BaseModel]
    """The settings of each system that the stack deploys, by key."""
    doctor: Doctor = field(default_factory=Doctor)
    """What `python -m ops doctor` considers normal."""
    prices: Prices | None = None
    """What resources cost; None: the stack file has no prices."""
    remarks: Sequence[str] = ()
    """Keys that were accepted and have no effect."""


def load_stack(
    name: str,
    values: Mapping[str, Any],
    secret_keys: AbstractSet[str],
    file: StackFile | None = None,
    *,
    decrypted: bool = True,
) -> StackConfig:
    """Check the stack's config, `values` by key; `secret_keys` are the keys that hold something encrypted.

    `decrypted` says that `values` has the secrets themselves; otherwise it has placeholders.
    `file` is the file that the values may come from; it counts only if it holds the same values.
    Raises ConfigError with every mistake of every key.
    """
    mistakes = [*_name_problems(name), *config_keys.problems(values, KEYS, PROJECT_NAME, _SECRETS.__contains__)]
    if file is not None:
        if secret_settings.is_source(file, values):
            mistakes += config_keys.ignored(file.ignored, KEYS, PROJECT_NAME, _SETTINGS)
        else:
            file = None
    systems: dict[str, BaseModel] = {}
    target = _loaded(Target, values, "kubernetes", mistakes)
    doctor = _loaded(Doctor, values, doctor_settings.KEY, mistakes)
    prices = (
        _loaded(Prices, values, price_settings.KEY, mistakes, price_settings.RULES)
        if _is_set(values, price_settings.KEY)
        else None
    )
    for key, system in SYSTEMS.items():
        if _is_set(values, key) and (settings := _loaded(system.settings, values, key, mistakes, system.rules)):
            systems[key] = settings
        if decrypted:
            mistakes += secret_settings.placeholders(key, system.settings, values.get(key))
    for key, model in _MODELS.items():
        known = {mistake.path for mistake in mistakes}
        secrecy = secret_settings.problems(key, model, values.get(key), any_encrypted=key in secret_keys, file=file)
        mistakes += (mistake for mistake in secrecy if mistake.path not in known)
    mistakes += _shared_namespaces(systems)
    if mistakes or target is None or doctor is None:
        raise ConfigError(mistakes)
    remarks = (*config_keys.of_provider(values, PROJECT_NAME), *config_keys.empty(file.config if file else {}, KEYS))
    return StackConfig(name, target, systems, doctor, prices, remarks)


def _is_set(values: Mapping[str, Any], key: str) -> bool:
    # An empty map is the project's default of every key (Pulumi.yaml). `config_keys` rejects the other two.
    return values.get(key) not in ({}, None, "")


def _loaded(
    model: type[M], values: Mapping[str, Any], key: str, mistakes: list[Mistake], rules: Sequence[Rule[M]] = ()
) -> M | None:
    """The settings of a key; None: they were rejected, and `mistakes` says why."""
    try:
        return load(model, values[key] if _is_set(values, key) else {}, key, rules)
    except ConfigError as error:
        mistakes += error.mistakes
        return None


def _name_problems(name: str) -> Iterator[Mistake]:
    # Every object carries the stack's name as a label. Pulumi allows more: 100 characters, and any of them at the end.
    if not is_label_value(name):
        yield Mistake(
            "stack",
            f"is named `{name}`, which Kubernetes does not allow as the value of a label",
            "Use up to 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends: "
            "`pulumi stack rename NAME`, then rename the stack file.",
        )


def _shared_namespaces(systems: Mapping[str, BaseModel]) -> Iterator[Mistake]:
    """A namespace that two systems name: each would create it, and deny the traffic of the other."""
    first: dict[str, str] = {}
    for key, settings in systems.items():
        for name, path in SYSTEMS[key].namespaces(settings).items():
            other = first.setdefault(name, path)
            if other != path:
                yield Mistake(f"{path}.name", f"{name} is also {other}.name", "Give each system its own namespace.")


_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "kubernetes": Target,
    **{key: system.settings for key, system in SYSTEMS.items()},
    doctor_settings.KEY: Doctor,
    price_settings.KEY: Prices,
}
"""The settings of each key."""
_SETTINGS: Final = {
    key: [field.alias or name for name, field in model.model_fields.items()]
    for key, model in _MODELS.items()
    if model is not Target
}
"""The names of the settings in each key."""
_SECRETS: Final = {
    dotted((key, *steps)) for key, system in SYSTEMS.items() for steps in secret_settings.secret_steps(system.settings)
}
"""Config paths of all secrets."""


def warnings(stack: StackConfig) -> Iterator[str]:
    """What deserves a warning about an accepted config, apart from its systems' own warnings."""
    yield from stack.remarks
    yield from config_keys.warnings(stack.systems, tuple(SYSTEMS), PROJECT_NAME)


def _missing(path: Path) -> str:
    folder = next(folder for folder in path.absolute().parents if folder.is_dir())
    names = sorted(map(stack_file.stack_name, folder.glob("Pulumi.*.yaml")))
    there = f" The stacks of this folder: {', '.join(names)}. `python -m ops init NAME` writes a new file."
    return f"{path} does not exist.{there if names else ''}"


def load_file(path: Path, name: str | None = None) -> StackConfig:
    """The stack that a file describes, with placeholders for secrets.

    Raises ConfigError with every mistake, and OSError for a file that does not exist or cannot be read.
    """
    file = stack_file.read(path)
    if file is None:
        raise FileNotFoundError(_missing(path))
    if file.environment:
        raise ConfigError(
            [
                Mistake(
                    "environment",
                    "imports an ESC environment, whose values only Pulumi knows",
                    "Run pulumi preview, or write the values into the file.",
                    "environment",
                )
            ]
        )
    return load_stack(name or stack_file.stack_name(path), *file_values(file), file, decrypted=False)


def file_values(file: StackFile) -> tuple[dict[str, Any], set[str]]:
    """The values of a file by key, with placeholders for secrets, and the keys that hold one."""
    values = {key: stack_file.with_placeholders(value, key) for key, value in file.config.items()}
    return values, {key for key, value in file.config.items() if stack_file.holds_secret(value)}
