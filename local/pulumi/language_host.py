"""Runs a Python program for Pulumi's engine, in place of the language host that comes with the official CLI.

The official host is in no package registry. This one wraps the server that the Python SDK uses for inline programs in
its Automation API. That class is private, so tests/unit/test_pulumi_language_host.py pins what is used of it.
"""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, plugin_pb2
from pulumi.runtime.proto.language_pb2_grpc import add_LanguageRuntimeServicer_to_server

from local.pulumi import program_plugins
from local.pulumi.serving import serve


class LanguageHost(LanguageServer):
    """Pulumi's language runtime service for one program."""

    def __init__(self, engine: str) -> None:
        """Take the engine's address, to which log messages go."""
        super().__init__(_nothing)
        self._engine = engine

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's name, as are all below
        """Accept every engine."""
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Give no version: the host has none of its own."""
        return plugin_pb2.PluginInfo()

    def InstallDependencies(self, _request: Any, _context: Any) -> Iterator[Any]:  # noqa: N802
        """Install nothing: this interpreter already has the packages of requirements.txt."""
        return iter(())

    def GetProgramDependencies(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """List nothing: the answer is for `pulumi about` only."""
        return language_pb2.GetProgramDependenciesResponse()

    def RuntimeOptionsPrompts(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Ask nothing: the prompts are for `pulumi new` only."""
        return language_pb2.RuntimeOptionsResponse()

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """Run a policy pack or a component package, until the engine ends the call."""
        return program_plugins.run(request, context)

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Do nothing: SIGINT follows."""
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run the program once, for a preview or for a deployment."""
        directory = request.info.program_directory or request.pwd
        entry_point = Path(directory, request.info.entry_point or request.program or ".")
        arguments = list(request.args)
        # An inline program finds the engine's address here; the official host gets it on its command line.
        request.args.insert(0, self._engine)
        self.program = lambda: _run(directory, entry_point, arguments)
        response = super().Run(request, context)  # type: ignore[no-untyped-call]
        if response.error:
            # The SDK has logged it already; the engine would print it again.
            return language_pb2.RunResponse(bail=True)
        return response


def _nothing() -> None:
    """Stand in until `Run` names the program."""


def _run(directory: str, entry_point: Path, arguments: list[str]) -> None:
    os.chdir(directory)
    sys.argv = [str(entry_point), *arguments]
    try:
        runpy.run_path(str(entry_point), run_name="__main__")
    except pulumi.RunError:
        raise
    except SystemExit as end:
        if end.code not in (None, 0):
            raise pulumi.RunError(f"Program exited with status {end.code}") from end
    except Exception as error:
        # The same message and traceback as the official host.
        text = "".join(traceback.format_exception(error))
        raise pulumi.RunError(f"Program failed with an unhandled exception:\n{text}") from error


def main() -> None:
    """Serve the engine whose address is the last argument; the options before it are for the official host."""
    engine = sys.argv[-1]
    serve(lambda server: add_LanguageRuntimeServicer_to_server(LanguageHost(engine), server))


if __name__ == "__main__":
    main()
