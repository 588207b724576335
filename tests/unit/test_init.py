"""`python -m ops init`: a small stack file that loads, written once."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.stack import load_file
from ops import __main__ as ops
from ops import init
from tests.conftest import PROJECT

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
        (("--session", "ana"), 2, "has no effect with system matlab. Remove it, or add --system julia."),
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


@pytest.mark.parametrize("name", ["../lab", "a/b", "a b", "..", "ümlaut", "-x", "lab.", "x" * 300, "a$b"])
def test_a_name_that_no_stack_can_have_is_rejected_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """It used to tell people to rename a stack that did not exist, or that a file name was too long."""
    assert ops.main(["init", "--out", str(tmp_path), "--", name]) == 2
    assert f"`{name}` cannot be the name of a stack" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "context", ["123", "null", "yes", "1:2", "0x1F", "ümlaut", "arn:aws:eks:eu-1:1:cluster/x", "a@b", "~"]
)
def test_a_context_with_any_name_stays_text(tmp_path: Path, context: str) -> None:
    assert run(tmp_path, "--context", context) == 0
    assert load_file(tmp_path / "Pulumi.lab.yaml").target.context == context


def test_without_a_terminal_it_says_which_answers_it_took(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--max-workers", "8") == 0
    written = capsys.readouterr().err
    assert "MATLAB release: r2026a (default; --release sets it)" in written
    assert "Maximum number of workers" not in written


def test_a_closed_standard_input_is_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert run(tmp_path) == 0


def test_after_a_real_cluster_the_next_step_works_without_pulumi_on_the_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--context", "prod") == 0
    assert "Next: `make pulumi STACK=lab ARGS=login` once" in capsys.readouterr().err


def kubeconfig(file: Path, *contexts: str) -> str:
    """A kubeconfig without a current context."""
    entries = "".join(f"- {{name: {name}, context: {{cluster: c, user: u}}}}\n" for name in contexts)
    file.write_text(f"apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts:\n{entries}")
    return str(file)


def on_a_terminal(folder: Path, answers: str, *words: str, kubeconfig: str = "/nonexistent") -> tuple[int, str]:
    """Type answers into a terminal; standard output is a file, as with `> log`. The exit code, and the questions."""
    ours, theirs = pty.openpty()
    # Typed ahead: the terminal keeps it until it is read.
    os.write(ours, answers.encode())
    with subprocess.Popen(
        [sys.executable, "-m", "ops", "init", "lab", "--out", folder, *words],
        cwd=PROJECT, env={**os.environ, "KUBECONFIG": kubeconfig}, stdin=theirs, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        _, said = process.communicate(timeout=60)
        os.close(ours)
        return process.returncode, said


def test_a_wrong_answer_is_explained_and_asked_for_again(tmp_path: Path) -> None:
    """It used to end the command, and all answers were lost."""
    code, said = on_a_terminal(tmp_path, "\nmathlab\n\n2026a\nr2025b\nmany\n-3\n8\nnohost\n27000@host\n")
    assert code == 0
    assert "`mathlab` is not a system. Write matlab, julia, arkouda." in said
    assert "'2026a' is not a MATLAB release. Write r, the year and" in said
    assert said.count("Maximum number of workers [4]: ") == 3
    assert said.count("License manager") == 2
    settings = load_file(tmp_path / "Pulumi.lab.yaml").systems["matlab"].model_dump()
    assert (settings["release"], settings["workers"]["max"]) == ("r2025b", 8)


def test_a_wrong_flag_is_rejected_before_the_first_question(tmp_path: Path) -> None:
    code, said = on_a_terminal(tmp_path, "", "--release", "2026a")
    assert code == 2
    assert "[embedded]" not in said


@pytest.mark.parametrize("key", ["\x04", "\n\x04"], ids=["at once", "later"])
def test_ctrl_d_ends_it_without_a_traceback_and_without_a_file(tmp_path: Path, key: str) -> None:
    code, said = on_a_terminal(tmp_path, key)
    assert code == ops.INTERRUPTED
    assert said.endswith("\nInterrupted.\n")
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_any_command_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.graph.command.load_file", interrupted)
    assert ops.main(["graph", "--config", str(tmp_path)]) == ops.INTERRUPTED
    assert capsys.readouterr().err == "\nInterrupted.\n"


def test_the_contexts_of_every_kubeconfig_are_listed(tmp_path: Path) -> None:
    first = kubeconfig(tmp_path / "one", *(f"c{number}" for number in range(50)))
    second = kubeconfig(tmp_path / "two", "lab")
    out = tmp_path / "out"
    out.mkdir()
    code, said = on_a_terminal(out, "lab\n\n\n\n\n", kubeconfig=f"{second}:{first}:/nonexistent")
    assert code == 0
    assert (
        "Contexts of your kubeconfig: lab, c0, c1, c2, c3, c4, c5, c6 and 43 more (kubectl config get-contexts)" in said
    )


@pytest.mark.parametrize("content", ["a: [b", "", "- a\n", "contexts: 3\n"])
def test_a_broken_kubeconfig_is_named_and_does_not_end_the_questions(tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken"
    broken.write_text(content)
    out = tmp_path / "out"
    out.mkdir()
    code, said = on_a_terminal(out, "\n\n\n\n\n", kubeconfig=str(broken))
    assert (code, "Your kubeconfig cannot be used: " in said) == (0, True)


def test_on_a_terminal_it_asks_for_what_no_flag_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: Iterator[str] = iter(["lab", "julia", "", "16"])
    asked: list[str] = []

    def answer() -> str:
        asked.append("")
        return next(answers)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    assert run(tmp_path) == 0
    settings = load_file(tmp_path / "Pulumi.lab.yaml").systems["julia"].model_dump()
    assert settings["sessions"]["first"]["workers"]["max"] == 16
    assert len(asked) == 4
    assert capsys.readouterr().err.count("Maximum number of workers [4]: ") == 1
