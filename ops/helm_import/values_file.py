"""Reads values files as Helm does, and recognizes files that hold something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ops.errors import CommandError
from ops.helm_import.wrappers import elsewhere, wrapped

HEADINGS: Final = ("USER-SUPPLIED VALUES", "COMPUTED VALUES")
"""What `helm get values` prints first, unless you add --output yaml."""
DEEPEST: Final = 50
SOPS: Final = re.compile(r"ENC\[AES256_GCM,.*\]", re.DOTALL)
TEMPLATE: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)
PLACEHOLDER: Final = re.compile(r"ref\+[a-z0-9]+://.*|<path:[^>]+>|\$\{[A-Za-z_][A-Za-z0-9_]*\}")
"""What vals and helmfile, the vault plug-in of Argo CD, and Flux or envsubst replace before Helm reads the file."""

Values = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML as Helm reads it (sigs.k8s.io/yaml): YAML 1.1 booleans and octals, but no dates and no base 60."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own registry

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    self.duplicates.append(key.value)
                seen.add(key.value)
        return {_text(key): value for key, value in super().construct_mapping(node, deep).items()}


def _text(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


for _tag, _pattern, _first in (
    ("bool", r"y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF", "yYtToOnNfF"),
    ("int", r"[-+]?0b[0-1_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:bool", lambda _, node: node.value.lower() in {"y", "yes", "true", "on"})

UNREADABLE: Final = (yaml.YAMLError, ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
"""PyYAML's own errors, and what its constructors raise for values that do not fit their tag."""


def read_values(path: Path) -> tuple[Values, list[str]]:
    """The values of one file, and the keys that it defines twice (Helm takes the last one).

    Raises CommandError for a file that is not a values file of the chart.
    """
    text = _read(path)
    try:
        loader = _Loader(text)
        values = loader.get_single_data()
    except UNREADABLE as error:
        raise CommandError(f"{path} is not YAML{_where(error)}. {_hint(text)}") from error
    if values is None:
        return {}, []
    if not isinstance(values, dict):
        raise CommandError(f"{path} is not a values file: it must hold a map.")
    _require_tree(path, values)
    values = {key: value for key, value in values.items() if key not in HEADINGS or value is not None}
    _require_plain_values(path, values)
    return values, loader.duplicates


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error


def _where(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""


def _hint(text: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if "{{" in line:
            return (
                f"Line {number} looks like a template that is not rendered. Import the rendered values: "
                "helm get values RELEASE --output yaml."
            )
    return "Export the values with: helm get values RELEASE --output yaml."


def _require_tree(path: Path, values: Any, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise CommandError(f"{path} is nested more than {DEEPEST} levels deep, or an anchor in it contains itself.")
    for value in values.values() if isinstance(values, dict) else values if isinstance(values, list) else ():
        _require_tree(path, value, depth + 1)


def _require_plain_values(path: Path, values: Values) -> None:
    """Raises CommandError for encrypted values and for values under a key of another tool."""
    if "sops" in values or any(SOPS.fullmatch(text) for _, text in texts(values)):
        raise CommandError(
            f"{path} is encrypted with SOPS. Decrypt it first: sops --decrypt {path} > values.yaml. Delete that file "
            "after the import."
        )
    if lost := elsewhere(values):
        raise CommandError(f"{path} also takes values from {lost[0]}, which Helm merges over these. {lost[1]}")
    if found := wrapped(values):
        raise CommandError(
            f"{path} holds the chart's values under {found.place}, not at the top level ({found.format}). Extract them "
            f"first: yq '{found.expression}' {path} > values.yaml"
        )


def texts(value: Any, *at: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a value, with its place."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, *at, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, *at, str(index))


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> Values:
    """`upper` over `lower`: maps are merged, lists and scalars replaced; a null stays, because it removes a default."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def read_all(files: Sequence[Path]) -> tuple[Values, list[str]]:
    """The values of several files, later ones over earlier ones as with `helm --values`, and remarks about them."""
    values: Values = {}
    remarks: list[str] = []
    for path in files:
        read, duplicates = read_values(path)
        values = merge(values, read)
        remarks += [f"{path.name}: {key} is defined twice. The last one counts, as with Helm." for key in duplicates]
    return values, remarks
