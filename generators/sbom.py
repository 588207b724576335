"""`python -m generators.sbom FILE`: a CycloneDX list of what the program installs and builds (docs/releases.md)."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Final

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from components.shared.target import PROJECT
from generators.requirements import packages
from local.go_mod import modules

BUILT: Final = PROJECT / "local"
"""The folder with the go.mods of what is built on a machine that lacks it: Kubernetes, Pulumi, the provider."""
LINT_ALONE: Final = ("actionlint",)
MARKER: Final = "clusters:marker"
"""Property with the platforms that a Python package is for."""
GO_MOD: Final = "clusters:go.mod"
"""Property with a go.mod that pins a Go module."""


def bom() -> Bom:
    """Every Python package of requirements.txt, and every Go module of what the embedded default builds."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = Bom()
    found.metadata.component = root = Component(
        name=project["name"], version=project["version"], type=ComponentType.APPLICATION, bom_ref=project["name"]
    )
    parts = [*_python(), *_go()]
    found.components.update(parts)
    found.register_dependency(root, parts)
    return found


def _python() -> list[Component]:
    return [
        _component(
            PackageURL("pypi", name=package.name, version=package.version),
            ComponentScope.REQUIRED,
            [Property(name=MARKER, value=package.marker)] if package.marker else [],
            package.hashes,
        )
        for package in packages()
    ]


def _go() -> list[Component]:
    """One component for each version: several builds may use it."""
    users: dict[PackageURL, list[str]] = {}
    for go_mod in sorted(BUILT.rglob("go.mod")):
        where = go_mod.relative_to(PROJECT)
        if not {*where.parts} & {*LINT_ALONE}:
            for module in modules(go_mod):
                namespace, _, name = module.path.rpartition("/")
                url = PackageURL("golang", namespace or None, name, module.version)
                users.setdefault(url, []).append(str(where))
    return [
        _component(url, ComponentScope.OPTIONAL, [Property(name=GO_MOD, value=where) for where in places])
        for url, places in users.items()
    ]


def _component(
    url: PackageURL, scope: ComponentScope, properties: list[Property], hashes: tuple[str, ...] = ()
) -> Component:
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{url.name}/{url.version}/#files"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in hashes],
    )
    return Component(
        type=ComponentType.LIBRARY,
        group=url.namespace,
        name=url.name,
        version=url.version,
        purl=url,
        bom_ref=url.to_string(),
        scope=scope,
        properties=properties,
        external_references=[files] if hashes else [],
    )


def text() -> str:
    """The list as JSON of CycloneDX 1.6."""
    return JsonV1Dot6(bom()).output_as_string(indent=2) + "\n"


def main(words: list[str] | None = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m generators.sbom", description=__doc__)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args(words)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    arguments.file.write_text(text(), encoding="utf-8")
    print(f"{arguments.file} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
