"""Which pod of a session may reach what: everything else is denied."""

from __future__ import annotations

from collections.abc import Iterator

from components.julia import names
from components.julia.topology import POOL_PORT, WORKER_PORTS, JuliaSession
from components.shared.manifest import Manifest
from components.shared.network_policy import (
    USUAL_API_SERVER_PORTS,
    USUAL_DNS_PORTS,
    block,
    default_deny,
    dns,
    open_ports,
    pods,
    policy,
    tcp,
    tcp_range,
    to_anywhere,
)
from components.shared.objects import PlannedObject
from components.shared.survey import Survey


def objects(session: JuliaSession, survey: Survey, component: str) -> Iterator[PlannedObject]:
    """One policy for the session, one for its workers, and in a namespace of our own one that denies the rest."""
    if session.everything.network.policies.enabled:
        yield from (PlannedObject(item, component) for item in _policies(session, survey))


def _policies(session: JuliaSession, survey: Survey) -> Iterator[Manifest]:
    name, worker = names.session(session.name), names.worker(session.name)
    given = session.everything.network.policies
    names_of_hosts = dns(open_ports(given.dns_ports, USUAL_DNS_PORTS, survey.dns_ports))
    outside = [{"to": [block(cidr) for cidr in given.egress]}] if given.egress else []
    serving, joining = tcp_range(*WORKER_PORTS), tcp(POOL_PORT)
    to_workers: Manifest = {"to": [pods(worker)], "ports": serving}
    egress = [names_of_hosts, to_workers, *outside]
    if given.package_ports:
        egress.append(to_anywhere(*given.package_ports))
    if session.starts_workers:
        egress.append(to_anywhere(*open_ports(given.api_server_ports, USUAL_API_SERVER_PORTS, survey.api_server_ports)))
    from_workers = [] if session.starts_workers else [{"from": [pods(worker)], "ports": joining}]
    yield policy(name, session.namespace, ingress=from_workers, egress=egress)
    to_session = [] if session.starts_workers else [{"to": [pods(name)], "ports": joining}]
    yield policy(
        worker,
        session.namespace,
        # Workers exchange data without the session in between (Distributed.jl, topology all_to_all).
        ingress=[{"from": [pods(name), pods(worker)], "ports": serving}],
        egress=[names_of_hosts, to_workers, *to_session, *outside],
    )
    if session.settings.namespace.create:
        yield default_deny(session.namespace, names.deny(session.name))
