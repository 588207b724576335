"""Rules about more than one setting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from components.arkouda import names
from components.arkouda.effects import without_effect
from components.arkouda.sbatch import time_limit
from components.arkouda.server_settings import InKubernetes, MultiLocale, SelfRegistered, Server, SingleNode
from components.arkouda.settings import Settings
from components.arkouda.topology import Topology, array_memory, job, needs_credentials
from components.shared import rules_pods
from components.shared.floors import Floor, small_claim, too_low
from components.shared.groups import AccessMode
from components.shared.mistakes import Mistake, Rule
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
        if hasattr(server, "locales"):
            used = {f"{at}.port": server.port, f"{at}.metrics.port": server.metrics.port}
            for path, number in used.items():
                if number == names.SSH_PORT:
                    yield Mistake(path, f"{number} {SSH_PORT_TAKEN}", "Choose another port.")


def _memory(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if not isinstance(server, InKubernetes):
            continue
        arrays = array_memory(server)
        if server.mem_max and arrays is not None and arrays >= quantity(server.memory):
            yield Mistake(
                f"{at}.memMax",
                f"{server.mem_max} is not less than memory, {server.memory}: the pod would be killed before the server "
                "refuses a command",
                "Lower it, or leave it out for 80 % of memory.",
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
                "lets one node mount the claim, and every locale needs it",
                "Write [ReadWriteMany], with a StorageClass that offers it, or set files.persistent to false.",
            )


def _trace(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        own = server if isinstance(server, InKubernetes) else job(server)
        options = {option.replace("-strace", "--trace") for option in own.server_options} if own else set()
        if server.metrics.enabled and "--trace=false" in options:
            where = at if isinstance(server, InKubernetes) else f"{at}.job"
            yield Mistake(
                f"{where}.serverOptions",
                "--trace=false ends the recording of metrics, and metrics.enabled is true",
                "Remove it, or set metrics.enabled to false.",
            )


def _margin(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        own = job(server)
        limit = time_limit(own.sbatch_options) if own else None
        if own and limit is not None and own.stop_margin >= limit:
            yield Mistake(
                f"{at}.job.stopMargin",
                f"{own.stop_margin} is not less than the time limit of {limit} seconds in sbatchOptions: the server "
                "would be shut down when it starts",
                "Lower it, or raise --time.",
            )


FLOOR: Final = Floor("arkouda_server", "50m", "64Mi")


def _floors(settings: Settings) -> Iterator[Mistake]:
    for at, server in Topology(settings).entries:
        if isinstance(server, InKubernetes):
            yield from too_low(FLOOR, (f"{at}.cpu", server.cpu), (f"{at}.memory", server.memory))


def _spread(settings: Settings) -> Iterator[Mistake]:
    for index, server in enumerate(settings.multi_locale):
        if server.spread and HOST_LABEL in server.node_selector:
            yield Mistake(
                f"arkouda.multiLocale[{index}].spread",
                f"is true, and nodeSelector names one node for {server.locales} locales",
                f"Set it to false, or remove {HOST_LABEL} from nodeSelector.",
            )


HOST_LABEL: Final = "kubernetes.io/hostname"


OWNED: Final = rules_pods.Owned(frozenset())


def _pods(settings: Settings) -> Iterator[Mistake]:
    yield from rules_pods.mistakes(settings, "arkouda", OWNED)


RULES: tuple[Rule[Settings], ...] = (
    _any_server,
    _names,
    _ports,
    _memory,
    _api_server,
    _files,
    _trace,
    _margin,
    _floors,
    _spread,
    _pods,
    without_effect,
)


def warnings(settings: Settings) -> Iterator[str]:
    """What is accepted, but deserves a word."""
    yield from image_warnings(settings, "arkouda")
    for at, server in Topology(settings).entries:
        yield from _of_a_server(at, server)


def _of_a_server(at: str, server: Server) -> Iterator[str]:
    if isinstance(server, SelfRegistered):
        yield (
            f"{at}: the server creates v1 Endpoints, which are deprecated since Kubernetes 1.33. A cluster without "
            "their controllers leads nobody to it; arkouda.declared needs none."
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
        yield from small_claim(f"{at}.files", server.files, reason="saved arrays soon fill it")
    own = job(server)
    if own and own.log_level == "DEBUG" and isinstance(server, SelfRegistered):
        yield f"{at}.job.logLevel: DEBUG writes the requests to the API server to the job's log, credentials included."
