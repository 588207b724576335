"""Find Pulumi on this machine, or build it."""

from __future__ import annotations

import http.client
import os
import platform
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from components.shared.target import PROJECT
from local.go_build import Build, Progress, cache_directory
from local.go_mod import version_of
from local.pulumi.plugins import KUBERNETES, Plugin, lay_out, login_file, providers, script, users_home

COMMAND: Final = "pulumi"
PROVIDER: Final = "pulumi-resource-kubernetes"
CLI_FOLDER: Final = Path(__file__).resolve().parent / "cli"
PROVIDER_FOLDER: Final = CLI_FOLDER.parent / "provider"
CLI_MODULE: Final = "github.com/pulumi/pulumi/pkg/v3"
PROVIDER_MODULE: Final = "github.com/pulumi/pulumi-kubernetes/provider/v4"
PROVIDER_RELEASE: Final = "4.25.0"
"""The release of Pulumi's Kubernetes provider from which go.mod's revision comes: it has no tag in the module proxy."""
SELDOM_RUN: Final = tuple(
    f"{module}/..."
    for module in (
        f"{CLI_MODULE}/cmd/pulumi/cloud",
        f"{CLI_MODULE}/codegen",
        "cloud.google.com/go",
        "github.com/Azure",
        "github.com/alecthomas/chroma",
        "github.com/aws",
        "github.com/envoyproxy",
        "github.com/go-git",
        "github.com/google/go-tpm",
        "github.com/hashicorp",
        "github.com/pulumi/pulumi-cloud-sdk",
        "google.golang.org/api",
    )
)
"""What the CLI contains for Pulumi Cloud's API, the storage and keys of clouds, and the generation of code."""

DOWNLOADS: Final = "https://get.pulumi.com"
REACHABLE_SECONDS: Final = 3.0
VERDICT_SECONDS: Final = 3600.0
"""How long a failed download check counts, so that a machine without internet access does not wait in every run."""


@dataclass(frozen=True)
class Toolchain:
    """A `pulumi` command that runs this program."""

    command: Path
    """The pulumi binary."""
    environment: dict[str, str]
    """What to set on top of os.environ when running it."""
    official: bool
    """Whether everything is Pulumi's own: command, language host and plugins."""

    @property
    def logged_in(self) -> bool:
        """Whether `pulumi login` has chosen a backend for this command."""
        variables = {**os.environ, **self.environment}
        return "PULUMI_BACKEND_URL" in variables or login_file(variables).exists()


def default_home() -> Path:
    """Return the Pulumi home for plugins of ours; it is part of this checkout, which its scripts run."""
    return PROJECT / ".state" / "pulumi"


def find_or_build(progress: Progress) -> Toolchain:
    """Return a working Pulumi: PATH, ~/.pulumi/bin, the official installer, or a build from Go modules, in this order.

    Raises BuildError when there is none and none can be built.
    """
    command = installed_command() or official_download(progress)
    if command is None:
        return _built(progress)
    missing = [plugin for plugin in providers() if plugin.installed(users_home()) is None]
    if not missing and has_language_host(command):
        return _official(command)
    if missing and downloadable([f"releases/plugins/{_archive(plugin)}" for plugin in missing]):
        return _official(command)
    return _with_plugins_of_ours(command, missing, progress)


def installed_command() -> Path | None:
    """Return the official CLI of this machine: on PATH, in ~/.pulumi/bin, or where an earlier run installed it."""
    ours = cache_directory() / "pulumi"
    places = (None, Path.home() / ".pulumi" / "bin", _download_directory() / "bin")
    for place in places:
        found = shutil.which(COMMAND, path=place)
        if found and not Path(found).resolve().is_relative_to(ours):
            return Path(found)
    return None


def has_language_host(command: Path, language: str = "python") -> bool:
    """Tell whether Pulumi's host of a language is next to a CLI, as in every official archive, or on PATH."""
    host = f"pulumi-language-{language}"
    return bool(shutil.which(host, path=command.resolve().parent) or shutil.which(host))


def official_download(progress: Progress) -> Path | None:
    """Install the official CLI into the cache, where it can be downloaded and none was built before."""
    if cli_build().cached() or not downloadable([f"releases/sdk/{_archive_of_cli()}"]):
        return None
    from pulumi import automation  # a quarter of a second, for one run in the life of a machine
    from semver import VersionInfo

    directory, version = _download_directory(), installed_version("pulumi")
    progress(f"Installing the Pulumi CLI {version} into {directory}")
    try:
        automation.PulumiCommand.install(root=str(directory), version=VersionInfo.parse(version))
    except Exception as error:  # noqa: BLE001 - whatever stops a download, a build can still serve
        progress(f"The Pulumi CLI could not be installed: {error}")
        return None
    return directory / "bin" / COMMAND


def downloadable(paths: list[str]) -> bool:
    """Tell whether Pulumi's site offers these files and answers within a few seconds."""
    verdict = cache_directory() / "pulumi" / "not-downloadable"
    if verdict.exists() and time.time() - verdict.stat().st_mtime < VERDICT_SECONDS:
        return False
    for path in paths:
        request = urllib.request.Request(f"{DOWNLOADS}/{path}", method="HEAD")  # noqa: S310 - an https address
        try:
            with urllib.request.urlopen(request, timeout=REACHABLE_SECONDS):  # noqa: S310
                pass
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            verdict.parent.mkdir(parents=True, exist_ok=True)
            verdict.touch()
            return False
    return True


def cli_build() -> Build:
    """The build of the CLI."""
    stamp = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={cli_version()}"
    return Build(
        what=f"Pulumi {cli_version()}",
        module=CLI_FOLDER,
        cache=cache_directory() / "pulumi",
        packages={f"{CLI_MODULE}/cmd/pulumi": COMMAND},
        linker_flags=f"-s -w {stamp}",
        seldom_run=SELDOM_RUN,
        announcement="From nothing it takes about 3 minutes on two cores; an installed Pulumi CLI saves that.",
    )


def provider_build(plugins: list[Plugin]) -> Build:
    """The build of the Kubernetes provider, a module of its own: it does not compile with the CLI's newer packages."""
    stamp = f"-X {PROVIDER_MODULE}/pkg/version.Version={_stand_in_version(plugins, KUBERNETES)}"
    return Build(
        what=f"Pulumi's Kubernetes provider {PROVIDER_RELEASE}",
        module=PROVIDER_FOLDER,
        cache=cache_directory() / "pulumi-kubernetes",
        packages={f"clusters.local/{PROVIDER}": PROVIDER},
        linker_flags=f"-s -w {stamp}",
        announcement="From nothing it takes about 3 minutes on two cores; official plugins save that.",
        embedded={
            name: (PROVIDER_MODULE, f"cmd/{PROVIDER}/{name}") for name in ("schema.json", "terraform-mapping.json")
        },
    )


def cli_version() -> str:
    """Return the CLI's version in go.mod, such as v3.274.1."""
    return version_of(CLI_FOLDER / "go.mod", CLI_MODULE)


def _official(command: Path) -> Toolchain:
    return Toolchain(command, _environment(command), official=True)


def _built(progress: Progress) -> Toolchain:
    plugins = providers()
    command = cli_build().binaries(progress)[COMMAND]
    provider = provider_build(plugins).binaries(progress)[PROVIDER]
    home = default_home()
    lay_out(home, {**_ours(plugins, provider), **_language_host()})
    progress(f"Running Pulumi {cli_version()} built from source; official plugins are not used")
    return Toolchain(command, {**_environment(command), **_settings(home)}, official=False)


def _with_plugins_of_ours(command: Path, missing: list[Plugin], progress: Progress) -> Toolchain:
    plugins, home, theirs = providers(), default_home(), users_home()
    needs_provider = any(plugin.name == KUBERNETES for plugin in missing)
    provider = provider_build(plugins).binaries(progress)[PROVIDER] if needs_provider else None
    folders = _ours(missing, provider)
    for plugin in plugins:
        if plugin not in missing and (folder := plugin.installed(theirs)):
            folders[plugin.directory] = {file.name: file for file in folder.iterdir() if file.is_file()}
    if not has_language_host(command):
        folders.update(_language_host())
    lay_out(home, folders)
    names = ", ".join(plugin.name for plugin in missing) or "python"
    progress(f"Pulumi's own plugins cannot be downloaded here; built ones are used instead: {names}")
    # The plugins move to another Pulumi home, but the user's login stays.
    credentials = {"PULUMI_CREDENTIALS_PATH": os.environ.get("PULUMI_CREDENTIALS_PATH") or str(theirs)}
    return Toolchain(command, {**_environment(command), **_settings(home), **credentials}, official=False)


def _ours(plugins: list[Plugin], provider: Path | None) -> dict[str, dict[str, str | Path]]:
    """Return the plugin folders that hold our stand-ins for these plugins."""
    folders: dict[str, dict[str, str | Path]] = {}
    for plugin in plugins:
        version = _stand_in_version(plugins, plugin.name)
        folder = Plugin(plugin.kind, plugin.name, version)
        content = provider if plugin.name == KUBERNETES else script("local.pulumi.stand_ins", plugin.name, version)
        if content is not None:
            folders[folder.directory] = {folder.file: content}
    return folders


def _stand_in_version(plugins: list[Plugin], name: str) -> str:
    """Return the version that the SDK asks for, with what it really is as build metadata.

    Pulumi warns in every run about another version; build metadata does not count.
    """
    wanted = next((plugin.version for plugin in plugins if plugin.name == name), "0.0.0")
    return f"{wanted}+is.{PROVIDER_RELEASE}" if name == KUBERNETES else f"{wanted}+stand.in"


def _language_host() -> dict[str, dict[str, str | Path]]:
    # The language host has no version of its own; Pulumi uses the newest one that it finds.
    plugin = Plugin("language", "python", cli_version().removeprefix("v"))
    return {plugin.directory: {plugin.file: script("local.pulumi.language_host")}}


def _environment(command: Path) -> dict[str, str]:
    # Where `python` is this interpreter, the official language host has nothing to install.
    path = (str(Path(sys.executable).parent), str(command.parent), os.environ.get("PATH", ""))
    return {"PATH": os.pathsep.join(path), "PULUMI_SKIP_UPDATE_CHECK": "true"}


def _settings(home: Path) -> Mapping[str, str]:
    return {"PULUMI_HOME": str(home), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}


def _download_directory() -> Path:
    return cache_directory() / "pulumi-official" / installed_version("pulumi")


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}-{machine}"


def _archive(plugin: Plugin) -> str:
    return f"pulumi-{plugin.kind}-{plugin.name}-v{plugin.version}-{_platform()}.tar.gz"


def _archive_of_cli() -> str:
    # The CLI's archives use another name for this processor.
    return f"pulumi-v{installed_version('pulumi')}-{_platform().replace('amd64', 'x64')}.tar.gz"
