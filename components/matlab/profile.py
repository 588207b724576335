"""Cluster profiles, which users import in MATLAB. The controller rewrites one that differs from what it would write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

from components.matlab import names
from components.matlab.topology import Topology


@dataclass(frozen=True)
class Certificate:
    """A leaf with its key and the CA that signed it, all PEM; the key is PKCS#8 (the controller refuses PKCS#1)."""

    certificate: str
    key: str
    authority: str


def socks_host(cluster: Topology, host: str) -> str:
    """Host string of a profile that goes through the parallel server proxy; the proxy resolves the short name."""
    scheme = "socks5s" if cluster.mutual_tls else "socks5"
    port = cluster.parallel_server_proxy_port.number
    return f"{names.JOB_MANAGER}:{cluster.base_port}?proxy={scheme}://{host}:{port}"


def direct_host(cluster: Topology, host: str) -> str:
    """Host string of a profile that connects to the job manager's ports; the client adds the offsets itself."""
    return f"{host}:{cluster.base_port}"


def profile(job_manager: str, host: str, leaf: Certificate | None) -> str:
    """A cluster profile, ready to import in MATLAB. Without a certificate its three fields are empty."""
    leaf = leaf or Certificate("", "", "")
    document = {
        "Version": 1,
        "Name": job_manager,
        "ClusterType": "MJS",
        "SchedulerComponent": {
            "Host": host,
            "Name": job_manager,
            "Certificate": leaf.authority,
            "ClientCertificate": leaf.certificate,
            "ClientPrivateKey": leaf.key,
            "Metadata": {"SubType": "kubernetes"},
        },
        "ProjectComponent": {},
    }
    return json.dumps(document, indent=2)


class Profile(NamedTuple):
    """One profile Secret: its name, its host string, and whether it holds a certificate."""

    secret: str
    host: str
    with_certificate: bool


def profiles(cluster: Topology, host: str) -> tuple[Profile, ...]:
    """The profiles of the mode. `host` is what clients outside connect to."""
    required = cluster.settings.security.require_client_certificate
    if not cluster.open_to_outside:
        inside = direct_host(cluster, cluster.service_host(names.JOB_MANAGER))
        return (Profile(names.PROFILE_SECRET, inside, required),)
    direct = direct_host(cluster, host)
    if not cluster.uses_parallel_server_proxy:
        return (Profile(names.PROFILE_SECRET, direct, required),)
    socks = Profile(names.PROFILE_SECRET, socks_host(cluster, host), required or cluster.mutual_tls)
    if cluster.uses_pool_proxies:
        return (socks, Profile(names.PROFILE_PRE_R2026A_SECRET, direct, required))
    return (socks,)
