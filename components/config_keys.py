"""The top-level keys of a stack config. Pulumi accepts every key, so a misspelt one would change nothing in silence."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from components.shared.config_paths import config_set, did_you_mean
from components.shared.mistakes import UNKNOWN, Mistake
from components.stack_file import CONFIG, OTHER_KEYS

FLAT: Final = "flat-key"
NAMESPACE: Final = "namespace"
EMPTY: Final = "empty"
OUTSIDE: Final = "outside-config"


def problems(
    values: Mapping[str, Any], known: Sequence[str], project: str, is_secret: Callable[[str], bool]
) -> Iterator[Mistake]:
    """Keys that look like settings of this program and are not. `is_secret` tells whether a config path is a secret.

    Keys of this project have no prefix in `values`; those of other projects and of providers have theirs.
    """
    for key in values:
        namespace, colon, name = key.rpartition(":")
        if not colon:
            yield from _own(key, values[key], known, is_secret)
        elif right := _meant(namespace, name, values, known, project):
            yield Mistake(
                key,
                f"belongs to another project: keys of this one begin with {project}:",
                f"Did you mean {right}? Run: {_remove(key)}, and set the right one.",
                NAMESPACE,
            )


def _own(key: str, value: Any, known: Sequence[str], is_secret: Callable[[str], bool]) -> Iterator[Mistake]:
    if key in known:
        if value is None or value == "":
            yield Mistake(key, "is empty", "Write the settings under it, or remove the key.", EMPTY)
        return
    first, path = _first_step(key), key
    if first != key and (right := first if first in known else did_you_mean(first, known)):
        path = right + key.removeprefix(first)
        command = config_set(path, "--secret", value=None) if is_secret(path) else config_set(path)
        yield Mistake(
            key,
            "has no effect: without --path, Pulumi stores it as a single key with dots in its name",
            f"Did you forget --path? Run: {_remove(key)} && {command}",
            FLAT,
        )
        return
    near = did_you_mean(key, known)
    yield Mistake(
        key, "is not a setting", f"Did you mean {near}?" if near else f"The keys are {', '.join(known)}.", UNKNOWN
    )


def _meant(namespace: str, name: str, values: Mapping[str, Any], known: Sequence[str], project: str) -> str | None:
    """The key of this project that a key of another namespace was meant to be, or None."""
    systems = [key for key in known if key != "kubernetes"]
    if namespace in systems:
        return f"{project}:{namespace}, with --path {namespace}.{name}"
    first = _first_step(name)
    if did_you_mean(namespace, [project]) and (right := did_you_mean(first, known)):
        return f"{project}:{right}"
    # Several projects may share an ESC environment, so a key of another project is no mistake there.
    return f"{project}:{first}" if first in systems and first not in values else None


def _first_step(key: str) -> str:
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def _remove(key: str) -> str:
    return f"pulumi config rm {shlex.quote(key)}"


def ignored(
    keys: Iterable[str], known: Sequence[str], project: str, settings: Mapping[str, Iterable[str]]
) -> Iterator[Mistake]:
    """Keys next to `config:` in a stack file, which Pulumi ignores. `settings` are the names in each known key."""
    for key in keys:
        name = key.removeprefix(f"{project}:")
        group = next((group for group, names in settings.items() if name in names), None)
        near = did_you_mean(key, (CONFIG, *OTHER_KEYS))
        if group:
            remedy = f"Indent it under `{project}:{group}:`, which belongs under `{CONFIG}:`."
        elif near:
            remedy = f"Did you mean {near}?"
        else:
            remedy = f"Indent it under `{CONFIG}:`, as `{project}:{did_you_mean(name, known) or name}`."
        yield Mistake(key, f"is outside `{CONFIG}:`, so Pulumi ignores it", remedy, OUTSIDE)


def of_provider(values: Iterable[str], project: str) -> Iterator[str]:
    """A warning for config of Pulumi's default Kubernetes provider: the program names its cluster itself."""
    for key in values:
        if key.startswith("kubernetes:"):
            yield f"{key} has no effect on this stack, which deploys to the cluster of {project}:kubernetes."


def empty(values: Mapping[str, Any], known: Sequence[str]) -> Iterator[str]:
    """A warning for keys in a stack file that select nothing."""
    for key in known:
        if values.get(key) == {} and key != "kubernetes":
            yield f"{key} is an empty map, so it has no effect. Write the settings under it, or remove it."


def warnings(systems: Iterable[str], available: Sequence[str], project: str) -> Iterator[str]:
    """Warnings about the keys of an accepted config."""
    if not list(systems):
        names = " or ".join(f"{project}:{key}" for key in available)
        yield (
            f"The stack config selects no system: set {names}. This run creates nothing, and deletes what earlier runs "
            "created unless it is protected."
        )
