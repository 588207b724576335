"""The manifests of every stack file that the project ships are committed, and what the program makes is compared.

`make golden` (pytest tests/golden --update-golden) rewrites them; the review sees what changes in the cluster.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.stack import load_file
from components.stack_file import stack_name
from ops.render import render, write
from ops.rendering_folder import RECORD
from tests.conftest import PROJECT
from tests.schemas import VERSIONS, problems

GOLDEN = Path(__file__).resolve().parent
STACK_FILES = [PROJECT / "Pulumi.dev.yaml", *sorted((PROJECT / "examples").glob("*.yaml"))]


@cache
def rendering(stack_file: Path) -> tuple[dict[str, str], dict[str, Any]]:
    return render(load_file(stack_file))


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.iterdir()) if file.name != RECORD}


@pytest.mark.parametrize("stack_file", STACK_FILES, ids=stack_name)
def test_the_program_renders_what_is_committed(stack_file: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    committed = GOLDEN / stack_name(stack_file)
    if pytestconfig.getoption("--update-golden"):
        shutil.rmtree(committed, ignore_errors=True)
        write(*rendering(stack_file), committed)
        (committed / RECORD).unlink()
    write(*rendering(stack_file), tmp_path)
    assert committed.is_dir(), "run make golden"
    assert contents(tmp_path) == contents(committed)


def test_every_golden_folder_has_its_stack_file() -> None:
    folders = {folder.name for folder in GOLDEN.iterdir() if folder.is_dir() and not folder.name.startswith("_")}
    assert folders == {stack_name(file) for file in STACK_FILES}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stack_file", STACK_FILES, ids=stack_name)
def test_every_object_is_valid(stack_file: Path, version: str) -> None:
    files, _ = rendering(stack_file)
    assert [problem for text in files.values() for problem in problems(yaml.safe_load(text), version)] == []


@pytest.mark.parametrize("stack_file", STACK_FILES, ids=stack_name)
def test_the_same_stack_file_gives_the_same_bytes(stack_file: Path) -> None:
    """A byte that changes by itself restarts every worker."""
    assert render(load_file(stack_file)) == rendering(stack_file)
