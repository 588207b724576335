"""A support bundle: what the doctor saw, for somebody else to read.

No secret gets in by construction: of a Secret only its name, type and keys are copied, of a ConfigMap only the length
of its values, of containers no environment values, commands and arguments, and of annotations only known ones. In what
is left, logs and messages above all, values of the Secrets that you may read, keys and tokens are replaced.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from components.matlab import names
from components.shared.kube import Json
from ops.doctor.report import Report, lines, together
from ops.doctor.snapshot import Snapshot

REDACTED: Final = "(redacted)"
PRIVATE: Final = 0o600
_ANNOTATIONS: Final = ("checksum/", "cluster-autoscaler.kubernetes.io/", "clusters.pulumi/", "karpenter.sh/", "mjs/")
"""Prefixes of annotations that hold no secret. `last-applied-configuration`, for one, holds whole objects."""
_SHORTEST: Final = 6
"""Characters of a value that is looked for in texts; shorter ones are in every text."""
_LONG: Final = 40
"""Characters of a word within a value that is looked for by itself: lines of a key have 64."""
_PUBLIC: Final = {"ca.crt", "namespace"}
"""Keys of a ServiceAccount's token Secret that are in other objects too."""
_CREDENTIAL: Final = re.compile(
    r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|(?i:(?<=password=)|(?<=token=)|(?<=bearer ))\S+",
    re.DOTALL,
)
"""PEM blocks, JSON web tokens, and what follows `password=`, `token=` and `Bearer`."""


def write(file: Path, snapshots: Sequence[Snapshot], reports: Sequence[Report]) -> None:
    """Write the bundle, a tar.gz that only you can read. Raises OSError."""
    scrub = _scrubber(snapshots)
    file.touch(mode=PRIVATE)
    file.chmod(PRIVATE)
    with tarfile.open(file, "w:gz") as archive:
        for name, content in _files(snapshots, reports):
            clean = _each_text(content, scrub)
            data = (
                clean if isinstance(clean, str) else json.dumps(clean, indent=2, ensure_ascii=False) + "\n"
            ).encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), PRIVATE
            archive.addfile(entry, io.BytesIO(data))


def _files(snapshots: Sequence[Snapshot], reports: Sequence[Report]) -> Iterator[tuple[str, Any]]:
    yield "report.txt", "\n\n".join("\n".join(lines(report)) for report in reports) + "\n"
    yield "report.json", together(reports)
    for snapshot in snapshots:
        for kind, items in snapshot.objects.items():
            copy = _COPIES.get(kind, _plain)
            yield f"{snapshot.name}/{kind}.json", [copy(item) for item in items]
        for pod, text in snapshot.logs.items():
            yield f"{snapshot.name}/logs/{pod}.log", text


def _each_text(content: Any, scrub: Callable[[str], str]) -> Any:
    """The content with every text in it scrubbed, at any depth. Keys are words of Kubernetes, or names."""
    if isinstance(content, dict):
        return {key: _each_text(value, scrub) for key, value in content.items()}
    if isinstance(content, list):
        return [_each_text(value, scrub) for value in content]
    return scrub(content) if isinstance(content, str) else content


def _secret(item: Json) -> Json:
    return {"name": item["metadata"]["name"], "type": item.get("type"), "keys": sorted(item.get("data") or {})}


def _config_map(item: Json) -> Json:
    """Upstream's chart has a password in one. Only the pod templates of the controller are copied, like pods."""
    data: Mapping[str, str] = item.get("data") or {}
    found = {**_plain({"metadata": item["metadata"]}), "lengths": {key: len(value) for key, value in data.items()}}
    if names.TEMPLATE_FILE in data:
        found["template"] = _redacted(yaml.safe_load(data[names.TEMPLATE_FILE]))
    return found


def _plain(item: Json) -> Json:
    """An object without what other programs wrote into its metadata."""
    whole: Json = _redacted(item)
    whole["metadata"] = {key: value for key, value in whole["metadata"].items() if key != "managedFields"}
    return whole


def _redacted(value: Any) -> Any:
    if isinstance(value, list):
        return [_redacted(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _RULES[key](one) if key in _RULES else _redacted(one) for key, one in value.items()}


def _environment(variables: Any) -> Any:
    if not isinstance(variables, list):
        return REDACTED
    return [{**one, "value": REDACTED} if "value" in one else one for one in variables]


def _annotations(found: Any) -> Any:
    return {key: value for key, value in (found or {}).items() if key.startswith(_ANNOTATIONS)}


def _words(words: Any) -> str:
    return f"({len(words or ())} words)"


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "annotations": _annotations,
    "args": _words,
    "command": _words,
    "env": _environment,
}
"""What is copied of fields that may hold a secret, at any depth."""
_COPIES: Final[Mapping[str, Callable[[Json], Json]]] = {"ConfigMap": _config_map, "Secret": _secret}


def _scrubber(snapshots: Iterable[Snapshot]) -> Callable[[str], str]:
    """Replaces credentials in a text."""
    secrets = {text for snapshot in snapshots for item in snapshot.of("Secret").values() for text in _values(item)}
    # The longest first: one may contain another.
    known = re.compile("|".join(re.escape(text) for text in sorted(secrets, key=len, reverse=True)) or r"(?!)")
    return lambda text: _CREDENTIAL.sub(REDACTED, known.sub(REDACTED, text))


def _values(secret: Json) -> Iterator[str]:
    """The values of a Secret, and the longer words of them such as lines of a key, in clear and in base64."""
    for key, encoded in (secret.get("data") or {}).items():
        text = b64decode(encoded).decode(errors="replace").strip()
        if key in _PUBLIC or len(text) < _SHORTEST:
            continue
        yield from (text, encoded, b64encode(text.encode()).decode())
        yield from (word for word in text.split() if len(word) >= _LONG)
