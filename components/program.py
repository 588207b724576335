"""The program: from an accepted stack config to resources and outputs."""

from __future__ import annotations

from typing import Any

import pulumi

from components.matlab.cluster import MatlabCluster
from components.matlab.rules import warnings
from components.shared.address import ExternalAddress
from components.shared.component import Context
from components.shared.target import PROJECT, provider
from components.stack import KEYS, Stack, load_stack, read_file


def read_config(stack: str, config: pulumi.Config) -> Stack:
    """The stack's config. Raises ConfigError with every mistake."""
    values: dict[str, Any] = {key: config.get_object(key) for key in KEYS}
    secret = {key for key in KEYS if pulumi.runtime.is_config_secret(config.full_key(key))}
    return load_stack(stack, values, secret, read_file(PROJECT / f"Pulumi.{stack}.yaml"))


def deploy(stack: Stack, address: ExternalAddress) -> dict[str, Any]:
    """Register what the stack config asks for; returns the stack outputs."""
    context = Context(stack.name, provider(stack.target))
    outputs: dict[str, Any] = {}
    if stack.matlab:
        for warning in warnings(stack.matlab):
            pulumi.log.warn(warning)
        outputs |= MatlabCluster(stack.matlab, context, address).outputs
    return outputs
