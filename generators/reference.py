"""docs/configuration.md: every setting with its type, default and meaning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel

from components.stack import PROJECT_NAME
from generators.settings import ROOTS, Setting, documentation, has_default, item_settings, settings

GENERATED: Final = "<!-- Written by `python -m generators`. Edit the docstrings of the settings instead. -->"
SCHEMA_FILE: Final = "stack.schema.json"


def page() -> str:
    """The whole page."""
    lines = [
        GENERATED,
        "",
        "# Configuration reference",
        "",
        "A stack file `Pulumi.<stack>.yaml` holds these settings under `config`, each top-level key with the prefix",
        f"`{PROJECT_NAME}:`. Settings that you leave out have their defaults. To set one from the command line:",
        "",
        "```console",
        "$ pulumi config set --path matlab.workers.max 64",
        "$ pulumi config set --path --type string matlab.workers.env.OMP_NUM_THREADS 4  # text, not a number",
        "$ pulumi config set --path 'matlab.workers.nodeSelector[\"example.org/pool\"]' lab    # a key with dots",
        "$ pulumi config set --path --secret matlab.security.adminPassword             # prompts for the value",
        "```",
        "",
        f"Editors that support JSON Schema check a stack file against `{SCHEMA_FILE}` (see the first line of",
        "`Pulumi.dev.yaml`). [restarts.md](restarts.md) says what restarts when a setting changes.",
        "",
        "A quantity is a number with an optional suffix, as Kubernetes writes it: `2`, `500m`, `8Gi`.",
        "",
        "YAML libraries read some text differently. So that `pulumi` and `ops render` never disagree, numbers such as",
        "`1e3`, `1_000` and `08` are rejected, and so are unquoted dates, tags, and keys that are defined twice.",
        "Write plain decimal numbers, and put text that looks like a number or a date in quotes.",
        "",
    ]
    for root, model in ROOTS.items():
        lines += _section(root, model, 2)
    return "\n".join(lines)


def _section(path: str, model: type[BaseModel], level: int) -> Iterator[str]:
    every = list(settings(model, *path.split(".")))
    own = [setting for setting in every if not has_default(setting.path)]
    yield from (f"{'#' * level} {path}", "", documentation(model), "")
    if len(own) < len(every):
        root = path.partition(".")[0]
        yield from (f"It also has every setting of `{root}.defaults`, which it overrides for itself.", "")
    if plain := [setting for setting in own if not setting.is_group]:
        yield from ("| Setting | Type | Default | Meaning |", "|---|---|---|---|")
        for setting in plain:
            yield _row(setting)
            if setting.type.group:
                yield from (_row(part) for part in _parts(setting))
        yield ""
    for setting in own:
        if setting.type.group and setting.is_group:
            yield from _section(".".join(setting.inside), setting.type.group, min(level + 1, 4))


def _parts(setting: Setting) -> Iterator[Setting]:
    """The settings of each item of a list of groups, at any depth."""
    assert setting.type.group is not None  # noqa: S101 - the caller checked it; this is for the type checker
    *parents, last = setting.steps
    return item_settings(setting.type.group, *parents, f"{last}[]")


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
