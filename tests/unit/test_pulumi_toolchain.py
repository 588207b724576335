"""Where `pulumi` comes from: the official one wherever it works, ours where nothing else does."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.go_build import Build, BuildError, Progress, cache_directory
from local.pulumi import plugins, toolchain
from local.pulumi.toolchain import Toolchain, find_or_build


@dataclass
class Machine:
    """A machine with nothing on it, and no way out."""

    home: Path
    built: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    @property
    def ours(self) -> Path:
        """The Pulumi home of the checkout."""
        return self.home / "checkout" / ".state" / "pulumi"

    def find(self) -> Toolchain:
        """Look for Pulumi, as a make target does."""
        return find_or_build(self.lines.append)

    def install_cli(self, folder: Path, *, language_host: bool = True) -> Path:
        """Put an official CLI into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("pulumi", *(["pulumi-language-python"] if language_host else [])):
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o700)
        return folder / "pulumi"

    def install_plugins(self, *names: str) -> None:
        """Put official plugins into ~/.pulumi."""
        for plugin in plugins.providers():
            if plugin.name in names:
                folder = self.home / ".pulumi" / "plugins" / plugin.directory
                folder.mkdir(parents=True)
                (folder / plugin.file).write_text("official")

    def plugin(self, kind: str, name: str) -> Path:
        """The executable of the one plugin of this name in the Pulumi home of the checkout."""
        (folder,) = (self.ours / "plugins").glob(f"{kind}-{name}-v*")
        return folder / f"pulumi-{kind}-{name}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine(tmp_path)
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(toolchain, "PROJECT", tmp_path / "checkout")

    def binaries(build: Build, progress: Progress) -> dict[str, Path]:
        made.built.append(build.what)
        return {name: build.cache / "digest" / name for name in build.packages.values()}

    def downloadable(paths: list[str]) -> bool:
        made.asked_for += paths
        return False

    monkeypatch.setattr(Build, "binaries", binaries)
    monkeypatch.setattr(Build, "cached", lambda _: False)
    monkeypatch.setattr(toolchain, "downloadable", downloadable)
    return made


ALL = ("kubernetes", "tls", "random")


def test_the_cli_on_path_comes_first(machine: Machine) -> None:
    command = machine.install_cli(machine.home / "bin")
    machine.install_cli(machine.home / ".pulumi" / "bin")
    machine.install_plugins(*ALL)
    found = machine.find()
    assert (found.command, found.official) == (command, True)


def test_the_cli_in_the_home_of_the_person_comes_second(machine: Machine) -> None:
    command = machine.install_cli(machine.home / ".pulumi" / "bin")
    machine.install_plugins(*ALL)
    assert machine.find().command == command


def test_nothing_of_ours_gets_in_the_way_of_an_official_pulumi(machine: Machine) -> None:
    machine.install_cli(machine.home / "bin")
    machine.install_plugins(*ALL)
    assert set(machine.find().environment) == {"PATH", "PULUMI_SKIP_UPDATE_CHECK"}
    assert not machine.lines
    assert not machine.built
    assert not machine.asked_for, "with all plugins installed nothing is looked up"
    assert not machine.ours.exists()


def test_plugins_that_can_be_downloaded_are_left_to_pulumi(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install_cli(machine.home / "bin")
    monkeypatch.setattr(toolchain, "downloadable", lambda _: True)
    found = machine.find()
    assert found.official
    assert not machine.built


def test_an_official_cli_without_plugins_gets_ours(machine: Machine) -> None:
    command = machine.install_cli(machine.home / "bin")
    found = machine.find()
    assert (found.command, found.official) == (command, False)
    assert [what.split(" provider")[0] for what in machine.built] == ["Pulumi's Kubernetes"]
    assert found.environment["PULUMI_HOME"] == str(machine.ours)
    assert found.environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert not list((machine.ours / "plugins").glob("language-*")), "the official language host lies beside the CLI"
    assert "kubernetes, tls, random" in machine.lines[-1]
    assert not (machine.home / ".pulumi").exists(), "the home of the person is not written to"


def test_a_login_stays_where_the_plugins_move(machine: Machine) -> None:
    machine.install_cli(machine.home / "bin")
    assert not machine.find().logged_in
    (machine.home / ".pulumi").mkdir()
    (machine.home / ".pulumi" / "credentials.json").write_text("{}")
    found = machine.find()
    assert found.environment["PULUMI_CREDENTIALS_PATH"] == str(machine.home / ".pulumi")
    assert found.logged_in


def test_installed_plugins_serve_beside_ours(machine: Machine) -> None:
    machine.install_cli(machine.home / "bin")
    machine.install_plugins("kubernetes")
    machine.find()
    assert not machine.built
    assert machine.plugin("resource", "kubernetes").read_text() == "official"
    assert "local.pulumi.stand_ins tls" in machine.plugin("resource", "tls").read_text()


def test_a_download_that_did_not_finish_is_no_plugin(machine: Machine) -> None:
    machine.install_cli(machine.home / "bin")
    machine.install_plugins(*ALL)
    folder = next(plugin for plugin in plugins.providers() if plugin.name == "tls").directory
    (machine.home / ".pulumi" / "plugins" / f"{folder}.partial").touch()
    assert not machine.find().official
    assert machine.asked_for == [f"releases/plugins/pulumi-{folder}-{toolchain._platform()}.tar.gz"]


def test_a_cli_without_its_language_host_gets_ours(machine: Machine) -> None:
    machine.install_cli(machine.home / "bin", language_host=False)
    machine.install_plugins(*ALL)
    assert not machine.find().official
    assert "local.pulumi.language_host" in machine.plugin("language", "python").read_text()


def test_without_a_cli_everything_is_built_and_one_line_says_so(machine: Machine) -> None:
    found = machine.find()
    assert (found.command, found.official) == (cache_directory() / "pulumi" / "digest" / "pulumi", False)
    assert machine.plugin("resource", "kubernetes").readlink().name == "pulumi-resource-kubernetes"
    assert os.access(machine.plugin("language", "python"), os.X_OK)
    assert len(machine.lines) == 1
    assert not (machine.home / ".pulumi").exists()


def test_the_built_cli_on_path_is_not_taken_for_an_official_one(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = machine.install_cli(cache_directory() / "pulumi" / "digest", language_host=False)
    monkeypatch.setenv("PATH", str(built.parent))
    assert not machine.find().official
    assert len(machine.built) == 2


def test_the_installer_is_not_asked_where_a_build_is_in_the_cache(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Build, "cached", lambda _: True)
    machine.find()
    assert not machine.asked_for


def test_a_plugin_of_ours_has_the_version_that_its_sdk_asks_for(machine: Machine) -> None:
    """Pulumi compares versions without build metadata: no warning, and the name still says what it is."""
    machine.find()
    for name in ALL:
        (folder,) = (machine.ours / "plugins").glob(f"resource-{name}-v*")
        sdk = importlib.import_module(f"pulumi_{name}._utilities").get_version()
        version, _, metadata = folder.name.partition("-v")[2].partition("+")
        assert version == sdk
        assert metadata


def test_plugins_of_an_earlier_sdk_are_removed_from_the_home_of_the_checkout(machine: Machine) -> None:
    stale = machine.ours / "plugins" / "resource-tls-v1.0.0+stand.in"
    stale.mkdir(parents=True)
    machine.find()
    assert not stale.exists()


def test_a_failed_build_is_a_sentence(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(build: Build, progress: Progress) -> dict[str, Path]:
        raise BuildError(f"building {build.what} failed")

    monkeypatch.setattr(Build, "binaries", fails)
    with pytest.raises(BuildError, match="building Pulumi v3"):
        machine.find()
