"""Runs the command blocks of a guide, as a reader types them.

A guide is a page of docs/tutorial.md and docs/howto. Its blocks mean:

- `console`: a line after `$ ` is a command. The lines below it must appear in its output, in this order; others may
  come between them. `…` stands for any text. A command must succeed, unless make's error message is shown.
- `console title="Not run: REASON"`: not run; the reader sees the reason.
- `yaml title="FILE"`: settings that the reader adds to the file.

No other block is allowed, so that nothing escapes.
"""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

FENCE: Final = re.compile(r"^( *)```(\w*) *([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TITLE: Final = re.compile(r'title="([^"]+)"')
NOT_RUN: Final = "Not run: "
PROMPT: Final = "$ "
ANY: Final = "…"
MAKE_FAILED: Final = "make: ***"
MINUTES: Final = 15


@dataclass(frozen=True)
class Command:
    """A command, and lines of its output."""

    text: str
    shown: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """Whether the reader is told that it fails."""
        return any(line.startswith(MAKE_FAILED) for line in self.shown)


@dataclass(frozen=True)
class Settings:
    """Settings for a file."""

    file: str
    values: Mapping[str, Any]


def steps(page: str) -> Iterator[Command | Settings]:
    """What a reader does, in order. Raises ValueError for a block that would be neither run nor explained."""
    for _, language, rest, body in FENCE.findall(page):
        found = TITLE.fullmatch(rest)
        title, text = found[1] if found else rest, textwrap.dedent(body)
        if language == "console" and not title:
            yield from _commands(text)
        elif language == "yaml" and found:
            yield Settings(title, yaml.safe_load(text))
        elif not (language == "console" and found and title.startswith(NOT_RUN)):
            raise ValueError(f"a block is neither run nor explained: {language} {rest}\n{text}")


def _commands(text: str) -> Iterator[Command]:
    if not text.startswith(PROMPT):
        raise ValueError(f"a block begins with output:\n{text}")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        # A command goes on below a line that ends with a backslash.
        end = next(number for number, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield Command("\n".join(lines[:end]), tuple(lines[end:]))


def missing(shown: tuple[str, ...], printed: str) -> str | None:
    """The first line that a guide shows and that was not printed, in this order."""
    lines = map(_without_columns, printed.splitlines())
    for line in shown:
        pattern = re.compile(".*".join(map(re.escape, _without_columns(line).split(ANY))))
        if line != ANY and not any(map(pattern.fullmatch, lines)):
            return line
    return None


def _without_columns(line: str) -> str:
    """The line with one space where a table has several: their number depends on the longest entry."""
    return re.sub(r"(?<=\S) +", " ", line).rstrip()


def outside_make(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a reader: below `make test`, make would tell its depth."""
    return {name: value for name, value in environment.items() if name not in {"MAKELEVEL", "MAKEFLAGS", "MFLAGS"}}


def follow(page: Path, folder: Path, environment: Mapping[str, str]) -> int:
    """Do what a guide says, in one shell; returns how many commands ran. Fails at the first that surprises a reader."""
    with subprocess.Popen(
        ["timeout", f"{MINUTES}m", "bash", "--noprofile", "--norc"],
        cwd=folder, env=outside_make(environment), text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as shell:  # fmt: skip
        done = 0
        try:
            for step in steps(page.read_text()):
                if isinstance(step, Settings):
                    add(folder / step.file, step.values)
                    continue
                code, printed = _type(shell, step.text)
                assert (code != 0) == step.fails, f"$ {step.text}\n{printed}\nexit code {code}"
                line = missing(step.shown, printed)
                assert line is None, f"$ {step.text}\n{printed}\nis not printed, or not in this order: {line}"
                done += 1
        finally:
            shell.kill()
    return done


def _type(shell: subprocess.Popen[str], command: str) -> tuple[int, str]:
    """Run a command in a shell; its exit code, and what it prints."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    end = "end-of-command"
    # The commands come from standard input, where a command that asks a question would read the next one.
    shell.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n%s %s\\n' {end} $?\n")
    printed = []
    for line in shell.stdout:
        if line.startswith(f"{end} "):
            return int(line.split()[1]), "".join(printed)
        printed.append(line)
    raise AssertionError(f"$ {command}\n{''.join(printed)}\nthe shell has ended")


def add(file: Path, values: Mapping[str, Any]) -> None:
    """Add settings to a YAML file, as a reader does with an editor."""
    content = yaml.safe_load(file.read_text())
    _merge(content, values)
    file.write_text(yaml.safe_dump(content))


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
