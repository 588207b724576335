"""The program: from the config of the run to resources and outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pulumi

from components import config_source, stack_file
from components.cost_of_stack import OUTPUT, StackCost, announcement
from components.registry import SYSTEMS
from components.shared.address import ExternalAddress
from components.shared.kube import KubernetesApi
from components.shared.survey import Survey
from components.shared.target import PROJECT, provider
from components.stack import KEYS, StackConfig, load_stack, warnings
from components.system import Site


def read_config(stack: str, config: pulumi.Config) -> StackConfig:
    """The config of the run. Raises ConfigError with every mistake."""
    texts: dict[str, str] = {**pulumi.runtime.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    texts |= {config.full_key(key): text for key in KEYS if (text := config.get(key)) is not None}
    values = {stack_file.own_key(key) or key: _value(text) for key, text in texts.items()}
    secret = {key for key in KEYS if pulumi.runtime.is_config_secret(config.full_key(key))}
    file = config_source.config_file(PROJECT / f"Pulumi.{stack}.yaml")
    return load_stack(stack, values, secret, stack_file.read(file))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def deploy(
    stack: StackConfig, address: ExternalAddress, survey: Survey, api: KubernetesApi | None = None
) -> dict[str, Any]:
    """Register every system of the stack; returns the stack outputs.

    Without `api`, as in a rendering, nothing but objects is written.
    Raises ValueError where two systems export the same name with a value that cannot be joined.
    """
    site = Site(pulumi.ResourceOptions(provider=provider(stack.target)), address, survey, stack.target.labels, api)
    outputs: dict[str, pulumi.Output[Any]] = {}
    for warning in warnings(stack):
        pulumi.log.warn(warning)
    for key, settings in stack.systems.items():
        system = SYSTEMS[key]
        for warning in system.warnings(settings):
            pulumi.log.warn(warning)
        outputs = _joined(outputs, system.deploy(settings, site))
    if stack.prices:
        cost = StackCost(stack, stack.prices, survey)
        for warning in cost.warnings():
            pulumi.log.warn(warning)
        per_hour = cost.per_hour()
        if pulumi.runtime.is_dry_run():
            pulumi.log.info(announcement(per_hour))
        outputs[OUTPUT] = pulumi.Output.from_input(per_hour)
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
