"""Rules about annotations of the load balancer: what the program owns, and what carries no client to the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from components.matlab.settings import Settings
from components.shared import reserved_keys
from components.shared.mistakes import Mistake, Rule, dotted, no_effect

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
    # https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer: with anything else, it is open to the Internet.
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true", "false"),
}
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
        path = dotted(("matlab", "network", "loadBalancer", "annotations", key))
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
        elif key == CERTIFICATE and TLS_PORTS not in annotations:
            yield Mistake(
                path,
                "ends TLS at the load balancer on every port, but clients trust only the certificates of the cluster",
                f"Remove it, or name the other ports in {TLS_PORTS}.",
            )
        elif value not in CHOICES.get(key, (value,)):
            yield Mistake(
                path, f"{value!r} is not one of the choices", f"Write {' or '.join(CHOICES[key])}, in quotes."
            )


def _sends_proxy_protocol(key: str, value: str) -> bool:
    if key == TARGET_GROUP:
        return "proxy_protocol_v2.enabled=true" in value.replace(" ", "")
    return bool(PROXY_PROTOCOL.search(key)) and value.lower() not in OFF


RULES: tuple[Rule[Settings], ...] = (_annotations,)


def annotation_warnings(settings: Settings) -> Iterator[str]:
    """Annotations for two clouds: a Service is in one, and that one ignores the others'."""
    balancer = settings.network.load_balancer
    keys = [*balancer.annotations, *([balancer.load_balancer_class] if balancer.load_balancer_class else [])]
    clouds = [cloud for cloud, begins in CLOUDS.items() if any(key.startswith(begins) for key in keys)]
    if len(clouds) > 1:
        yield (
            f"matlab.network.loadBalancer: annotations and class are for {' and '.join(clouds)}, but a load balancer "
            "reads only those of its own cloud. Remove the others."
        )
