"""Loads a group of settings: pydantic's errors and the rules' become one list of mistakes.

A rejected value may be a secret in the wrong place, and messages end up in terminals and CI logs. So no message repeats
a value that is in, or in place of, a group that holds a secret.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from components.shared.config_paths import below, config_set, did_you_mean, dotted, overlap
from components.shared.mistakes import NO_EFFECT, REFUSED, REQUIRED, UNKNOWN, ConfigError, Mistake, Rule
from components.shared.other_names import OTHER_NAMES

Steps = Sequence[str | int]
M = TypeVar("M", bound=BaseModel)


def load(model: type[M], data: Mapping[str, Any], at: str, rules: Sequence[Rule[M]] = ()) -> M:
    """Validate `data` as `model`; `at` is the config path of its root. Raises ConfigError with every mistake.

    Rules over several settings need a whole model. If single fields are wrong, the rules run on the config without
    those fields, and what they say about a wrong field is dropped: it would only repeat the first mistake.
    """
    mistakes: list[Mistake] = []
    try:
        settings = model.model_validate(data)
    except ValidationError as error:
        details = _without_echoes(error.errors(include_url=False))
        wrong = [_location(detail, data) for detail in details]
        mistakes = [_explain(model, detail, at) for detail in details]
        try:
            settings = model.model_validate(_without(data, wrong))
        except ValidationError:
            raise ConfigError(mistakes) from None
    known = [mistake.path for mistake in mistakes]
    for rule in rules:
        mistakes += [
            found
            for found in rule(settings)
            if not any(overlap(found.path, path) for path in known)
            # A setting may have an effect once the wrong one is corrected.
            and not (known and found.code == NO_EFFECT)
        ]
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out lists that are too short only because one of their items was rejected."""
    parents = {detail["loc"][:-1] for detail in details}
    return [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in parents]


def _location(detail: ErrorDetails, data: Any) -> tuple[str | int, ...]:
    """The part of an error's location that exists in the data (pydantic adds union members and key markers)."""
    found: list[str | int] = []
    for step in detail["loc"]:
        if isinstance(data, Mapping) and step in data:
            data = data[str(step)]
        elif isinstance(data, (list, tuple)) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif detail["type"] == "missing":
            pass
        else:
            break
        found.append(step)
    return tuple(found)


def _without(data: Any, wrong: Sequence[tuple[str | int, ...]]) -> Any:
    if () in wrong:
        return None
    if isinstance(data, Mapping):
        return {
            key: _without(value, [loc[1:] for loc in wrong if loc[0] == key])
            for key, value in data.items()
            if (key,) not in wrong
        }
    if isinstance(data, (list, tuple)):
        return [
            _without(value, [loc[1:] for loc in wrong if loc[0] == index])
            for index, value in enumerate(data)
            if (index,) not in wrong
        ]
    return data


class _Place(NamedTuple):
    """Where a value is in a model."""

    owner: type[BaseModel]
    """The group that the value's setting belongs to."""
    group: type[BaseModel] | None
    """The group that the value should be, if it should be one."""


def _place(model: type[BaseModel], steps: Steps) -> _Place:
    owner, group = model, model if not steps else None
    inside: type[BaseModel] | None = model
    # The next step is the name of an item in a map of groups.
    names_item = False
    for step in steps:
        if isinstance(step, int) or names_item:
            group, names_item = inside if inside is not owner else None, False
            continue
        owner = inside or owner
        names_item = step in _maps_of_groups(owner)
        inside = group = _fields(owner).get(step) if inside is not None else None
    return _Place(owner, group)


def _fields(model: type[BaseModel]) -> dict[str, type[BaseModel] | None]:
    """The names in a group, each with the group behind it."""
    return {info.alias or name: _group_in(info.annotation) for name, info in model.model_fields.items()}


def _group_in(annotation: Any) -> type[BaseModel] | None:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _maps_of_groups(model: type[BaseModel]) -> set[str]:
    """The names in a group behind which there is a map of groups."""
    return {
        info.alias or name
        for name, info in model.model_fields.items()
        if get_origin(info.annotation) is dict and _group_in(info.annotation) is not None
    }


def _near_a_secret(place: _Place) -> bool:
    return _holds_secret(place.owner, deep=False) or (place.group is not None and _holds_secret(place.group, deep=True))


def _holds_secret(model: type[BaseModel], *, deep: bool) -> bool:
    for info in model.model_fields.values():
        kinds = [getattr(part, "__origin__", part) for part in (info.annotation, *get_args(info.annotation))]
        inner = _group_in(info.annotation)
        if SecretStr in kinds or (deep and inner is not None and _holds_secret(inner, deep=True)):
            return True
    return False


def _explain(model: type[BaseModel], detail: ErrorDetails, at: str) -> Mistake:
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    steps = [step for step in detail["loc"] if step != "[key]"]
    path = dotted([at, *steps])
    if kind == "extra_forbidden":
        return _unknown(model, detail, at)
    place = _place(model, steps)
    if kind == "missing":
        return Mistake(path, "is required", f"Run: {config_set(_first_setting(path, place.group))}", REQUIRED)
    # The name of a map entry is part of the path in any case.
    # In place of a whole system, anything may have been pasted.
    hidden = not steps or ("[key]" not in detail["loc"] and _near_a_secret(place))
    if remedy := context.get("remedy"):
        problem = detail["msg"].replace(repr(value), "the value") if hidden else detail["msg"]
        return Mistake(path, *_special(steps, value, problem, remedy), context.get("code", REFUSED))
    if kind == "string_type" and isinstance(value, Mapping):
        return _split_key([at, *steps], value)
    given = "the value" if hidden else f"{value!r}" if _plain(value) else f"a {_TYPE_NAMES.get(type(value), 'value')}"
    if kind in _KINDS:
        code, problem, remedy = _KINDS[kind]
        words = {
            **context,
            "given": given,
            "set_text": config_set(path, "--type string"),
            "set_item": config_set(f"{path}[0]"),
        }
        return Mistake(path, problem.format(**words), remedy.format(**words), code)
    return Mistake(path, f"{given} is not accepted", f"{detail['msg']}.")


_TYPE_NAMES: Final[Mapping[type, str]] = {dict: "map", list: "list"}
_KINDS: Final = {
    "int_type": ("not-a-whole-number", "{given} is not a whole number", "Write digits without quotes, such as 4."),
    "bool_type": ("not-a-boolean", "{given} is neither true nor false", "Write true or false without quotes."),
    "string_type": ("not-text", "{given} is not text", "Put it in quotes in the stack file, or run: {set_text}"),
    "greater_than_equal": ("too-small", "{given} is too small", "Write {ge} or more."),
    "less_than_equal": ("too-large", "{given} is too large", "Write {le} or less."),
    "literal_error": ("not-a-choice", "{given} is not one of the choices", "Write one of {expected}."),
    "enum": ("not-a-choice", "{given} is not one of the choices", "Write one of {expected}."),
    "model_type": (
        "not-a-group", "{given} is not a group of settings", "Write the settings of the group under it, indented.",
    ),
    "dict_type": ("not-a-map", "{given} is not a map", "Write `key: value` lines under it."),
    "tuple_type": ("not-a-list", "{given} is not a list", "Write one item per line with a dash, or run: {set_item}"),
    "list_type": ("not-a-list", "{given} is not a list", "Write one item per line with a dash, or run: {set_item}"),
    "too_short": ("empty-list", "the list is empty", "Write at least {min_length} item."),
}  # fmt: skip
"""Code, problem and remedy of pydantic's own errors."""


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _special(steps: Steps, value: Any, problem: str, remedy: str) -> tuple[str, str]:
    if steps and steps[-1] == "storageClass" and value == "":
        return (
            "is empty. In Kubernetes that means a volume that an administrator has created (static provisioning)",
            "Create a PersistentVolumeClaim for that volume and name it in `claim`, or remove `storageClass`.",
        )
    return problem, remedy


_OF_KUBERNETES: Final[Mapping[str, str]] = {
    "mountPath": "Write the path alone, as the value.",
    "valueFrom": "Write the value. For a secret one, mount the Secret as a file.",
}
"""What to write in place of a map that Kubernetes has there."""


def _split_key(steps: list[str | int], value: Mapping[Any, Any]) -> Mistake:
    """A map in place of text: `pulumi config set --path annotations.a.b/c x` makes a map of each part of the key."""
    if known := next((key for key in _OF_KUBERNETES if key in value), None):
        return Mistake(dotted(steps), "a map is not text", _OF_KUBERNETES[known], "not-text")
    if isinstance(steps[-1], int):
        return Mistake(dotted(steps), "a map is not text", "Write its value alone, without a key.", "not-text")
    whole, rest = [str(steps[-1])], value
    while isinstance(rest, Mapping) and len(rest) == 1:
        ((key, rest),) = rest.items()
        whole.append(str(key))
    path, right = dotted(steps), dotted([*steps[:-1], ".".join(whole)])
    remove = f"pulumi config rm --path {shlex.quote(path)}"
    return Mistake(
        path,
        "a map is not text. Without quotes, --path splits a key at its dots",
        f"If the key is {'.'.join(whole)}, run: {remove} && {config_set(right)}",
        "not-text",
    )


def _first_setting(path: str, group: type[BaseModel] | None) -> str:
    """The path itself, or the first required setting in a group."""
    if group is None:
        return path
    for name, info in group.model_fields.items():
        if info.is_required():
            return _first_setting(below(path, info.alias or name), _group_in(info.annotation))
    return path


def _unknown(model: type[BaseModel], detail: ErrorDetails, at: str) -> Mistake:
    *parents, word = detail["loc"]
    own = next((names for group, names in _groups(model) if _is_at(group, parents)), set())
    path = dotted([at, *detail["loc"]])
    if ours := [dotted([at, *parents, name]) for name in OTHER_NAMES.get(str(word), ()) if name in own]:
        return Mistake(path, "is not a setting", f"Here it is {' or '.join(ours)}.", UNKNOWN)
    near = did_you_mean(str(word), own)
    if near:
        return Mistake(path, "is not a setting", f"Did you mean {dotted([at, *parents, near])}?", UNKNOWN)
    for group, words in _groups(model):
        # Elsewhere, a word that is merely similar is another thing.
        if near := did_you_mean(str(word), words, likeness=0.75):
            right = dotted([at, *_named(group, parents), near])
            return Mistake(path, "is not a setting here", f"Did you mean {right}?", UNKNOWN)
    return Mistake(path, "is not a setting", f"{dotted([at, *parents])} has {', '.join(sorted(own))}.", UNKNOWN)


ANY_NAME: Final = "NAME"
"""Stands for the name of an item in a map of groups."""


def _is_at(group: Sequence[str], steps: Steps) -> bool:
    """The group is the one at these steps of a config."""
    inside = [step for step in steps if isinstance(step, str)]
    return len(group) == len(inside) and all(
        expected in (ANY_NAME, step) for expected, step in zip(group, inside, strict=True)
    )


def _named(group: Sequence[str], steps: Steps) -> Iterator[str]:
    """The location of a group, with the names that the steps of a config have in the same places."""
    for index, step in enumerate(group):
        same = len(steps) > index and _is_at(group[: index + 1], steps[: index + 1])
        yield str(steps[index]) if same else step


def _groups(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every group of settings in `model`: its location and the names in it."""
    fields, maps = _fields(model), _maps_of_groups(model)
    yield at, set(fields)
    for name, inner in fields.items():
        if inner is not None:
            yield from _groups(inner, (*at, name, ANY_NAME) if name in maps else (*at, name))
