"""Rules about pods: resources, nodes, labels."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from components.matlab import names
from components.matlab.network_settings import Haproxy, ParallelServerProxy, PoolProxy
from components.matlab.settings import Controller, JobManager, Settings, Workers
from components.matlab.topology import Topology
from components.shared import placement, rules_pods
from components.shared.floors import LEAST_QUOTA, SMALL_PROGRAM, Floor, requested_too_little, too_low
from components.shared.mistakes import Mistake, Rule, dotted
from components.shared.node_labels import ARCHITECTURE_LABELS
from components.shared.quantities import quantity
from components.shared.workload import app

OWNED = rules_pods.Owned(frozenset({names.KUEUE_QUEUE}), prefixes=("mjs/",))
"""What the controller reads in a template and adds to pods (docs/upstream.md#templates), and what has a setting."""


def _groups(
    settings: Settings,
) -> dict[str, Workers | JobManager | Controller | ParallelServerProxy | PoolProxy | Haproxy]:
    return {
        "workers": settings.workers,
        "jobManager": settings.job_manager,
        "controller": settings.controller,
        "parallelServerProxy": settings.parallel_server_proxy,
        "poolProxy": settings.pool_proxy,
        "haproxy": settings.haproxy,
    }


CONTAINERS = {
    "workers": names.WORKER,
    "jobManager": names.JOB_MANAGER,
    "controller": names.CONTROLLER,
    "parallelServerProxy": names.PARALLEL_SERVER_PROXY,
    "poolProxy": names.POOL_PROXY,
    "haproxy": names.HAPROXY,
}
"""The only container of each group."""
FLOORS = {
    # MathWorks calls for 4 GB per worker (docs/upstream.md); a JVM and MATLAB without a display do not start in less.
    "workers": Floor("MATLAB", "100m", "512Mi"),
    "jobManager": Floor("the job manager, a JVM,", "100m", "256Mi"),
    "controller": Floor("the controller", LEAST_QUOTA, SMALL_PROGRAM),
    "parallelServerProxy": Floor("the proxy", LEAST_QUOTA, SMALL_PROGRAM),
    "poolProxy": Floor("the proxy", LEAST_QUOTA, SMALL_PROGRAM),
    "haproxy": Floor("HAProxy", LEAST_QUOTA, SMALL_PROGRAM),
}


def _resources(settings: Settings) -> Iterator[Mistake]:
    for group, pods in _groups(settings).items():
        amounts = pods.resources
        path = f"matlab.{group}.resources"
        cpu, memory = (f"{path}.cpuLimit", amounts.cpu_limit), (f"{path}.memoryLimit", amounts.memory_limit)
        yield from too_low(FLOORS[group], cpu, memory)
        for what in ("cpu", "memory"):
            request, limit = getattr(amounts, f"{what}_request"), getattr(amounts, f"{what}_limit")
            if request and limit and quantity(request) > quantity(limit):
                yield Mistake(
                    f"matlab.{group}.resources.{what}Request",
                    f"{request} is more than the limit, {limit}",
                    f"Lower it, or raise {what}Limit.",
                )


def _architecture(settings: Settings) -> Iterator[Mistake]:
    """MATLAB for Linux needs a 64-bit Intel or AMD processor (https://www.mathworks.com/support/requirements)."""
    selectors = {"jobManager": settings.job_manager.node_selector, "workers": settings.workers.node_selector}
    for group, selector in selectors.items():
        for label in ARCHITECTURE_LABELS:
            if (wanted := selector.get(label, "amd64")) != "amd64":
                yield Mistake(
                    dotted(("matlab", group, "nodeSelector", label)),
                    f"requires {wanted}, but MATLAB Parallel Server runs only on amd64",
                    "Write amd64, or remove it.",
                )


def _pods(settings: Settings) -> Iterator[Mistake]:
    containers = {f"matlab.{name}": container for name, container in CONTAINERS.items()}
    yield from rules_pods.mistakes(settings, "matlab", OWNED, containers, _nodes(settings))


def _nodes(settings: Settings) -> dict[str, dict[str, placement.Certain]]:
    """What is certain about the nodes of each group: the processors of MATLAB, and the node selector of another one."""
    of_manager = placement.selected(settings.job_manager.node_selector)
    certain = {"workers": placement.AMD64, "jobManager": placement.AMD64}
    certain["poolProxy"] = placement.selected(settings.workers.node_selector)
    return {f"matlab.{name}": certain.get(name, of_manager) for name in _groups(settings)}


RULES: tuple[Rule[Settings], ...] = (_pods, _resources, _architecture)


def pod_warnings(settings: Settings) -> Iterator[str]:
    """What Kubernetes accepts for the pods, but hardly does what was meant."""
    apps = {
        "workers": names.WORKER,
        "jobManager": names.JOB_MANAGER,
        "controller": names.CONTROLLER,
        "parallelServerProxy": Topology(settings).parallel_server_proxy_name,
        "poolProxy": names.POOL_PROXY,
        "haproxy": names.INGRESS_PROXY,
    }
    for name, group in _groups(settings).items():
        path = f"matlab.{name}"
        yield from requested_too_little(FLOORS[name], f"{path}.resources", group.resources)
        yield from rules_pods.not_spread(group, app(apps[name]), f"{path}.topologySpreadConstraints", OWNED)
    yield from rules_pods.warnings(settings, "matlab")
    yield from _amounts(settings)


WORKERS_PER_GIBIBYTE = 1000
"""Beyond the first thousand, which 2Gi serve (docs/upstream.md)."""


def _amounts(settings: Settings) -> Iterator[str]:
    """Memory that is enough to start, but not for the work."""
    workers, manager = settings.workers.resources, settings.job_manager.resources
    needed = 2 + max(0, ceil(settings.workers.max / WORKERS_PER_GIBIBYTE) - 1)
    given = manager.memory_limit or manager.memory_request
    if settings.workers.max > WORKERS_PER_GIBIBYTE and given and quantity(given) < quantity(f"{needed}Gi"):
        setting = "memoryLimit" if manager.memory_limit else "memoryRequest"
        yield (
            f"matlab.jobManager.resources.{setting}: {given} is not enough for {settings.workers.max} workers. "
            f"Write {needed}Gi or more."
        )
    if workers.memory_limit and quantity(workers.memory_limit) < quantity(MEMORY_OF_A_WORKER):
        yield (
            f"matlab.workers.resources.memoryLimit: MathWorks calls for 4 GB per worker, and 8 GB with Simulink. With "
            f"{workers.memory_limit}, Linux kills workers in the middle of their tasks."
        )


MEMORY_OF_A_WORKER = "1Gi"
"""What MATLAB has when it waits for a task."""
