"""What is wrong in a stack config, as sentences for the person who typed it: path, problem, remedy.

A pydantic model refuses one way, cross-field rules another, the preflight a third; all of them end here, so that the
person sees every mistake of a config at once, in one form.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True, order=True)
class Mistake:
    """One refusal. `path` is the config path, e.g. `matlab.workers.max`; `remedy` says what to write instead."""

    path: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}. {self.remedy}"


class ConfigError(Exception):
    """A config that is refused, with all its mistakes. Nothing has been touched."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__(self.text())

    def text(self) -> str:
        """The mistakes for a person, one line each."""
        count = len(self.mistakes)
        head = f"The stack config is refused, nothing was changed. {count} mistake{'s' if count != 1 else ''}:"
        return "\n".join([head, *(f"  {mistake}" for mistake in self.mistakes)])

    def json(self) -> str:
        """The mistakes for a machine: {"mistakes": [{"path", "problem", "remedy"}]}."""
        return json.dumps({"mistakes": [asdict(mistake) for mistake in self.mistakes]}, indent=2)


NO_EFFECT = "has no effect"
"""How the problem of a setting begins that the others make pointless."""
M = TypeVar("M", bound=BaseModel)
Rule = Callable[[M], Iterator[Mistake]]


def load(model: type[M], data: Mapping[str, Any], at: str, rules: Sequence[Rule[M]] = ()) -> M:
    """Validate `data` as `model`; `at` is the config path of its root. Raises ConfigError with every mistake.

    Cross-field rules need a whole model. Where single fields are wrong, the rules run on the config without those
    fields, and what they say about a wrong field is dropped: it would only repeat the first mistake.
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
            if not any(_overlap(found.path, path) for path in known)
            # A setting may have its effect as soon as the wrong one is corrected.
            and not (known and found.problem.startswith(NO_EFFECT))
        ]
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """The known word that is nearest to `word`, case and plural aside, or None."""
    lower = {known.lower(): known for known in words}
    near = difflib.get_close_matches(str(word).lower(), lower, n=1, cutoff=0.6)
    return lower[near[0]] if near else None


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out lists that are too short only because an item of theirs was refused."""
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


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith((f"{other}.", f"{other}[")) or other.startswith((f"{one}.", f"{one}["))


def dotted(steps: Iterable[str | int]) -> str:
    """A location as `pulumi config set --path` takes it: `a.b[0]`, and `a["x.y"]` for a key with a dot."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif "." in step or "[" in step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text


def _explain(model: type[BaseModel], detail: ErrorDetails, at: str) -> Mistake:
    kind, context = detail["type"], detail.get("ctx", {})
    steps = [step for step in detail["loc"] if step != "[key]"]
    path = dotted([at, *steps])
    if kind == "extra_forbidden":
        return _unknown(model, detail, at)
    if kind == "missing":
        return Mistake(path, "is required", f"Set it: pulumi config set --path {path} VALUE")
    if remedy := context.get("remedy"):
        return Mistake(path, detail["msg"], remedy)
    given = f"{detail['input']!r}" if _plain(detail["input"]) else f"a {type(detail['input']).__name__}"
    if kind in _KINDS:
        problem, remedy = _KINDS[kind]
        return Mistake(path, problem.format(given=given, **context), remedy.format(given=given, **context))
    return Mistake(path, f"{given} is not accepted", f"{detail['msg']}.")


_KINDS = {
    "int_type": ("{given} is not a whole number", "Write digits without quotes, such as 4."),
    "bool_type": ("{given} is neither true nor false", "Write true or false without quotes."),
    "string_type": ("{given} is not text", 'Put it in quotes: "…".'),
    "greater_than_equal": ("{given} is too small", "Write {ge} or more."),
    "less_than_equal": ("{given} is too large", "Write {le} or less."),
    "literal_error": ("{given} is not one of the choices", "Write one of {expected}."),
    "enum": ("{given} is not one of the choices", "Write one of {expected}."),
    "model_type": ("{given} is not a group of settings", "Write the settings of the group below it, indented."),
    "dict_type": ("{given} is not a map", "Write key: value lines below it."),
    "tuple_type": ("{given} is not a list", "Write the items as a list, one per line with a dash."),
    "list_type": ("{given} is not a list", "Write the items as a list, one per line with a dash."),
    "too_short": ("the list is empty", "Write at least {min_length} item."),
}


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _unknown(model: type[BaseModel], detail: ErrorDetails, at: str) -> Mistake:
    *parents, word = detail["loc"]
    known = sorted(_group(model, parents))
    path, near = dotted([at, *detail["loc"]]), did_you_mean(str(word), known)
    if near:
        return Mistake(path, "is not a setting", f"Did you mean {dotted([at, *parents, near])}?")
    for group, words in _groups(model):
        if near := did_you_mean(str(word), words):
            return Mistake(path, "is not a setting here", f"Did you mean {dotted([at, *group, near])}?")
    return Mistake(path, "is not a setting", f"{dotted([at, *parents])} knows {', '.join(known)}.")


def _group(model: type[BaseModel], steps: Sequence[str | int]) -> set[str]:
    inside = [step for step in steps if isinstance(step, str)]
    return next((words for group, words in _groups(model) if list(group) == inside), set())


def _groups(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Every group of settings below `model`: its location and the names in it."""
    fields = model.model_fields
    yield at, {field.alias or name for name, field in fields.items()}
    for name, field in fields.items():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _groups(part, (*at, field.alias or name))
