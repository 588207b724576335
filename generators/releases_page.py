"""docs/releases.md: what works with what, read from the files that pin the versions and from the tests."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final, NamedTuple

from components.arkouda.defaults import NEWEST_TAG
from components.matlab.defaults import CONTROLLER_TAG, HAPROXY_TAG, PARALLEL_SERVER_PROXY_TAG
from components.matlab.fields import OLDEST_RELEASE
from components.matlab.topology import NEWEST_PUBLISHED_RELEASE
from components.shared.target import PROJECT
from generators.requirements import packages
from local.cluster.build import kubernetes_version
from local.cluster.layout import versions
from local.go_mod import version_of
from local.pulumi.toolchain import cli_version

KUBERNETES: Final = ("1.33", "1.34", "1.35", "1.36")
"""Versions of Kubernetes whose schemas every manifest is checked with."""
CONTROLLERS_KUBERNETES: Final = PROJECT / "tests/tools/template_decoder/go.mod"
GATEWAYS: Final = PROJECT / "tests/tools/gateway_definitions/go.mod"
WORKFLOW: Final = PROJECT / ".github/workflows/up.yml"
_GENERATED: Final = "<!-- Written by `python -m generators` from the files that pin the versions. -->"
_TEXT: Final = """# Releases

The version is in `pyproject.toml`, and [CHANGELOG.md](../CHANGELOG.md) says what has changed.

## What works with what

The versions that version {version} is tested with. Others may work.
"""
_FILES: Final = """
## What is installed

`requirements.txt` pins every Python package that the program needs at run time, with the SHA-256 of each of its
files for all platforms. pip accepts no other file, so neither `make` nor the workflows nor `pulumi install` install a
package that somebody has tampered with. Every package has a wheel for Python 3.11 to 3.14 on Linux (x86-64 and Arm64),
on Apple silicon, and on Windows (x86-64). Elsewhere, as on a Mac with an Intel processor, pip compiles `cryptography`,
which takes Rust. The `go.sum` next to each `go.mod` pins the Go modules that are built on your machine.

To change a version, edit `requirements.in` and run `make lock`; `make lock UPGRADE=1` also updates the packages that
these depend on. Until you do, `make test-unit` fails.

`make sbom` writes a CycloneDX list of all these packages and modules to `dist/sbom.cdx.json`. Go modules are `optional`
there: they are built only on a machine without Pulumi, or for the embedded Kubernetes. Container images are not part of
it; `python -m ops render` shows which ones a stack runs.
"""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    version: str
    shown_by: str
    """Tests, or the file that pins it."""


def page() -> str:
    """The whole page."""
    lines = ["| | Version | Shown by |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.version} | {row.shown_by} |" for row in rows()]
    return "\n".join([_GENERATED, "", _TEXT.format(version=_project()["version"]), *lines]) + "\n" + _FILES


def rows() -> list[Row]:
    """The table."""
    python = {package.name: package.version for package in packages()}
    runner = re.search(r'python-version: "(.*)"', WORKFLOW.read_text(encoding="utf-8"))
    if runner is None:
        raise LookupError(f"{WORKFLOW.name} names no version of Python")
    built = ", ".join(kubernetes_version(name) for name in versions())
    needed = _project()["requires-python"].removeprefix(">=")
    decoder = version_of(CONTROLLERS_KUBERNETES, "k8s.io/api")
    gateway = version_of(GATEWAYS, "sigs.k8s.io/gateway-api")
    return [
        Row("MathWorks' chart that this replaces", CONTROLLER_TAG, "`tests/unit/test_upstream.py`"),
        Row("MathWorks' controller", CONTROLLER_TAG, "a stand-in on [a real node](real-node.md)"),
        Row("worker templates, as the controller decodes them", f"k8s.io/api {decoder}",
            "`tests/unit/test_template_decoder.py`"),
        Row("parallel server proxy", PARALLEL_SERVER_PROXY_TAG, "a stand-in on [a real node](real-node.md)"),
        Row("HAProxy", HAPROXY_TAG, "`tests/unit/test_haproxy.py`, with Debian's"),
        Row("MATLAB releases", f"{OLDEST_RELEASE} to {NEWEST_PUBLISHED_RELEASE}", "manifests and scripts only"),
        Row("Arkouda", NEWEST_TAG, "manifests and scripts only"),
        Row("Kubernetes, every test", built.rpartition(", ")[2], "`make test`"),
        Row("Kubernetes, the life of a stack", built.partition(", ")[0], "`make test-oldest`"),
        Row("Kubernetes, the schemas of all objects", ", ".join(KUBERNETES), "`tests/golden`"),
        Row("Gateway API", gateway, "`tests/e2e/test_gateway.py`, without an implementation"),
        Row("Pulumi CLI", cli_version(), "`make test`; more in [pulumi.md](pulumi.md)"),
        Row("Pulumi's SDK for Python", python["pulumi"], "`requirements.txt`"),
        *(Row(f"Pulumi provider `{name}`", python[f"pulumi-{name}"], "`tests/e2e/test_official_plugins.py`")
          for name in ("kubernetes", "tls", "random")),
        Row("Python", f"{needed} and later; the workflows use {runner[1]}", "`pyproject.toml`"),
    ]  # fmt: skip


def _project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found
