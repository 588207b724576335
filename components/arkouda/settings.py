"""The typed stack config of Arkouda servers: `clusters:arkouda` in a stack file.

Four lists, one for each way to run a server, so that a server has only the settings that fit it.
"""

from __future__ import annotations

from components.arkouda.defaults import ArkoudaNamespace, Images
from components.arkouda.fields import ApiServer
from components.arkouda.server_settings import Declared, MultiLocale, SelfRegistered, SingleNode
from components.shared.fields import Bool, Distinct, DnsLabel, Model


class Network(Model):
    """Access to servers and exporters in Kubernetes. Servers outside are not covered by NetworkPolicies."""

    policies: Bool = True
    """true: NetworkPolicies allow only the connections that a server needs."""
    client_namespaces: Distinct[DnsLabel] = ()
    """Namespaces whose pods may connect to servers, in addition to the servers' own namespace."""
    prometheus_namespaces: Distinct[DnsLabel] = ()
    """Namespaces whose pods may scrape the exporters, in addition to the servers' own namespace."""


class Settings(Model):
    """Arkouda servers: interactive data analysis on the memory of many nodes."""

    namespace: ArkoudaNamespace = ArkoudaNamespace()
    declared: tuple[Declared, ...] = ()
    """Servers outside Kubernetes whose Service the stack declares."""
    self_registered: tuple[SelfRegistered, ...] = ()
    """Servers outside Kubernetes that create their own Services."""
    single_node: tuple[SingleNode, ...] = ()
    """Servers in one pod."""
    multi_locale: tuple[MultiLocale, ...] = ()
    """Servers whose locales are pods."""
    api_server: ApiServer | None = None
    """URL of the Kubernetes API server, for jobs that register a server."""
    network: Network = Network()
    images: Images = Images()
