"""The folder of a rendering. Only what an earlier rendering wrote there, unchanged since, is replaced or deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from ops.errors import UsageError

RECORD: Final = ".rendered.json"
"""Lists the files of the last rendering: {name: [SHA-256 of its content]}; two where a run was interrupted."""

UNFINISHED: Final = ".rendered.unfinished"
"""The file that is being written."""


def write(files: Mapping[str, str], folder: Path) -> None:
    """Replace the rendering in `folder` with `files`, texts by name; files of other people stay.

    Raises UsageError, before anything is touched, if a file would be lost that no rendering wrote, or that somebody
    has changed since: rendered Secrets are there to be filled in.
    """
    earlier = _record(folder)
    _refuse(folder, files, earlier)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: {_digest(text.encode())} for name, text in files.items()}
    # Both are written before the first change, so that the next run can check the folder of an interrupted one.
    _write_record(folder, earlier, wanted)
    for name in earlier.keys() - wanted.keys():
        (folder / name).unlink(missing_ok=True)
    for name, text in files.items():
        _write_file(folder / name, text)
    _write_record(folder, wanted)


def _refuse(folder: Path, files: Iterable[str], earlier: Mapping[str, set[str]]) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file. Name a folder with --out.")
    if not earlier and (present := _names(file for file in folder.iterdir() if file.name != UNFINISHED)):
        raise UsageError(
            f"{folder} holds files that no earlier rendering wrote: {present}. Choose an empty or a new folder."
        )
    touched = sorted({*files, *earlier})
    if foreign := _names(folder / name for name in touched if not _ours(folder / name, earlier.get(name, set()))):
        raise UsageError(
            f"{folder} holds files that were changed after they were rendered, or that no rendering wrote: {foreign}. "
            "Move them away, or choose another folder."
        )


def _ours(file: Path, digests: set[str]) -> bool:
    if file.is_symlink():
        return False
    return not file.exists() or (file.is_file() and _digest(file.read_bytes()) in digests)


def _names(files: Iterable[Path], most: int = 5) -> str:
    names = sorted(file.name for file in files)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _record(folder: Path) -> dict[str, set[str]]:
    """Digests that each file may have: two where a run was interrupted, none if nothing was ever rendered here."""
    file = folder / RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return {name: set(digests) for name, digests in record.items() if Path(name).name == name}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{file} is damaged ({error}). Choose an empty or a new folder.") from error


def _write_record(folder: Path, *renderings: Mapping[str, set[str]]) -> None:
    names = sorted({name for rendering in renderings for name in rendering})
    record = {name: sorted(set().union(*(one.get(name, ()) for one in renderings))) for name in names}
    _write_file(folder / RECORD, json.dumps(record, indent=2) + "\n")


def _write_file(file: Path, text: str) -> None:
    # Written in one step: the record has no digest of half a file.
    unfinished = file.with_name(UNFINISHED)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
