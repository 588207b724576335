"""Where a command looks: at a stack of this project, or at a namespace that anybody has deployed to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components import stack_file
from components.shared.fields import is_dns_label
from components.shared.groups import Target
from components.shared.kube import KubernetesApi
from components.shared.mistakes import ConfigError
from components.shared.target import PROJECT, connect
from components.stack import StackConfig, load_file
from ops.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --stack, --namespace and --context."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--stack", metavar="NAME", help="the stack, by the name in Pulumi.NAME.yaml")
    where.add_argument("--namespace", metavar="NAME", help="a namespace, of a Helm release for instance")
    parser.add_argument("--context", metavar="NAME", help="with --namespace: context of the kubeconfig")


def check(arguments: argparse.Namespace) -> None:
    """Raise UsageError for arguments that contradict each other, or can name nothing."""
    if arguments.stack and arguments.context:
        raise UsageError("--context can be used only with --namespace: a stack names its own cluster.")
    if arguments.namespace and not is_dns_label(arguments.namespace):
        raise UsageError(f"--namespace {arguments.namespace} cannot be the name of a namespace.")


def file_of(stack: str) -> Path:
    """The file of a stack of this project."""
    return PROJECT / f"Pulumi.{stack}.yaml"


def load_stack(name: str) -> StackConfig:
    """A stack of this project. Raises ConfigError, and OSError for a file that cannot be read."""
    return load_file(file_of(name), name)


def is_embedded(file: Path) -> bool:
    """Whether a stack file, which may be missing or wrong, names the embedded cluster."""
    return names_embedded(target_of(file))


def names_embedded(target: Mapping[str, Any]) -> bool:
    """Whether what a stack file says of its cluster names the embedded one."""
    return target.get("embedded") is True


def target_of(file: Path) -> Mapping[str, Any]:
    """What a stack file says of its cluster; nothing if it is missing or wrong."""
    try:
        return target_in(stack_file.read(file))
    except ConfigError:
        return {}


def target_in(found: stack_file.StackFile | None) -> Mapping[str, Any]:
    """What the content of a stack file says of its cluster."""
    target = found.config.get("kubernetes") if found else None
    return target if isinstance(target, dict) else {}


def api(arguments: argparse.Namespace) -> KubernetesApi:
    """The API server of --context, or of the present one. Raises Unreachable."""
    return connect(Target(context=arguments.context)) if arguments.context else KubernetesApi.connect(None, None)
