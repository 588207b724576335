"""Runs a plugin that is a Python program, a policy pack or a component package, for Pulumi's engine."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

import grpc
from pulumi.runtime.proto import language_pb2

DEFAULT_ENVIRONMENT: Final = "venv"
"""Folder of the virtual environment, where `runtime.options.virtualenv` names none: the official host's choice."""


COMPONENT_PACKAGE: Final = "PulumiPlugin.yaml"


def run(request: Any, context: Any) -> Iterator[Any]:
    """Run it in its own virtual environment, as the official host does, and stream what it prints.

    A component package without one runs in the environment of this program, which has all that its components need.
    """
    folder = Path(request.info.program_directory)
    environment = dict(request.info.options).get("virtualenv") or DEFAULT_ENVIRONMENT
    python = folder / str(environment) / "bin" / "python"
    if not python.exists() and (folder / COMPONENT_PACKAGE).exists():
        python = Path(sys.executable)
    if not python.exists():
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"{folder} has no virtual environment {environment}. Create it with "
            f"`python3 -m venv {python.parent.parent}` and install {folder / 'requirements.txt'} in it.",
        )
    process = subprocess.Popen(
        [python, "-u", folder, *request.args],
        cwd=request.pwd,
        env=_variables(request.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # The engine ends a plugin by ending this call.
    context.add_callback(process.terminate)
    yield from _printed(process)
    yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _variables(pairs: list[str]) -> Mapping[str, str]:
    return dict(pair.split("=", 1) for pair in pairs)


def _printed(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    printed: queue.Queue[Any] = queue.Queue()

    def read(stream: IO[bytes], response: Callable[[bytes], Any]) -> None:
        for line in stream:
            printed.put(response(line))
        printed.put(None)

    streams = (
        (process.stdout, lambda line: language_pb2.RunPluginResponse(stdout=line)),
        (process.stderr, lambda line: language_pb2.RunPluginResponse(stderr=line)),
    )
    for each in streams:
        threading.Thread(target=read, args=each, daemon=True).start()
    for _ in streams:
        yield from iter(printed.get, None)
