"""Evaluate the program for a stack file without a cluster and without the Pulumi CLI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from components.program import deploy
from components.shared import yaml_for_go
from components.shared.manifest import Manifest, base64, secret_data
from components.shared.objects import TOKEN_SECRET
from components.shared.placeholders import placeholder
from components.shared.survey import NOTHING
from components.stack import StackConfig
from components.system import PLACEHOLDER_ADDRESS
from ops import kustomize, rendering_folder
from ops.evaluation import evaluate
from ops.planned import planned_objects

FIRST_KEYS: Final = ("apiVersion", "kind", "metadata", "name", "namespace")
COMPUTED: Final = {
    "random:index/randomPassword:RandomPassword": ("result",),
    "tls:index/privateKey:PrivateKey": (
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "privateKeyOpenssh",
        "publicKeyOpenssh",
    ),
    "tls:index/selfSignedCert:SelfSignedCert": ("certPem",),
    "tls:index/certRequest:CertRequest": ("certRequestPem",),
    "tls:index/locallySignedCert:LocallySignedCert": ("certPem",),
}
"""Outputs that the providers compute, per resource type."""
NO_END: Final = "9999-12-31T00:00:00Z"
"""When a certificate that was not signed yet expires."""


class Recorder(Mocks):
    """Keeps every Kubernetes object, and answers with placeholders for what a provider or cluster would know."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.objects: list[Manifest] = []

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Refuse: the program calls no provider functions."""
        raise NotImplementedError(args.token)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Record one resource."""
        outputs = dict(args.inputs)
        if args.typ.startswith("kubernetes:"):
            clear = {key: rpc.unwrap_rpc_secret(value) for key, value in args.inputs.items()}
            self.objects.append(_ordered(clear))
            outputs |= _by_the_cluster(clear)
        for name in COMPUTED.get(args.typ, ()):
            outputs[name] = placeholder(f"{args.name} {name}")
        if "certPem" in outputs:
            outputs["validityEndTime"] = NO_END
        return args.name, outputs


def _by_the_cluster(item: Manifest) -> dict[str, Any]:
    """What only the Kubernetes cluster knows: UIDs, and the content of token Secrets."""
    name = item["metadata"]["name"]
    found: dict[str, Any] = {"metadata": {**item["metadata"], "uid": placeholder(f"{item['kind']} {name} uid")}}
    if item.get("type") == TOKEN_SECRET:
        found["data"] = {key: base64(placeholder(f"{name} {key}")) for key in ("ca.crt", "token")}
    return found


def _ordered(inputs: dict[str, Any]) -> Manifest:
    """The object as a person reads it: the usual keys first, a Secret's data in clear placeholders."""
    item = dict(inputs)
    if item.get("kind") == "Secret" and "data" in item:
        item["stringData"] = secret_data(item)
        del item["data"]
    ordered: Manifest = _sorted(item)
    return ordered


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (FIRST_KEYS.index(key) if key in FIRST_KEYS else len(FIRST_KEYS), key))
        return {key: _sorted(value[key]) for key in keys}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    # The protocol between program and engine knows one kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def render(stack: StackConfig) -> tuple[dict[str, str], dict[str, Any]]:
    """YAML text of every Kubernetes object by file name, and the stack outputs."""
    objects, outputs = evaluated(stack)
    return {name: _text(item) for name, item in kustomize.by_file(objects).items()}, outputs


def render_base(stack: StackConfig) -> dict[str, str]:
    """YAML text of a Kustomize base by file name."""
    objects, _ = evaluated(stack)
    files = kustomize.base(objects, planned_objects(stack))
    return {name: content if isinstance(content, str) else _text(content) for name, content in files.items()}


def evaluated(stack: StackConfig) -> tuple[list[Manifest], dict[str, Any]]:
    """Every Kubernetes object as the program registers it, and the stack outputs."""
    recorder = Recorder()
    outputs: dict[str, Any] = {}

    def program() -> None:
        outcome = deploy(stack, lambda *_: pulumi.Output.from_input(PLACEHOLDER_ADDRESS), NOTHING)
        pulumi.Output.from_input(outcome).apply(outputs.update)

    evaluate(program, recorder, stack.name)
    return recorder.objects, dict(sorted(outputs.items()))


class _Dumper(yaml_for_go.Dumper):
    """Scripts and documents as blocks."""


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)


def _text(item: Manifest) -> str:
    return yaml.dump(item, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def write(files: dict[str, str], outputs: dict[str, Any], folder: Path) -> None:
    """Write a rendering. Raises CommandError if a file would be lost that no rendering wrote."""
    text = json.dumps(outputs, indent=2, ensure_ascii=False) + "\n"
    rendering_folder.write({**files, "outputs.json": text}, folder)
