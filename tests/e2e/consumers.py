"""Projects of somebody else that use the component package, in YAML and in languages with a typed SDK."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import KubernetesApi
from components.shared.target import EMBEDDED_CONTEXT
from local.cluster import ControlPlane
from local.pulumi import Toolchain
from local.pulumi.toolchain import has_language_host
from tests.conftest import PROJECT
from tests.tools.environments import environment
from tests.tools.pulumi_yaml import language_host

EXAMPLES = PROJECT / "examples" / "components"
PASSWORD = "canary-5c1e0b"
PACKAGE = ("components", "package", "pyproject.toml", "requirements.txt")
"""What the components run from. Pulumi writes an environment into the package, so a test has a copy."""


class Consumer:
    """A project of somebody else, its state, and the `pulumi` command that it is run with."""

    def __init__(self, folder: Path, toolchain: Toolchain, cluster: ControlPlane) -> None:
        self.folder, self.toolchain, self.cluster = folder, toolchain, cluster
        self.api = KubernetesApi.connect(cluster.kubeconfig, EMBEDDED_CONTEXT)
        self.package = folder / "clusters" / "package"
        for part in PACKAGE:
            source, target = PROJECT / part, folder / "clusters" / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
            else:
                shutil.copy(source, target)
        (self.package / ".venv").symlink_to(environment(PROJECT / "requirements.txt").parent)
        (folder / "state").mkdir()

    def settings(self) -> dict[str, Any]:
        """What makes the example small, and deploys it to the cluster of the tests."""
        small = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())["config"]["clusters:matlab"]
        return {
            "kubernetes": {"context": EMBEDDED_CONTEXT, "kubeconfig": str(self.cluster.kubeconfig)},
            "workers": small["workers"],
            "storage": small["storage"],
            "security": {"level": 2},
        }

    def environment(self) -> Mapping[str, str]:
        """The environment of `pulumi`."""
        return {
            **os.environ,
            **self.toolchain.environment,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "consumer",
        }

    def run(self, *words: str, code: int = 0) -> str:
        """Run `pulumi` in the project; returns all it prints."""
        done = subprocess.run(
            [str(self.toolchain.command), *words, "--non-interactive"],
            cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=500, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout

    def start(self) -> None:
        """Make the stack and set its secret."""
        self.run("stack", "init", "lab")
        self.run("config", "set", "--secret", "adminPassword", PASSWORD)

    def remove(self) -> None:
        """Delete everything."""
        self.run("state", "unprotect", "--all", "--yes")
        self.run("destroy", "--yes", "--skip-preview")


class YamlConsumer(Consumer):
    """Names the package in its Pulumi.yaml."""

    def __init__(self, folder: Path, toolchain: Toolchain, cluster: ControlPlane) -> None:
        super().__init__(folder, toolchain, cluster)
        self.program: dict[str, Any] = yaml.safe_load((EXAMPLES / "yaml" / "Pulumi.yaml").read_text())
        self.program["plugins"]["providers"][0]["path"] = str(self.package)
        self.properties.update(self.settings())

    @property
    def properties(self) -> dict[str, Any]:
        """The arguments of the component."""
        found: dict[str, Any] = self.program["resources"]["mjs"]["properties"]
        return found

    def environment(self) -> Mapping[str, str]:
        """With Pulumi's language host for YAML; the official one lies beside the command."""
        found = super().environment()
        if has_language_host(self.toolchain.command, "yaml"):
            return found
        return {**found, "PATH": os.pathsep.join([str(language_host().parent), found["PATH"]])}

    def run(self, *words: str, code: int = 0) -> str:
        """Write the program first."""
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(self.program))
        return super().run(*words, code=code)


@dataclass(frozen=True)
class Language:
    """A language whose programs use a typed SDK, and its example."""

    host: str
    """Pulumi's language host."""
    tool: str
    """What installs or compiles the program."""
    program: str
    """The file that uses the component, in the folder of the example."""
    misspelt: tuple[str, str]
    """An argument, and the same with a wrong name."""
    rejection: str
    """What the compiler says about it; without a compiler, the package."""


LANGUAGES = {
    "go": Language("go", "go", "main.go", ("Max: 64", "Maximum: 64"), "unknown field Maximum in struct literal"),
    "java": Language("java", "mvn", "src/main/java/lab/App.java", (".max(64)", ".maximum(64)"), "cannot find symbol"),
    "python": Language("python", "python3", "__main__.py", ('"max": 64', '"maximum": 64'), "matlab.workers.maximum"),
    "typescript": Language("nodejs", "npm", "index.ts", ("max: 64", "maximum: 64"), "'maximum' does not exist in type"),
}
"""By the name of the example."""


class TypedConsumer(Consumer):
    """An example with a typed SDK, which `pulumi install` writes."""

    def __init__(self, name: str, folder: Path, toolchain: Toolchain, cluster: ControlPlane) -> None:
        super().__init__(folder, toolchain, cluster)
        self.language = LANGUAGES[name]
        shutil.copytree(
            EXAMPLES / name, folder, dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("node_modules", "sdks", "target", ".venv"),
        )  # fmt: skip
        # `pulumi install` runs `python -m venv` on it, which rejects a link.
        environment = (self.package / ".venv").resolve()
        (self.package / ".venv").unlink()
        shutil.copytree(environment, self.package / ".venv", symlinks=True)
        self.replace("Pulumi.yaml", "../../../package", str(self.package))
        self.change('"research-cluster"', json.dumps(EMBEDDED_CONTEXT))

    def environment(self) -> Mapping[str, str]:
        """With the kubeconfig, which the examples do not name."""
        return {**super().environment(), "KUBECONFIG": str(self.cluster.kubeconfig)}

    def change(self, before: str, after: str) -> None:
        """Change the program."""
        self.replace(self.language.program, before, after)

    def replace(self, file: str, before: str, after: str) -> None:
        """Change the one place of a file that reads like this."""
        text = (self.folder / file).read_text()
        assert text.count(before) == 1, before
        (self.folder / file).write_text(text.replace(before, after))
