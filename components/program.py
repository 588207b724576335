"""The program: from the config of the run to resources and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pulumi

from components.registry import SYSTEMS
from components.shared.address import ExternalAddress
from components.shared.survey import Survey
from components.shared.target import PROJECT, provider
from components.stack import KEYS, StackConfig, load_stack, read_file
from components.system import Site


def read_config(stack: str, config: pulumi.Config) -> StackConfig:
    """The stack's config. Raises ConfigError with every mistake."""
    values: dict[str, Any] = {key: config.get_object(key) for key in KEYS}
    secret = {key for key in KEYS if pulumi.runtime.is_config_secret(config.full_key(key))}
    return load_stack(stack, values, secret, read_file(PROJECT / f"Pulumi.{stack}.yaml"))


def deploy(stack: StackConfig, address: ExternalAddress, survey: Survey) -> dict[str, Any]:
    """Register every system of the stack; returns the stack outputs.

    Raises ValueError where two systems export the same name with a value that cannot be joined.
    """
    site = Site(pulumi.ResourceOptions(provider=provider(stack.target)), address, survey)
    outputs: dict[str, pulumi.Output[Any]] = {}
    for key, settings in stack.systems.items():
        system = SYSTEMS[key]
        for warning in system.warnings(settings):
            pulumi.log.warn(warning)
        outputs = _joined(outputs, system.deploy(settings, site))
    return outputs


JOINED: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "keptOnDestroy": lambda lists: [item for each in lists for item in each],
    "readme": "\n".join,
}
"""Outputs that several systems have, and how they become one."""


def _joined(
    before: Mapping[str, pulumi.Output[Any]], further: Mapping[str, pulumi.Output[Any]]
) -> dict[str, pulumi.Output[Any]]:
    both = before.keys() & further.keys()
    if clash := both - JOINED.keys():
        raise ValueError(f"two systems export {', '.join(sorted(clash))}")
    joined = {name: pulumi.Output.all(before[name], further[name]).apply(JOINED[name]) for name in both}
    return {**before, **further, **joined}
