"""The Python language host of a built Pulumi. It wraps a private class of the SDK, so a new SDK has to pass this."""

# ruff: noqa: N802, ARG002 - the methods of the protocol

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, language_pb2, resource_pb2
from pulumi.runtime.proto.engine_pb2_grpc import EngineServicer, add_EngineServicer_to_server
from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeStub
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorServicer, add_ResourceMonitorServicer_to_server

from local.pulumi.plugins import script
from tests.e2e.disturbance import descendants, is_dead, wait_for
from tests.waiting import eventually

LEVELS = engine_pb2.LogSeverity


@dataclass
class Engine(EngineServicer, ResourceMonitorServicer):
    """The two services of Pulumi's engine that a program talks to."""

    outputs: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def Log(self, request: Any, context: Any) -> Any:
        if request.severity == LEVELS.ERROR:
            self.errors.append(request.message)
        return empty_pb2.Empty()

    def SupportsFeature(self, request: Any, context: Any) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return resource_pb2.RegisterResourceResponse(urn="urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev")

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        self.outputs.update(request.outputs)
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


@dataclass
class Host:
    """A running language host, started as the engine starts it."""

    engine: Engine
    address: str
    process: subprocess.Popen[str]
    runtime: LanguageRuntimeStub

    def run(self, folder: Path, program: str) -> Any:
        (folder / "__main__.py").write_text(program)
        info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
        request = language_pb2.RunRequest(
            project="demo", stack="dev", pwd=str(folder), info=info, parallel=4, monitor_address=self.address,
            config={"demo:key": "value"}, args=["first"],
        )  # fmt: skip
        return self.runtime.Run(request, timeout=60)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    engine = Engine()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    add_EngineServicer_to_server(engine, server)
    add_ResourceMonitorServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    plugin = tmp_path / "pulumi-language-python"
    plugin.write_text(script("local.pulumi.language_host"))
    plugin.chmod(0o700)
    process = subprocess.Popen([plugin, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
    assert process.stdout
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Host(engine, address, process, LanguageRuntimeStub(channel))
    process.kill()
    process.wait()
    server.stop(grace=None)


def test_it_runs_a_program_with_its_config_its_arguments_and_its_folder(host: Host, tmp_path: Path) -> None:
    answer = host.run(
        tmp_path,
        "import os, sys, pulumi\n"
        "pulumi.export('config', pulumi.Config().require('key'))\n"
        "pulumi.export('arguments', ' '.join(sys.argv[1:]))\n"
        "pulumi.export('folder', os.getcwd())\n",
    )
    assert (answer.error, answer.bail) == ("", False)
    assert host.engine.outputs == {"config": "value", "arguments": "first", "folder": str(tmp_path)}


def test_a_preview_and_the_deployment_after_it_are_two_runs_of_one_host(host: Host, tmp_path: Path) -> None:
    for value in ("first", "second"):
        host.run(tmp_path, f"import pulumi\npulumi.export('value', '{value}')\n")
        assert host.engine.outputs == {"value": value}


def test_a_sentence_for_the_person_comes_without_a_traceback(host: Host, tmp_path: Path) -> None:
    answer = host.run(tmp_path, "import pulumi\nraise pulumi.RunError('workers.max must be greater than zero')\n")
    assert answer.bail
    assert answer.error == "", "the engine would print it a second time"
    assert host.engine.errors == ["workers.max must be greater than zero"]


def test_a_bug_comes_with_its_traceback(host: Host, tmp_path: Path) -> None:
    assert host.run(tmp_path, "def deploy():\n    1 / 0\n\ndeploy()\n").bail
    (text,) = host.engine.errors
    assert text.startswith("Program failed with an unhandled exception:")
    assert "in deploy" in text
    assert "ZeroDivisionError" in text


def test_sys_exit_ends_a_program_and_not_the_host(host: Host, tmp_path: Path) -> None:
    assert not host.run(tmp_path, "import sys\nsys.exit(0)\n").bail
    assert host.run(tmp_path, "import sys\nsys.exit(3)\n").bail
    assert host.process.poll() is None


def test_it_answers_what_the_engine_asks_before_a_run(host: Host) -> None:
    host.runtime.Handshake(language_pb2.LanguageHandshakeRequest())
    assert not list(host.runtime.InstallDependencies(language_pb2.InstallDependenciesRequest()))
    assert not host.runtime.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages
    assert not host.runtime.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest()).dependencies
    assert not host.runtime.RuntimeOptionsPrompts(language_pb2.RuntimeOptionsRequest()).prompts
    assert host.runtime.About(language_pb2.AboutRequest()).executable == sys.executable


@pytest.mark.parametrize("how", ["the engine interrupts it", "the engine was killed"])
def test_it_ends_with_its_engine(host: Host, how: str) -> None:
    if how == "the engine interrupts it":
        host.process.send_signal(signal.SIGINT)
    else:
        assert host.process.stdin
        host.process.stdin.close()
    assert host.process.wait(timeout=10) == 0


PACK = "import os, sys, time\nprint(4711)\nprint(os.environ['KEY'], *sys.argv[1:], file=sys.stderr)\ntime.sleep(600)\n"


def run_pack(host: Host, folder: Path, program: str = PACK) -> Any:
    """Run a policy pack as the engine does, with the interpreter of the tests as its environment."""
    (folder / "__main__.py").write_text(program)
    (folder / "own" / "bin").mkdir(parents=True)
    (folder / "own" / "bin" / "python").symlink_to(sys.executable)
    options = struct_pb2.Struct()
    options.update({"virtualenv": "own"})
    info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), options=options)
    request = language_pb2.RunPluginRequest(pwd=str(folder), info=info, args=["address"], env=["KEY=a=b"])
    return host.runtime.RunPlugin(request, timeout=60)


def test_it_runs_a_policy_pack_until_the_engine_ends_the_call(host: Host, tmp_path: Path) -> None:
    call = run_pack(host, tmp_path)
    printed = {answer.WhichOneof("output"): answer for answer in (next(call), next(call))}
    assert printed["stdout"].stdout == b"4711\n", "the port of the pack's server"
    assert printed["stderr"].stderr == b"a=b address\n"
    (child,) = descendants(host.process.pid)
    call.cancel()
    wait_for(lambda: is_dead(child))


def test_the_exit_code_of_a_policy_pack_comes_last(host: Host, tmp_path: Path) -> None:
    *_, last = run_pack(host, tmp_path, "import sys\nsys.exit(3)\n")
    assert last.exitcode == 3


def test_a_policy_pack_without_its_environment_says_how_to_make_it(host: Host, tmp_path: Path) -> None:
    info = language_pb2.ProgramInfo(root_directory=str(tmp_path), program_directory=str(tmp_path))
    with pytest.raises(grpc.RpcError, match=r"has no virtual environment venv\. Create it with `python3 -m venv"):
        list(host.runtime.RunPlugin(language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info), timeout=60))


def plugin(host: Host, folder: Path, program: str) -> Any:
    """Start a component package, the folder of a PulumiPlugin.yaml."""
    (folder / "__main__.py").write_text(program)
    (folder / "PulumiPlugin.yaml").touch()
    info = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    request = language_pb2.RunPluginRequest(pwd=str(folder), info=info, args=["engine"], env=["DEMO=a=b"])
    return host.runtime.RunPlugin(request, timeout=60)


def test_it_runs_a_component_package_and_passes_on_what_it_prints(host: Host, tmp_path: Path) -> None:
    program = "import os, sys\nprint(sys.argv[1], os.environ['DEMO'])\nsys.exit('end')\n"
    *lines, last = plugin(host, tmp_path, program)
    assert {line.stdout or line.stderr for line in lines} == {b"engine a=b\n", b"end\n"}
    assert last.exitcode == 1


def test_a_component_package_ends_when_the_engine_hangs_up(host: Host, tmp_path: Path) -> None:
    program = """
import pathlib, signal, sys

def end(*_):
    pathlib.Path("ended").touch()
    sys.exit()

signal.signal(signal.SIGTERM, end)
print("1234")
signal.pause()
"""
    answer = plugin(host, tmp_path, program)
    assert next(answer).stdout == b"1234\n"
    answer.cancel()
    eventually((tmp_path / "ended").exists)
