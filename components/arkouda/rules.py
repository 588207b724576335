"""Rules about more than one setting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from components.arkouda import names, rules_jobs
from components.arkouda.effects import without_effect
from components.arkouda.fields import BY_JOB, option_name
from components.arkouda.server_settings import (
    Declared,
    InKubernetes,
    MultiLocale,
    SelfRegistered,
    Server,
    SingleNode,
)
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology, array_memory, job, needs_credentials, ports
from components.shared import rules_pods
from components.shared.config_paths import below
from components.shared.floors import small_claim, too_low, too_much
from components.shared.groups import AccessMode
from components.shared.manifest import MANAGED_BY
from components.shared.mistakes import Mistake, Rule, no_effect
from components.shared.placement import most_nodes
from components.shared.quantities import quantity
from components.shared.rules_images import image_warnings
from components.shared.workload import app

SSH_PORT_TAKEN = "is the port of SSH between locales"


def _any_server(settings: Settings) -> Iterator[Mistake]:
    if not Topology(settings).servers:
        yield Mistake(
            "arkouda",
            "contains no server",
            "List one under declared, selfRegistered, singleNode or multiLocale, or remove the key.",
        )


def _names(settings: Settings) -> Iterator[Mistake]:
    entries = Topology(settings).entries
    counts = Counter(server.name for _, server in entries)
    for at, server in entries:
        if counts[server.name] > 1:
            yield Mistake(f"{at}.name", f"{server.name} is the name of {counts[server.name]} servers", "Change one.")
        for suffix in names.SUFFIXES:
            shorter = server.name.removesuffix(suffix)
            if shorter != server.name and shorter in counts:
                yield Mistake(
                    f"{at}.name",
                    f"{server.name} is also the name of an object of server {shorter}",
                    f"Choose a name that does not end in {suffix}.",
                )


def _ports(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if server.metrics.enabled and server.metrics.port == server.port:
            yield Mistake(
                f"{at}.metrics.port", f"{server.port} is also the port for clients", "Give each its own port."
            )
    yield from _ports_of_one_machine(settings)
    for at, server in Topology(settings).entries:
        if hasattr(server, "locales"):
            used = {f"{at}.port": server.port, f"{at}.metrics.port": server.metrics.port}
            for path, number in used.items():
                if number == names.SSH_PORT:
                    yield Mistake(path, f"{number} {SSH_PORT_TAKEN}", "Choose another port.")


def _ports_of_one_machine(settings: Settings) -> Iterator[Mistake]:
    """Two servers at one address. With the same client port it is one server under two names."""
    known: list[tuple[str, Declared]] = []
    for index, server in enumerate(settings.declared):
        for other_at, other in known:
            if server.address == other.address != BY_JOB and server.port != other.port:
                for number in _listens(server) & _listens(other):
                    field = "port" if number == server.port else "metrics.port"
                    yield Mistake(
                        f"arkouda.declared[{index}].{field}",
                        f"{number} is also a port of {other_at}, at the same address",
                        "Give each server on one machine its own ports.",
                    )
        known.append((f"arkouda.declared[{index}]", server))


def _listens(server: Server) -> set[int]:
    return {port.number for port in ports(server)}


def _memory(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if not isinstance(server, InKubernetes):
            continue
        arrays = array_memory(server)
        if server.mem_max and arrays is not None and arrays >= quantity(server.memory):
            yield Mistake(
                f"{at}.memMax",
                f"{server.mem_max} is not less than memory, {server.memory}: the pod would be killed before the server "
                "can reject a command",
                "Lower it, or remove it to use 80 % of memory.",
            )


def _api_server(settings: Settings) -> Iterator[Mistake]:
    registered = [server.name for server in Topology(settings).servers if needs_credentials(server)]
    if registered and not settings.api_server:
        yield Mistake(
            "arkouda.apiServer",
            f"is required: the jobs of {', '.join(registered)} call the Kubernetes API",
            "Write its URL as their nodes reach it, such as https://kubernetes.example.org:6443.",
        )


def _files(settings: Settings) -> Iterator[Mistake]:
    for index, server in enumerate(settings.multi_locale):
        files = server.files
        if files.persistent and not files.claim and AccessMode.READ_WRITE_MANY not in files.access_modes:
            yield Mistake(
                f"arkouda.multiLocale[{index}].files.accessModes",
                "lets only one node mount the claim, but every locale needs it",
                "Write [ReadWriteMany], with a StorageClass that supports it, or set files.persistent to false.",
            )


def _trace(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        own = server if isinstance(server, InKubernetes) else job(server)
        values = {option_name(option): option.partition("=")[2] for option in own.server_options} if own else {}
        if server.metrics.enabled and values.get("trace") == "false":
            where = at if isinstance(server, InKubernetes) else f"{at}.job"
            yield Mistake(
                f"{where}.serverOptions",
                "--trace=false turns off the recording of metrics, but metrics.enabled is true",
                "Remove it, or set metrics.enabled to false.",
            )


def _floors(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if isinstance(server, InKubernetes):
            yield from too_low(rules_jobs.FLOOR, (f"{at}.cpu", server.cpu), (f"{at}.memory", server.memory))
            yield from too_much(f"{at}.memory", server.memory)


HIDDEN: Final = (names.CONFIG_DIR, names.RUN_DIR, names.SHARED_MEMORY_DIR, names.TEMPORARY_DIR)
"""Folders of every pod that the program fills, or that begin empty."""


def _executables(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if isinstance(server, SingleNode | MultiLocale):
            for folder in (*HIDDEN, *(() if server.files.persistent else (names.FILES_DIR,))):
                if server.executable.startswith(f"{folder}/"):
                    yield Mistake(
                        f"{at}.executable",
                        f"{server.executable} is in {folder}, where the pod mounts a volume that does not contain it",
                        "Name a file in the image or on a claim.",
                    )


LAST_EXPORTER: Final = "2024.10.02"
"""Since v2024.12.06 the client sends another request first (docs/arkouda.md)."""
SMP_IMAGE, EXPORTER_IMAGE = "arkouda-smp-server", "prometheus-arkouda-exporter"
"""What upstream calls its images, in any registry."""


def _images(settings: Settings) -> Iterator[Mistake]:
    exporter = settings.images.exporter.repository
    if exporter.rpartition("/")[2] in (SMP_IMAGE, "arkouda-udp-server"):
        yield Mistake(
            "arkouda.images.exporter.repository", f"{exporter} is a server's image", "Write the exporter's image."
        )
    for at, server in Topology(settings).entries:
        if isinstance(server, SingleNode | MultiLocale):
            name = server.image.repository.rpartition("/")[2]
            if name == EXPORTER_IMAGE or (name == SMP_IMAGE and isinstance(server, MultiLocale)):
                yield Mistake(
                    f"{at}.image.repository",
                    f"{server.image.repository} is "
                    + (
                        "the image of the exporter"
                        if name == EXPORTER_IMAGE
                        else "for servers in one pod: it has no SSH server"
                    ),
                    "Write an image for this kind of server.",
                )


def _own_namespace(settings: Settings) -> Iterator[Mistake]:
    network = settings.network
    for field, given in (("client", network.client_namespaces), ("prometheus", network.prometheus_namespaces)):
        if settings.namespace.name in given:
            yield no_effect(
                f"arkouda.network.{field}Namespaces",
                f"{settings.namespace.name} is the namespace of the servers, whose pods may connect anyway",
                "Remove the name.",
            )


def _monitor_labels(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        for label in server.metrics.service_monitor_labels:
            if label == MANAGED_BY or label.startswith("clusters.pulumi/"):
                yield Mistake(below(f"{at}.metrics.serviceMonitorLabels", label), "is set by the program", "Remove it.")


def _spread(settings: Settings) -> Iterator[Mistake]:
    for index, server in enumerate(settings.multi_locale):
        nodes = most_nodes(server.node_selector, server.affinity)
        if server.spread and nodes is not None and nodes < server.locales:
            yield Mistake(
                f"arkouda.multiLocale[{index}].spread",
                f"is true, but nodeSelector and affinity allow fewer nodes, {nodes}, than locales, {server.locales}",
                "Set it to false, or allow more nodes.",
            )


OWNED: Final = rules_pods.Owned(frozenset())


def _pods(settings: Settings) -> Iterator[Mistake]:
    # The pods of a server with several locales have containers of two names.
    containers = {f"arkouda.multiLocale[{index}]": "" for index in range(len(settings.multi_locale))}
    containers |= {f"arkouda.singleNode[{index}]": names.SERVER for index in range(len(settings.single_node))}
    yield from rules_pods.mistakes(settings, "arkouda", OWNED, containers)


RULES: tuple[Rule[Settings], ...] = (
    _any_server,
    _names,
    _ports,
    _memory,
    _api_server,
    _files,
    _trace,
    *rules_jobs.RULES,
    _floors,
    _executables,
    _images,
    _own_namespace,
    _monitor_labels,
    _spread,
    _pods,
    without_effect,
)


def warnings(settings: Settings) -> Iterator[str]:
    """Warnings about what is accepted."""
    yield from image_warnings(settings, "arkouda")
    yield from rules_pods.warnings(settings, "arkouda")
    exporter, built = settings.images.exporter, re.match(r"v(\d{4}\.\d\d\.\d\d)", settings.images.exporter.tag or "")
    if built and built[1] > LAST_EXPORTER and exporter.repository.rpartition("/")[2] == EXPORTER_IMAGE:
        yield (
            f"arkouda.images.exporter.tag: exporters after v{LAST_EXPORTER} cannot read the metrics port of the "
            "server. Write an older one, unless yours is patched."
        )
    if settings.api_server and re.search(
        r"//kubernetes(\.default)?(\.svc.*)?(:|$)|\.(svc|cluster\.local)(:|$)", settings.api_server
    ):
        yield (
            f"arkouda.apiServer: {settings.api_server} works only inside Kubernetes, and jobs run outside. Write the "
            "address that `kubectl cluster-info` prints."
        )
    for at, server in Topology(settings).entries:
        yield from _of_a_server(at, server)


def _of_a_server(at: str, server: Server) -> Iterator[str]:
    if isinstance(server, SelfRegistered):
        yield (
            f"{at}: the server creates v1 Endpoints, which are deprecated since Kubernetes 1.33. In a cluster "
            "without their controllers, nobody can reach it; a server under arkouda.declared does not need them."
        )
        if not server.admission_policy:
            yield (
                f"{at}.admissionPolicy: without it, the server's account may create load balancers and claim external "
                "IPs, and create Endpoints with any name in the namespace."
            )
    if isinstance(server, (SingleNode, MultiLocale)):
        # The locales of one server have two values of the label.
        owned = OWNED if isinstance(server, SingleNode) else rules_pods.Owned(frozenset({"app"}))
        yield from rules_pods.not_spread(server, app(server.name), f"{at}.topologySpreadConstraints", owned)
        yield from small_claim(f"{at}.files", server.files, reason="saved arrays fill it quickly")
    own = job(server)
    if own:
        yield from rules_jobs.warnings(f"{at}.job", own)
    if own and own.log_level == "DEBUG" and isinstance(server, SelfRegistered):
        yield f"{at}.job.logLevel: DEBUG writes the requests to the API server to the job's log, credentials included."
