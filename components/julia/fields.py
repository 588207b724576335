"""Field types of Julia sessions: each rejects a wrong value with the problem and the remedy."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from components.julia.names import SUFFIXES
from components.shared.fields import HIGHEST_PORT, DnsLabel, Line, refuse

LONGEST_SESSION: Final = 39
"""Up to this length, every name made of it fits the 63 characters of a label. Kubernetes adds up to 11 of its own."""
MOST_WORKERS: Final = 10_000
"""Far more than one Julia session can talk to: a larger number is a typing error."""


def _session(value: str) -> str:
    if len(value) > LONGEST_SESSION:
        refuse(
            f"{value!r} has {len(value)} characters", f"Use up to {LONGEST_SESSION}: the names of its pods are longer."
        )
    if suffix := next((suffix for suffix in SUFFIXES if value.endswith(suffix)), None):
        refuse(
            f"{value!r} ends with {suffix}, which would clash with the names of other sessions' objects",
            "Use another name.",
        )
    return value


SessionName = Annotated[DnsLabel, AfterValidator(_session)]
"""The name of a session. The names of all its objects begin with it."""


def _toml(value: str) -> str:
    try:
        tomllib.loads(value)
    except tomllib.TOMLDecodeError as error:
        refuse(f"is not TOML: {error}", "Paste the file below `|`, indented, each line as it is in the file.")
    return value


TomlText = Annotated[str, AfterValidator(_toml)]
"""The text of a TOML file."""


def _url(value: str) -> str:
    if "@" in value:
        # The message leaves out the value, because it may contain a password.
        refuse("contains a user or password, which Julia does not send", "Write https://HOST without them.")
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s?#]*)?", value, re.ASCII):
        refuse(f"{value!r} is not the address of a server", "Write https://HOST, such as https://pkg.julialang.org.")
    port = re.search(r":(\d+)(/|$)", value.partition("://")[2])
    if port and not 1 <= int(port[1]) <= HIGHEST_PORT:
        refuse(f"{port[1]} is not a port", f"Write a port between 1 and {HIGHEST_PORT}.")
    if value.endswith(".git"):
        refuse(f"{value!r} is a Git repository", "Write the address of a package server.")
    return value.rstrip("/")


ServerUrl = Annotated[Line, AfterValidator(_url)]
"""The address of an HTTP server."""


def _code(value: str) -> str:
    if not value.strip() or "\0" in value:
        refuse("is empty", "Paste the script below `|`, indented.")
    if re.fullmatch(r"[\w./~-]+\.jl", value.strip()):
        refuse(f"{value.strip()!r} is the name of a file", "Paste its text below `|`, or name it in script.path.")
    first = value.partition("\n")[0]
    # A shell script can start Julia on itself, with that command in a Julia comment (FAQ in Julia's manual).
    if first.startswith("#!") and "julia" not in first and "#=" not in value:
        refuse(f"is for another program: {first}", "Write a script for Julia.")
    return value


Code = Annotated[str, AfterValidator(_code)]
"""The text of a program."""
WorkerCount = Annotated[int, Field(strict=True, ge=1, le=MOST_WORKERS)]
"""A number of workers."""
Threads = Annotated[int, Field(strict=True, ge=1, le=2**15 - 2)]
"""A number of threads. Julia has no more (JuliaLang/julia, src/jloptions.c)."""
