"""Rules about annotations of the load balancer: what the program owns, and what carries no client to the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared import reserved_keys
from components.shared.hosts import is_address
from components.shared.mistakes import Mistake, Rule, dotted, no_effect

AT: Final = ("matlab", "network", "loadBalancer", "annotations")
SOURCE_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"
PROXY_PROTOCOL: Final = re.compile(r"proxy-?protocol")
"""How the clouds write it in the keys of their annotations."""
OFF: Final = ("", "0", "false", "none")
TARGET_GROUP: Final = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes"
PROTOCOLS: Final = (
    "load-balancer.hetzner.cloud/protocol",
    "service.beta.kubernetes.io/aws-load-balancer-backend-protocol",
    "service.beta.kubernetes.io/do-loadbalancer-protocol",
    "service.beta.kubernetes.io/linode-loadbalancer-default-protocol",
    "service.beta.kubernetes.io/oci-load-balancer-backend-protocol",
    "service.beta.kubernetes.io/vultr-loadbalancer-protocol",
)
HTTP: Final = ("http", "http2", "http3", "https")
OF_INGRESSES: Final = ("alb.ingress.kubernetes.io/", "cert-manager.io/", "nginx.ingress.kubernetes.io/")
CERTIFICATE: Final = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"
TLS_PORTS: Final = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"
CHOICES: Final = {
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations
    "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": ("instance", "ip"),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal", "internet-facing"),
    # https://cloud.google.com/kubernetes-engine/docs/concepts/service-load-balancer-parameters: with anything else, it
    # is open to the Internet, or of the older kind.
    "networking.gke.io/load-balancer-type": ("Internal", "External", "internal", "external"),
    "cloud.google.com/load-balancer-type": ("Internal", "External", "internal", "external"),
    "cloud.google.com/l4-rbs": ("enabled", "disabled", "false"),
    # https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer: with anything else, it is open to the Internet.
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true", "false"),
}
MINUTES: Final = "service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout"
TARGET_TYPE: Final = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
TYPE: Final = "service.beta.kubernetes.io/aws-load-balancer-type"
LISTENER: Final = "service.beta.kubernetes.io/aws-load-balancer-listener-attributes."
IDLE_OF_CLASSIC: Final = "service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout"
NLB_CLASSES: Final = ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")
ADDRESSES: Final = (
    "io.cilium/lb-ipam-ips",
    "lbipam.cilium.io/ips",
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
)
MOST_MINUTES: Final = 30
"""https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer; Azure itself takes more."""
RANGES: Final = {
    # https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout
    MINUTES: ("minutes", 4, 100),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html
    "tcp.idle_timeout.seconds": ("seconds", 60, 6000),
}
"""Annotations, and attributes in them, that hold a number: its unit, the lowest and the highest that the cloud takes.
With another one, there is no load balancer, and only events of the Service say why."""
MOST_NAMES: Final = 5
"""Listeners that a warning names."""
CLOUDS: Final = {
    "AWS": ("service.beta.kubernetes.io/aws-", "service.k8s.aws/", "eks.amazonaws.com/"),
    "Azure": ("service.beta.kubernetes.io/azure-",),
    "DigitalOcean": ("service.beta.kubernetes.io/do-", "kubernetes.digitalocean.com/"),
    "Google Cloud": ("cloud.google.com/", "networking.gke.io/"),
    "Hetzner": ("load-balancer.hetzner.cloud/",),
    "Linode": ("service.beta.kubernetes.io/linode-",),
    "Oracle": ("oci.oraclecloud.com/", "service.beta.kubernetes.io/oci-"),
    "Scaleway": ("service.beta.kubernetes.io/scw-",),
    "Vultr": ("service.beta.kubernetes.io/vultr-",),
}
"""Beginnings of keys that only the load balancers of one cloud read."""


def _annotations(settings: Settings) -> Iterator[Mistake]:
    annotations = settings.network.load_balancer.annotations
    for key, value in annotations.items():
        path = dotted((*AT, key))
        if owner := reserved_keys.owner(key):
            yield Mistake(path, f"is a key {owner}", "Remove it.")
        elif key == SOURCE_RANGES:
            yield Mistake(
                path,
                "is always ignored by NetworkPolicies, and by Kubernetes once the Service has ranges of its own",
                "Write the networks in matlab.network.loadBalancer.sourceRanges.",
            )
        elif _sends_proxy_protocol(key, value):
            yield Mistake(
                path,
                "puts the PROXY protocol before every connection, which neither HAProxy nor the parallel server proxy "
                "reads here",
                "Remove it.",
            )
        elif key in PROTOCOLS and value.lower() in HTTP:
            yield Mistake(path, f"{value} does not fit: MATLAB speaks plain TCP, not HTTP", "Remove it.")
        elif key.startswith(OF_INGRESSES):
            yield no_effect(path, "it is for an Ingress, which carries HTTP, but this is a Service")
        elif key == CERTIFICATE and (ports := _with_tls(annotations, Topology(settings))):
            yield Mistake(
                path,
                f"ends TLS at the load balancer on {ports}, but clients trust only the certificates of the cluster",
                f"Remove it, or name other ports in {TLS_PORTS}.",
            )
        elif found := _mistaken_value(key, value):
            yield Mistake(path, *found)


def _with_tls(annotations: Mapping[str, str], cluster: Topology) -> str | None:
    """The ports of MJS on which the certificate of the load balancer is used, in words. Metrics may have it."""
    named = annotations.get(TLS_PORTS, "*").replace(" ", "").split(",")
    if "*" in named:
        return "every port"
    ports = [port for port in cluster.load_balancer_ports if port != cluster.metrics_port]
    found = [str(port.number) for port in ports if {str(port.number), port.name} & {*named}]
    return f"port {', '.join(found)}" if found else None


def _mistaken_value(key: str, value: str) -> tuple[str, str] | None:
    if value not in CHOICES.get(key, (value,)):
        return f"{value!r} is not one of the choices", f"Write {' or '.join(CHOICES[key])}, in quotes."
    if key in ADDRESSES and not all(is_address(part.strip()) for part in value.split(",")):
        return (
            f"{value!r} is not a list of IP addresses, so the load balancer gets none",
            "Write an address, or one of each IP family with a comma between them.",
        )
    return _out_of_range(key, value)


def _out_of_range(key: str, value: str) -> tuple[str, str] | None:
    numbers = {key: value} if key in RANGES else _attributes(value) if key.startswith(LISTENER) else {}
    for name, number in numbers.items():
        if name in RANGES:
            unit, low, high = RANGES[name]
            if not (re.fullmatch(r"\d{1,9}", number, re.ASCII) and low <= int(number) <= high):
                return f"{number!r} is out of range", f"Write {unit}, from {low} to {high}."
    return None


def _attributes(value: str) -> dict[str, str]:
    parts = (part.partition("=") for part in value.split(","))
    return {name.strip(): text.strip() for name, _, text in parts}


def _sends_proxy_protocol(key: str, value: str) -> bool:
    if key == TARGET_GROUP:
        return _attributes(value).get("proxy_protocol_v2.enabled") == "true"
    return bool(PROXY_PROTOCOL.search(key)) and value.lower() not in OFF


RULES: tuple[Rule[Settings], ...] = (_annotations,)


def annotation_warnings(settings: Settings) -> Iterator[str]:
    """Annotations that nobody reads, or that keep clients out."""
    yield from _two_clouds(settings)
    yield from _aws(settings)
    minutes = settings.network.load_balancer.annotations.get(MINUTES, "0")
    if int(minutes) > MOST_MINUTES:
        path = dotted((*AT, MINUTES))
        yield (
            f"{path}: {minutes} is more than the cloud provider of Azure documents. If it says so in the events of the "
            f"Service, write {MOST_MINUTES}."
        )


def _aws(settings: Settings) -> Iterator[str]:
    balancer = settings.network.load_balancer
    annotations = balancer.annotations
    ip_targets = annotations.get(TARGET_TYPE) == "ip" or annotations.get(TYPE) == "nlb-ip"
    keeps = _attributes(annotations.get(TARGET_GROUP, "")).get("preserve_client_ip.enabled")
    hides_clients = keeps == "false" or (ip_targets and keeps != "true")
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    if hides_clients and balancer.source_ranges and settings.network.policies.enabled:
        yield (
            f"{dotted((*AT, TARGET_GROUP))}: the load balancer hides the addresses of clients, so the "
            "NetworkPolicies for sourceRanges admit none of them. Write preserve_client_ip.enabled=true."
        )
    if IDLE_OF_CLASSIC in annotations and balancer.load_balancer_class in NLB_CLASSES:
        yield (
            f"{dotted((*AT, IDLE_OF_CLASSIC))}: a Network Load Balancer ignores it, and closes connections after 350 "
            f"seconds without traffic. Write {LISTENER}TCP-PORT: tcp.idle_timeout.seconds=6000."
        )
    listeners = {f"{LISTENER}TCP-{port.number}" for port in Topology(settings).load_balancer_ports}
    for key in annotations:
        if key.startswith(LISTENER) and key not in listeners:
            yield f"{dotted((*AT, key))}: the load balancer has no such listener. It has {_ports(listeners)}."


def _ports(listeners: set[str]) -> str:
    names = sorted(key.removeprefix(LISTENER) for key in listeners)
    return f"{', '.join(names[:MOST_NAMES])}{' and more' if len(names) > MOST_NAMES else ''}"


def _two_clouds(settings: Settings) -> Iterator[str]:
    """A Service is in one cloud, and that one ignores the annotations for others."""
    balancer = settings.network.load_balancer
    keys = [*balancer.annotations, *([balancer.load_balancer_class] if balancer.load_balancer_class else [])]
    clouds = [cloud for cloud, begins in CLOUDS.items() if any(key.startswith(begins) for key in keys)]
    if len(clouds) > 1:
        yield (
            f"matlab.network.loadBalancer: annotations and class are for {' and '.join(clouds)}, but a load balancer "
            "reads only those of its own cloud. Remove the others."
        )
