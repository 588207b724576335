"""Small programs, a folder in which either engine runs them, and those that only the Pulumi CLI carries out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from components.stack import PROJECT_NAME
from local.recovery import state_file
from local.run import pulumi_cli
from tests.conftest import PROJECT

STACK = "dev"
HEAD = "import pulumi, pulumi_random as random, pulumi_tls as tls\nfrom pulumi import ResourceOptions as O\n"

ONLY_THE_CLI = {
    "ignoreChanges": 'random.RandomPassword("ignoring", length=LENGTH, opts=O(ignore_changes=["length"]))',
    "replaceOnChanges": (
        'key = tls.PrivateKey("key", algorithm="ED25519")\n'
        'tls.SelfSignedCert("replacing", private_key_pem=key.private_key_pem, allowed_uses=[],\n'
        "                   validity_period_hours=1000, early_renewal_hours=LENGTH,\n"
        '                   opts=O(replace_on_changes=["earlyRenewalHours"]))'
    ),
    "replace_with": (
        'leader = random.RandomPassword("leader", length=LENGTH)\n'
        'random.RandomPassword("follower", length=8, opts=O(replace_with=[leader]))'
    ),
    "replacement_trigger": 'random.RandomPassword("triggered", length=8, opts=O(replacement_trigger=LENGTH))',
    "retainOnDelete": (
        "import pulumi_kubernetes as k\n"
        'k.core.v1.ConfigMap("retained", metadata={"name": "retained", "namespace": NAMESPACE}, data={},\n'
        "                    opts=O(retain_on_delete=True))"
    ),
    "importId": (
        "import pulumi_kubernetes as k\n"
        'k.core.v1.ConfigMap("imported", metadata={"name": "imported", "namespace": NAMESPACE}, data={"by": "hand"},\n'
        '                    opts=O(import_=f"{NAMESPACE}/imported"))'
    ),
    "aliases": 'random.RandomPassword("renamed", length=8, opts=O(aliases=[pulumi.Alias(name="former")]))',
    "transforms": (
        "def longer(args):\n"
        '    return pulumi.ResourceTransformResult({**args.props, "length": 30}, args.opts)\n'
        'random.RandomPassword("transformed", length=8, opts=O(transforms=[longer]))'
    ),
    "a transform": (
        "def everywhere(args):\n"
        '    if args.name == "among all":\n'
        '        return pulumi.ResourceTransformResult({**args.props, "length": 31}, args.opts)\n'
        "pulumi.runtime.register_resource_transform(everywhere)\n"
        'random.RandomPassword("among all", length=8)'
    ),
    "hideDiffs": (
        'random.RandomPassword("hiding", length=8, keepers={"round": str(LENGTH)}, opts=O(hide_diffs=["keepers"]))'
    ),
    "resource hook": (
        "import pathlib\n"
        "def note(args):\n"
        '    pathlib.Path("noted").write_text(args.name)\n'
        "hooks = pulumi.ResourceHookBinding(after_create=[note])\n"
        'random.RandomPassword("hooked", length=8, opts=O(hooks=hooks))'
    ),
    "resource type random:index/randomPet:RandomPet": 'random.RandomPet("pet")',
    "of type pulumi:pulumi:StackReference": (
        f'before = pulumi.StackReference("organization/{PROJECT_NAME}/{STACK}")\n'
        'pulumi.export("before", before.get_output("round"))\n'
        'pulumi.export("round", LENGTH)'
    ),
    "of type kubernetes:core/v1:ConfigMap": (
        "import pulumi_kubernetes as k\n"
        'found = k.core.v1.ConfigMap.get("found", "kube-system/extension-apiserver-authentication")\n'
        'pulumi.export("found", found.metadata.name)'
    ),
    "provider function tls:index/getCertificate:getCertificate": (
        'pulumi.export("subject", tls.get_certificate(url=SERVER, verify_chain=False).certificates[-1].subject)'
    ),
    "without an explicit Kubernetes provider": (
        "import pulumi_kubernetes as k\n"
        'k.core.v1.ConfigMap("plain", metadata={"name": "plain", "namespace": NAMESPACE}, data={})'
    ),
    "the provider settings renderYamlToDirectory": (
        "import pulumi_kubernetes as k\n"
        'renderer = k.Provider("renderer", render_yaml_to_directory="rendered")\n'
        'k.core.v1.ConfigMap("rendered", metadata={"name": "rendered", "namespace": NAMESPACE}, data={},\n'
        "                    opts=O(provider=renderer))"
    ),
}
"""Programs by words of the small engine's refusal. Together they are one program, which the CLI carries out."""


Step = tuple[str, str]
"""Operation and name of a resource."""


class Project:
    """A folder with a small program. It runs under `engine`, by that engine's own command line."""

    def __init__(self, root: Path, engine: str = "small") -> None:
        self.root, self.engine = root, engine
        self.values: dict[str, Any] = {"LENGTH": 8, "NAMESPACE": "default", "SERVER": "https://example.invalid"}
        """What the program finds as its variables."""
        self.variables = {"PULUMI_CONFIG_PASSPHRASE": "x"}
        """What is added to the environment."""
        runtime = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["runtime"]
        (root / "Pulumi.yaml").write_text(yaml.safe_dump({"name": PROJECT_NAME, "runtime": runtime}))
        (root / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
        self._state = root / ".state"
        if engine == "small":
            self._command = [sys.executable, "-m", "local.engine"]
            self.variables["PYTHONPATH"] = str(PROJECT)
            self.state_file = self._state / f"{STACK}.json"
            self.show_outputs: tuple[str, ...] = ("outputs", "--show-secrets")
            self.at_once: tuple[str, ...] = ()
            """Spares the CLI's preview, which takes as long as the run itself."""
            return
        cli = pulumi_cli()
        assert cli is not None
        self._command = [cli, "--non-interactive"]
        # Where its virtual environment is this interpreter's, the language host has nothing to install.
        (root / ".venv").symlink_to(sys.prefix)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        self.variables |= {"PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        self.variables["PULUMI_BACKEND_URL"] = f"file://{self._state}"
        self.state_file = state_file(self._state, STACK)
        self.show_outputs = ("stack", "output", "--json", "--show-secrets")
        self.at_once = ("--skip-preview",)
        self._state.mkdir()
        self.run("stack", "init")

    def run(self, *words: str, program: str | None = None, code: int = 0) -> tuple[str, str]:
        """Run a command; its stdout and stderr."""
        if program is not None:
            values = "".join(f"{name} = {value!r}\n" for name, value in self.values.items())
            (self.root / "__main__.py").write_text(HEAD + values + program)
        if self.engine == "pulumi" and words[0] in {"up", "destroy", "refresh"}:
            words = (*words, "--yes")
        done = subprocess.run(
            [*self._command, *words, "--stack", STACK],
            cwd=self.root, env={**os.environ, **self.variables}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout, done.stderr

    def up(self, program: str | None = None, *words: str) -> list[Step]:
        """Bring the program about; the operation and the name of each resource, as they came to their ends."""
        return self._steps(self.run("up", "--json", *self.at_once, *words, program=program)[0])

    def destroy(self, *, purge: bool = False) -> list[Step]:
        """Remove what is not protected, or everything, as the make target does; the steps."""
        if self.engine == "small":
            words = ["--purge"] if purge else []
        else:
            words = [] if purge else ["--exclude-protected"]
            if purge:
                self.run("state", "unprotect", "--all", "--yes")
        return [
            step for step in self._steps(self.run("destroy", "--json", *self.at_once, *words)[0]) if step[0] != "same"
        ]

    def outputs(self) -> dict[str, object]:
        """The stack's outputs, secrets in clear."""
        return dict(json.loads(self.run(*self.show_outputs)[0]))

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's entries by name, without the stack and providers."""
        document = json.loads(self.state_file.read_text())
        latest = document["checkpoint"]["latest"] if self.engine == "pulumi" else document
        return {_name(entry["urn"]): entry for entry in latest.get("resources") or () if _own(entry["type"])}

    def _steps(self, printed: str) -> list[Step]:
        if self.engine == "small":
            return [(step["operation"], step["name"]) for step in json.loads(printed)["steps"]]
        ended = (json.loads(line).get("resOutputsEvent") for line in printed.splitlines())
        steps = (event["metadata"] for event in ended if event)
        return [(step["op"], _name(step["urn"])) for step in steps if _own(step["type"])]


def _own(kind: str) -> bool:
    return not kind.startswith("pulumi:")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
