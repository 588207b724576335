"""requirements.txt holds exactly what requirements.in needs, for every platform, with hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from generators.releases_page import KUBERNETES, page
from generators.requirements import LOCK, Package, packages
from generators.sbom import text
from local.go_mod import modules, version_of
from tests.conftest import PROJECT

FOLDERS = [PROJECT, PROJECT / "policy"]
PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
HASH = "0" * 64


def environments() -> Iterator[dict[str, str]]:
    for platform in PLATFORMS:
        for python in PYTHONS:
            own = {**default_environment(), **platform, "python_version": python, "python_full_version": f"{python}.0"}
            yield {key: str(value) for key, value in own.items()}


def applies(requirement: Requirement, environment: dict[str, str], extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})


def direct(folder: Path) -> dict[str, str]:
    return {canonicalize_name(package.name): package.version for package in packages(folder / "requirements.in")}


def needed(environment: dict[str, str]) -> dict[str, list[Requirement]]:
    """What the program needs, by name, as the installed packages say."""
    found: dict[str, list[Requirement]] = {}
    todo = [Requirement(f"{name}=={version}") for name, version in direct(PROJECT).items()]
    seen: set[str] = set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        found.setdefault(name, []).append(requirement)
        if str(requirement) not in seen:
            seen.add(str(requirement))
            below = map(Requirement, metadata.requires(name) or ())
            extras = ["", *requirement.extras]
            todo += [each for each in below if any(applies(each, environment, extra) for extra in extras)]
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_lock_has_the_versions_of_requirements_in_and_hashes_of_everything(folder: Path) -> None:
    locked = {canonicalize_name(package.name): package for package in packages(folder / "requirements.txt")}
    assert {name: locked[name].version for name in direct(folder)} == direct(folder), "run make lock"
    assert [package.name for package in locked.values() if not package.hashes] == []


@pytest.mark.parametrize(
    "environment", [*environments()], ids=lambda own: f"{own['sys_platform']}-{own['python_version']}"
)
def test_the_lock_has_all_that_these_packages_need_and_nothing_else(environment: dict[str, str]) -> None:
    """Pip refuses to install anything if one package is not in the file, on that platform alone."""
    locked = {
        canonicalize_name(package.name): package.version
        for package in packages()
        if not package.marker or Marker(package.marker).evaluate(environment)
    }
    wanted = needed(environment)
    assert locked.keys() == wanted.keys(), "run make lock"
    for name, requirements in wanted.items():
        assert all(each.specifier.contains(locked[name], prereleases=True) for each in requirements), name


def test_what_is_tested_is_what_is_locked() -> None:
    for package in packages():
        assert metadata.version(package.name) == package.version, f"install {LOCK.name} again"


def test_a_line_that_pins_nothing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"one==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{HASH}\n    # via two\n")
    assert packages(file) == [Package("one", "1.0", "sys_platform == 'win32'", (HASH,))]
    file.write_text("one>=1.0\n")
    with pytest.raises(ValueError, match="'one>=1\\.0' pins no version"):
        packages(file)


GO_MOD = """module example.org/own

require (
	example.org/a v1.0.0
	example.org/b v0.0.0 // indirect
	example.org/c v3.0.0
)

require example.org/d v4.0.0

replace example.org/b => example.org/fork v2.0.0 // why

replace (
	example.org/c v3.0.0 => ./c
)
"""


def test_a_go_mod_is_read_as_go_reads_it(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(GO_MOD)
    assert [f"{module.path}@{module.version}" for module in modules(tmp_path / "go.mod")] == [
        "example.org/a@v1.0.0",
        "example.org/fork@v2.0.0",
        "example.org/d@v4.0.0",
    ]
    with pytest.raises(LookupError, match=r"does not require example\.org/c"):
        version_of(tmp_path / "go.mod", "example.org/c")


def test_the_sbom_is_valid_and_complete() -> None:
    """One component per package and module; a scanner finds it by its package URL."""
    made = text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made) is None
    urls = {item["purl"] for item in json.loads(made)["components"]}
    assert {f"pkg:pypi/{package.name}@{package.version}" for package in packages()} < urls
    (kubernetes,) = (url for url in urls if url.startswith("pkg:golang/k8s.io/kubernetes@v1.37"))
    assert f"pkg:golang/k8s.io/api@v0.{kubernetes.partition('@v1.')[2]}" in urls, "a replacement counts"
    assert not any("actionlint" in url for url in urls)


def test_the_table_names_the_versions_of_the_files() -> None:
    for version in (*KUBERNETES, *(package.version for package in packages() if package.name.startswith("pulumi"))):
        assert version in page()
