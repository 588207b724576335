"""`python -m ops init`: a small stack file that loads, written once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.stack import load_file
from ops import __main__ as ops
from ops import init

SYSTEMS = sorted(init.QUESTIONS)


def run(folder: Path, *words: str) -> int:
    return ops.main(["init", "lab", "--out", str(folder), *words])


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.mark.parametrize("context", ["embedded", "research-cluster"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_defaults_load(tmp_path: Path, system: str, context: str) -> None:
    assert run(tmp_path, "--system", system, "--context", context) == 0
    stack = load_file(tmp_path / "Pulumi.lab.yaml")
    assert list(stack.systems) == [system]
    assert (stack.target.embedded, stack.target.context) == (
        (True, None) if context == "embedded" else (False, context)
    )


def test_flags_become_settings(tmp_path: Path) -> None:
    assert run(tmp_path, "--release", "r2025b", "--max-workers", "64", "--license", "27000@license.example.org") == 0
    settings = load_file(tmp_path / "Pulumi.lab.yaml").systems["matlab"].model_dump()
    assert (settings["release"], settings["workers"]["max"]) == ("r2025b", 64)
    assert settings["license"]["network_license_manager"] == "27000@license.example.org"


def test_a_file_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 0
    before = (tmp_path / "Pulumi.lab.yaml").read_text()
    assert run(tmp_path, "--max-workers", "8") == 2
    assert "is never overwritten" in capsys.readouterr().err
    assert (tmp_path / "Pulumi.lab.yaml").read_text() == before


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--release", "2026a"), 2, "matlab.release"),
        (("--max-workers", "many"), 2, "matlab.workers.max"),
        (("--system", "julia", "--release", "r2026a"), 2, "--release has no effect with system julia"),
        (("--context", "a: b"), 2, "cannot be an answer to --context"),
        (("--context", "lab\nmatlab"), 2, "cannot be an answer to --context"),
    ],
)
def test_a_wrong_answer_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, sentence: str
) -> None:
    assert run(tmp_path, *words) == code
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_it_asks_for_what_no_flag_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["lab", "julia", "", "16"])
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert run(tmp_path) == 0
    settings = load_file(tmp_path / "Pulumi.lab.yaml").systems["julia"].model_dump()
    assert settings["sessions"]["first"]["workers"]["max"] == 16
    assert len(asked) == 4
    assert asked[-1] == "Maximum number of workers [4]: "
