"""The `init` command: a few questions, and a stack file with comments that loads."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from components import stack_file
from components.shared.kube import Unreachable, context_names
from components.shared.mistakes import ConfigError
from components.shared.target import PROJECT
from components.stack import file_values, load_stack
from ops.confirmation import on_terminal
from ops.errors import UsageError

SCHEMA: Final = "# yaml-language-server: $schema=stack.schema.json\n"
WORD: Final = re.compile(r"(?!.*(: |:$| #))[^\s'\"#:{}\[\],&*!|>%@`-][^\n'\"]*")
"""What YAML reads as text without quotes, if it is not a number or a word of YAML."""
NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""Names of stacks. The name is also a label of every object, and part of a file's name."""
LISTED: Final = 8
"""Contexts that are listed before the question."""


class Question(NamedTuple):
    """A question, with the flag that answers it in advance."""

    flag: str
    text: str
    default: str


EMBEDDED: Final = "embedded"
TARGET: Final = Question("context", f"Context of your kubeconfig ({EMBEDDED}: a Kubernetes on this machine)", EMBEDDED)
SYSTEM: Final = Question("system", "What to deploy: matlab, julia or arkouda", "matlab")
QUESTIONS: Final[Mapping[str, tuple[Question, ...]]] = {
    "matlab": (
        Question("release", "MATLAB release", "r2026a"),
        Question("max-workers", "Maximum number of workers", "4"),
        Question("license", "License manager as port@host (online: users sign in)", "online"),
    ),
    "julia": (
        Question("session", "Name of the first session", "first"),
        Question("max-workers", "Maximum number of workers", "4"),
    ),
    "arkouda": (Question("server", "Name of the server", "first"), Question("memory", "Memory of the server", "2Gi")),
}
"""What each system needs to know."""

_KUBERNETES: Final = """\
config:
  clusters:kubernetes:
{target}
"""
_TARGETS: Final = {
    True: "    embedded: true  # hollow nodes: everything becomes Ready, but no program runs",
    False: "    context: {context}  # no other cluster is ever touched",
}
_SMALL: Final = """\
      resources: {cpuRequest: 500m, memoryRequest: 1Gi, memoryLimit: 1Gi}  # fits on a hollow node
"""
_LARGE: Final = """\
      # What a worker requests from its node. Set it to what your users' jobs need.
      resources: {cpuRequest: 2, memoryRequest: 8Gi, memoryLimit: 8Gi}
"""
_TEXTS: Final[Mapping[str, str]] = {
    "matlab": """\
  clusters:matlab:
    release: {release}
    workers:
      max: {max-workers}  # as many licenses are checked out at most
{resources}\
    license:
      {license}
    # Users import the profile that `pulumi stack output profile --show-secrets` prints. If the load balancer's address
    # can change, give it a name, and the profile stays valid:
    # network: {{clusterHost: matlab.example.org}}
""",
    "julia": """\
  clusters:julia:
    sessions:
      {session}:  # in namespace julia-{session}
        workers: {{max: {max-workers}}}
        # users: [ana@example.org]  # may attach to the session
{resources}\
""",
    "arkouda": """\
  clusters:arkouda:
    singleNode:  # declared: a server that runs elsewhere; docs/arkouda.md has all kinds
      - name: {server}
        authenticate: true  # clients need its token
        cpu: {cpu}
        memory: {memory}  # arrays may use 80 % of it
        files: {{size: {size}}}
""",
}
_JULIA_SMALL: Final = """\
    defaults:  # fits on a hollow node
      manager: {cpu: 100m, memory: 256Mi}
      workers: {cpu: 100m, memory: 256Mi}
      depot: {size: 1Gi}
"""
_END: Final = "# Every setting: docs/configuration.md. Secrets: pulumi config set --secret --path PATH.\n"


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "init",
        help="write a small stack file, after a few questions",
        epilog="Flags answer questions in advance. Without a terminal, defaults answer the others.",
    )
    parser.add_argument("name", metavar="NAME", help="name of the stack; the file is Pulumi.NAME.yaml")
    asked = {question.flag: question for question in (TARGET, SYSTEM, *sum(QUESTIONS.values(), ()))}
    for question in asked.values():
        choices = tuple(QUESTIONS) if question is SYSTEM else None
        parser.add_argument(f"--{question.flag}", choices=choices, help=f"{question.text}; default {question.default}")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the file; default: the project's")
    parser.add_argument("--json", action="store_true", help="print mistakes as JSON on standard output")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    name: str = arguments.name
    folder: Path = arguments.out or PROJECT
    file = folder / f"Pulumi.{name}.yaml"
    if not NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` cannot be the name of a stack. Use up to 63 letters, digits, dashes, underscores and dots, with "
            "a letter or digit at both ends, such as `lab`."
        )
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Create it, or leave --out away to use the project's.")
    if file.exists():
        raise UsageError(f"{file} exists, and is never overwritten. Choose another name, or edit it.")
    given = {key.replace("_", "-"): value for key, value in vars(arguments).items() if isinstance(value, str)}
    _check_flags(name, given)
    content = text(given, _Dialog(name, given).ask if on_terminal() else _say_default)
    check(name, content)
    with file.open("x", encoding="utf-8") as opened:
        opened.write((SCHEMA if folder.resolve() == PROJECT else "") + content)
    print(f"{file} written. Next: {_next_step(name, content)}", file=sys.stderr)
    return 0


def _next_step(name: str, content: str) -> str:
    if "embedded: true" in content:
        return f"make up STACK={name}"
    login = f"`make pulumi STACK={name} ARGS=login` once, which says where Pulumi keeps the state"
    return f"{login}; then `make preview STACK={name}`"


def _check_flags(name: str, given: Mapping[str, str]) -> None:
    """Reject a wrong flag before the first question."""
    fitting = (system for system in QUESTIONS if given.keys() & _flags(*QUESTIONS) <= _flags(system))
    system = next(fitting, SYSTEM.default)
    check(name, text({"system": system, **given}, _default))


def _default(question: Question) -> str:
    return question.default


def _say_default(question: Question) -> str:
    print(f"{question.text}: {question.default} (default; --{question.flag} sets it)", file=sys.stderr)
    return question.default


class _Dialog:
    """Questions on a terminal. A wrong answer is explained, and the question is repeated."""

    def __init__(self, name: str, given: Mapping[str, str]) -> None:
        self._name = name
        self._answers = {flag: given[flag] for flag in (TARGET.flag, SYSTEM.flag) if flag in given}

    def ask(self, question: Question) -> str:
        if question is TARGET:
            _list_contexts()
        while True:
            # On stderr: standard output may be a file, and the question would not be seen.
            print(f"{question.text} [{question.default}]: ", end="", file=sys.stderr, flush=True)
            answers = {**self._answers, question.flag: input().strip() or question.default}
            try:
                check(self._name, text(answers, _default))
            except UsageError as error:
                print(f"  {error}", file=sys.stderr)
            except ConfigError as error:
                print(*(f"  {one.problem}. {one.remedy}" for one in error.mistakes), sep="\n", file=sys.stderr)
            else:
                self._answers = answers
                return answers[question.flag]


def _list_contexts() -> None:
    try:
        names = context_names()
    except Unreachable as error:
        print(f"Your kubeconfig cannot be used: {error}", file=sys.stderr)
        return
    if names:
        more = f" and {len(names) - LISTED} more (kubectl config get-contexts)" if len(names) > LISTED else ""
        print(f"Contexts of your kubeconfig: {', '.join(names[:LISTED])}{more}", file=sys.stderr)


def text(given: Mapping[str, str], ask: Callable[[Question], str]) -> str:
    """The content of a stack file. `given` answers questions in advance, by flag; `ask` answers the others.

    Raises UsageError for an answer that is to another system's question, or that needs quotes.
    """
    context = _answer(TARGET, given, ask)
    system = _answer(SYSTEM, given, ask)
    if system not in QUESTIONS:
        raise UsageError(f"`{system}` is not a system. Write {', '.join(QUESTIONS)}.")
    if other := sorted((given.keys() & _flags(*QUESTIONS)) - _flags(system)):
        fitting = " or ".join(f"--system {one}" for one in QUESTIONS if other[0] in _flags(one))
        raise UsageError(f"--{other[0]} has no effect with system {system}. Remove it, or add {fitting}.")
    answers = {question.flag: _answer(question, given, ask) for question in QUESTIONS[system]}
    embedded = context == EMBEDDED
    values = {**answers, **_sizes(system, embedded=embedded)}
    if "license" in answers:
        online = answers["license"] == "online"
        values["license"] = "useOnlineLicensing: true" if online else f"networkLicenseManager: {answers['license']}"
    # In quotes if YAML could read it as anything but text.
    quoted = context if re.fullmatch(r"[a-z][a-z0-9]*[-_.@][\w.@:/-]+", context) else json.dumps(context)
    return _KUBERNETES.format(target=_TARGETS[embedded].format(context=quoted)) + _TEXTS[system].format(**values) + _END


def _flags(*systems: str) -> set[str]:
    return {question.flag for system in systems for question in QUESTIONS[system]}


def _sizes(system: str, *, embedded: bool) -> dict[str, str]:
    if system == "arkouda":
        return {"cpu": "500m", "size": "1Gi"} if embedded else {"cpu": "4", "size": "100Gi"}
    if system == "julia":
        return {"resources": _JULIA_SMALL if embedded else ""}
    return {"resources": _SMALL if embedded else _LARGE}


def _answer(question: Question, given: Mapping[str, str], ask: Callable[[Question], str]) -> str:
    answer = given.get(question.flag) or ask(question)
    if not WORD.fullmatch(answer):
        raise UsageError(f"`{answer}` cannot be an answer to --{question.flag}: {question.text}.")
    return answer


def check(name: str, content: str) -> None:
    """Raise ConfigError with every mistake in a stack file."""
    file = stack_file.parsed(content.encode())
    load_stack(name, *file_values(file), file)
