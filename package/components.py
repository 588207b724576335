"""The systems as components with plain arguments.

A component checks its arguments as the program checks a stack file, looks at the Kubernetes cluster first, and then
registers the same resources. One stack holds one component of each kind, because objects have fixed names.
"""

# No `from __future__ import annotations`: the host reads annotations as objects.
from collections.abc import Mapping
from typing import Any

import pulumi

from components.preflight import preflight
from components.registry import SYSTEMS
from components.shared.address import live_address
from components.shared.loading import load
from components.shared.target import provider
from components.stack import load_stack
from components.system import Site
from package.arguments import SECRETS, ArkoudaServersArgs, JuliaSessionsArgs, MatlabClusterArgs
from package.values import as_settings


class _Component(pulumi.ComponentResource):
    """One system, as the program deploys it."""

    def __init__(self, key: str, name: str, args: Mapping[str, Any], opts: pulumi.ResourceOptions | None) -> None:
        """Check the arguments, then register everything. Raises ConfigError, Unreachable or ApiError."""
        kind = type(self).__name__
        values = as_settings(args, SECRETS[kind])
        preview = pulumi.runtime.is_dry_run()
        config = {"kubernetes": values.pop("kubernetes", {}), key: values}
        # A preview may not know a secret yet that another resource creates.
        stack = load_stack(pulumi.get_stack(), config, {key}, decrypted=not preview)
        # In a stack, a system without settings is not deployed. A component without arguments lacks required settings.
        settings = stack.systems.get(key) or load(SYSTEMS[key].settings, values, key, SYSTEMS[key].rules)
        checked = preflight(stack, dry_run=preview)
        super().__init__(f"clusters:index:{kind}", name, None, opts)
        own = pulumi.ResourceOptions(parent=self, provider=provider(stack.target, f"{name}-kubernetes", self))
        site = Site(own, live_address(checked.api), checked.survey, stack.target.labels, checked.api)
        outputs = SYSTEMS[key].deploy(settings, site)
        for output, value in outputs.items():
            setattr(self, output, value)
        self.register_outputs(dict(outputs))


class MatlabCluster(_Component):
    """A MATLAB Parallel Server cluster (MATLAB Job Scheduler on Kubernetes)."""

    externalAddress: pulumi.Output[dict[str, Any]]
    """Host and ports that clients connect to: host, and ports by name."""
    profile: pulumi.Output[str]
    """Secret. The cluster profile, ready to import in MATLAB."""
    namespace: pulumi.Output[str]
    """Namespace of the cluster."""
    adminUser: pulumi.Output[str]
    """Name of the MJS administrator."""
    adminPassword: pulumi.Output[str]
    """Secret. Password of the MJS administrator."""
    keptOnDestroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(self, name: str, args: MatlabClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the cluster."""
        super().__init__("matlab", name, args, opts)


class JuliaSessions(_Component):
    """Julia processes with workers, each in a namespace of its own."""

    juliaSessions: pulumi.Output[dict[str, Any]]
    """Commands and amounts of each session, by name."""
    keptOnDestroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(self, name: str, args: JuliaSessionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the sessions."""
        super().__init__("julia", name, args, opts)


class ArkoudaServers(_Component):
    """Arkouda servers, in Kubernetes or reachable from it."""

    arkouda: pulumi.Output[dict[str, Any]]
    """Namespace, and per server: kind, host, port, how to connect, commands."""
    arkoudaFiles: pulumi.Output[dict[str, Any]]
    """Secret. Files per server: connection, environment, job."""
    keptOnDestroy: pulumi.Output[list[str]]
    """Objects that a destroy keeps, as `Kind/name`."""
    readme: pulumi.Output[str]
    """Markdown page for users and administrators."""

    def __init__(self, name: str, args: ArkoudaServersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the servers."""
        super().__init__("arkouda", name, args, opts)
