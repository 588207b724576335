"""The `init` command: a few questions, and a stack file with comments that loads."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from components import stack_file
from components.shared.target import PROJECT
from components.stack import file_values, load_stack
from ops.errors import UsageError

SCHEMA: Final = "# yaml-language-server: $schema=stack.schema.json\n"
WORD: Final = re.compile(r"(?!.*(: |:$| #))[^\s'\"#:{}\[\],&*!|>%@`-][^\n'\"]*")
"""What YAML reads as text without quotes, if it is not a number or a word of YAML."""


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
    file = (arguments.out or PROJECT) / f"Pulumi.{arguments.name}.yaml"
    if file.exists():
        raise UsageError(f"{file} exists, and is never overwritten. Choose another name, or edit it.")
    given = {key.replace("_", "-"): value for key, value in vars(arguments).items() if isinstance(value, str)}
    content = text(given, _ask if sys.stdin.isatty() else lambda question: question.default)
    check(arguments.name, content)
    with file.open("x", encoding="utf-8") as opened:
        opened.write((SCHEMA if file.parent.resolve() == PROJECT else "") + content)
    embedded = "embedded: true" in content
    then = f"make up STACK={arguments.name}" if embedded else f"pulumi stack init {arguments.name} && pulumi preview"
    print(f"{file} written. Next: {then}", file=sys.stderr)
    return 0


def _ask(question: Question) -> str:
    return input(f"{question.text} [{question.default}]: ").strip() or question.default


def text(given: Mapping[str, str], ask: Callable[[Question], str]) -> str:
    """The content of a stack file. `given` answers questions in advance, by flag; `ask` answers the others.

    Raises UsageError for an answer that is to another system's question, or that needs quotes.
    """
    context = _answer(TARGET, given, ask)
    system = _answer(SYSTEM, given, ask)
    if system not in QUESTIONS:
        raise UsageError(f"`{system}` is not a system. Write {', '.join(QUESTIONS)}.")
    own = {question.flag for question in QUESTIONS[system]}
    every = {question.flag for questions in QUESTIONS.values() for question in questions}
    if other := sorted((given.keys() & every) - own):
        raise UsageError(f"--{other[0]} has no effect with system {system}. Remove it.")
    answers = {question.flag: _answer(question, given, ask) for question in QUESTIONS[system]}
    embedded = context == EMBEDDED
    values = {**answers, **_sizes(system, embedded=embedded)}
    if "license" in answers:
        online = answers["license"] == "online"
        values["license"] = "useOnlineLicensing: true" if online else f"networkLicenseManager: {answers['license']}"
    target = _TARGETS[embedded].format(context=context)
    return _KUBERNETES.format(target=target) + _TEXTS[system].format(**values) + _END


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
