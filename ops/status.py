"""The `status` command: what runs in a deployed MATLAB cluster, on one screen."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from components.matlab import names
from components.matlab.job_queue import PAUSED, JobQueue, NoAnswerError
from components.shared.inventory import FORBIDDEN
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi, Unreachable
from components.shared.pem import EXPIRY_WARNING
from components.shared.target import connect
from ops import where
from ops.doctor import credentials
from ops.doctor.place import app, places
from ops.doctor.snapshot import Snapshot
from ops.doctor.snapshot import time as parsed_time
from ops.errors import CommandError, UsageError, tell
from ops.exit_codes import UNCLEAR
from ops.hollow import explanation, is_hollow
from ops.running_cost import RunningCost, sentence

WATCH_SECONDS: Final = 5
MOST_WARNINGS: Final = 5
_SHOWN: Final = ("Pod", "Deployment", "Service", "Secret", "Event")
_CLEAR: Final = "\x1b[2J\x1b[H"
_NEEDED: Final = (names.JOB_MANAGER, names.CONTROLLER)
_FIRST: Final = (*_NEEDED, names.INGRESS_PROXY, names.PARALLEL_SERVER_PROXY)
"""Deployments in the order in which a person asks for them; pool proxies follow."""


@dataclass(frozen=True)
class Deployed:
    """A Deployment and how many of its pods are Ready."""

    name: str
    ready: int
    replicas: int
    image: str


@dataclass(frozen=True)
class Workers:
    """The workers. None: unknown, and `unknown` says why."""

    running: int
    pending: int
    wanted: int | None
    busy: int | None
    unknown: str | None


@dataclass(frozen=True)
class Status:
    """Everything on the screen."""

    namespace: str
    deployments: Sequence[Deployed]
    missing: Sequence[str]
    """Deployments without which there is no MATLAB cluster, and which do not exist."""
    workers: Workers
    pausedSince: str | None  # noqa: N815 - its name in the JSON
    """When an update paused the queue, if it has not resumed it yet."""
    address: str
    certificates: dict[str, str]
    """The day on which each certificate expires, by Secret and certificate."""
    expiring: Sequence[str]
    """The ones of them that expire within 60 days."""
    warnings: Sequence[str]
    notChecked: Sequence[str]  # noqa: N815
    """Kinds that you may not list."""


def add_command(commands: Any) -> None:
    """Add the command to those of `python -m ops`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "status",
        help="show what runs, how many workers are busy, the address, and what expires",
        epilog="Exit code 0; 2: the cluster could not be checked. `doctor` says what is wrong.",
    )
    where.add_arguments(parser)
    parser.add_argument("--watch", action="store_true", help=f"show it again every {WATCH_SECONDS} seconds")
    parser.add_argument("--json", action="store_true", help="print JSON on standard output; with --watch, in lines")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        api, namespaces, cost = _places(arguments)
        while True:
            found = [status(api, namespace) for namespace in namespaces]
            _show(found, cost.look() if cost else None, arguments)
            if not arguments.watch:
                return 0
            time.sleep(WATCH_SECONDS)
    except (Unreachable, ApiError) as error:
        tell(CommandError(f"Could not check the cluster: {error}"), as_json=arguments.json)
        return UNCLEAR
    except KeyboardInterrupt:
        return 0


def _places(arguments: argparse.Namespace) -> tuple[KubernetesApi, list[str], RunningCost | None]:
    where.check(arguments)
    if arguments.namespace:
        return where.api(arguments), [arguments.namespace], None
    stack = where.load_stack(arguments.stack)
    found = [place.namespace for place in places(stack) if place.system == "matlab"]
    if not found:
        raise UsageError(f"Stack {arguments.stack} deploys no MATLAB cluster.")
    api = connect(stack.target)
    return api, found, RunningCost(api, stack, stack.prices) if stack.prices else None


def _show(found: Sequence[Status], cost: Json | None, arguments: argparse.Namespace) -> None:
    if arguments.json:
        document = {"namespaces": [asdict(one) for one in found], "costPerHour": cost}
        print(json.dumps(document, indent=None if arguments.watch else 2), flush=True)
        return
    screens = ["\n".join(lines(one)) for one in found]
    if cost:
        screens.append("\n".join([f"Stack {arguments.stack}", _row("cost per hour", sentence(cost))]))
    text = "\n\n".join(screens)
    print(f"{_CLEAR}{text}" if arguments.watch and sys.stdout.isatty() else text, flush=True)


def status(api: KubernetesApi, namespace: str) -> Status:
    """Look at one namespace. Raises ApiError for anything but a missing right."""
    snapshot = Snapshot.take(api, namespace, _SHOWN)
    ends = credentials.ends(snapshot)
    present = snapshot.of("Deployment")
    job_manager = present.get(names.JOB_MANAGER, {"metadata": {}})
    return Status(
        namespace=namespace,
        deployments=list(_deployments(snapshot)),
        missing=[name for name in _NEEDED if name not in present and "Deployment" not in snapshot.unseen],
        workers=_workers(api, snapshot),
        pausedSince=(job_manager["metadata"].get("annotations") or {}).get(PAUSED),
        address=_address(snapshot),
        certificates={name: f"{end:%Y-%m-%d}" for name, end in ends.items()},
        expiring=[name for name, end in ends.items() if end < snapshot.taken + EXPIRY_WARNING],
        warnings=list(_warnings(snapshot)),
        notChecked=snapshot.unseen,
    )


def _deployments(snapshot: Snapshot) -> Iterator[Deployed]:
    found = {name: item for name, item in snapshot.of("Deployment").items() if name.startswith("mjs-")}
    for name in [*(name for name in _FIRST if name in found), *sorted(found.keys() - set(_FIRST))]:
        spec = found[name]["spec"]
        image = spec["template"]["spec"]["containers"][0]["image"]
        yield Deployed(name, found[name].get("status", {}).get("readyReplicas", 0), spec.get("replicas", 1), image)


def _workers(api: KubernetesApi, snapshot: Snapshot) -> Workers:
    pods = [
        pod
        for pod in snapshot.of("Pod").values()
        if app(pod) == names.WORKER and "deletionTimestamp" not in pod["metadata"]
    ]
    running = sum(pod.get("status", {}).get("phase") == "Running" for pod in pods)
    pending = len(pods) - running
    try:
        asked = JobQueue(api, snapshot.name).status()
    except NoAnswerError as error:
        return Workers(running, pending, None, None, _hollow(api, snapshot) or str(error))
    except ApiError as error:
        if error.status != FORBIDDEN:
            raise
        return Workers(
            running, pending, None, None, "you are not allowed to run commands in the job manager (create pods/exec)"
        )
    return Workers(running, pending, asked.wanted, asked.busy, None)


def _hollow(api: KubernetesApi, snapshot: Snapshot) -> str | None:
    """Why the job manager cannot answer, if it is on a hollow node."""
    for pod in snapshot.of("Pod").values():
        node = pod["spec"].get("nodeName")
        if app(pod) == names.JOB_MANAGER and node:
            with contextlib.suppress(ApiError):
                return explanation(node) if is_hollow(api.get(f"{RESOURCES['Node'].path()}/{node}") or {}) else None
    return None


def _address(snapshot: Snapshot) -> str:
    service = snapshot.of("Service").get(names.INGRESS_PROXY)
    if service is None:
        return (
            "unknown: you are not allowed to list Services"
            if "Service" in snapshot.unseen
            else "inside Kubernetes only"
        )
    spec = service["spec"]
    ports = ", ".join(str(port["port"]) for port in spec.get("ports") or ())
    entries = service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    if entries:
        return f"{entries[-1].get('ip') or entries[-1].get('hostname')}, TCP {ports}"
    if spec.get("type") == "LoadBalancer":
        return "none yet: no load balancer has answered"
    return f"behind Service {names.INGRESS_PROXY} of type {spec.get('type')}, TCP {ports}"


def _warnings(snapshot: Snapshot) -> Iterator[str]:
    events = [event for event in snapshot.objects.get("Event", ()) if event.get("type") == "Warning"]
    for event in sorted(events, key=_last_seen, reverse=True)[:MOST_WARNINGS]:
        subject = event["involvedObject"]
        words = " ".join(str(event.get("message", "")).split())
        age = _age((snapshot.taken - parsed_time(_last_seen(event))).total_seconds())
        yield f"{age} ago: {subject.get('kind')} {subject.get('name')}: {event.get('reason')}: {words}"


def _last_seen(event: Json) -> str:
    series = event.get("series") or {}
    times = series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime")
    return str(next((text for text in times if text), event["metadata"]["creationTimestamp"]))


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(int(seconds), 0)} s"


def lines(found: Status) -> Iterator[str]:
    """The screen for a person."""
    yield f"Namespace {found.namespace}"
    if not found.deployments and "Deployment" not in found.notChecked:
        yield "  contains no MATLAB cluster"
        return
    for one in found.deployments:
        state = "Ready" if one.ready >= one.replicas else f"{one.ready} of {one.replicas} Ready"
        if not one.replicas:
            state = "stopped: its Deployment has 0 replicas"
        yield _row(_title(one.name), f"{state}, {one.image}")
    for name in found.missing:
        yield _row(_title(name), f"missing: Deployment {name} does not exist")
    if found.pausedSince:
        yield _row("queue", f"paused by an update since {found.pausedSince}; `up` resumes it")
    workers = found.workers
    yield _row("workers", f"{workers.running} running, {workers.pending} pending")
    yield _row("", f"{_or_unknown(workers.wanted)} wanted, {_or_unknown(workers.busy)} busy")
    if workers.unknown:
        yield _row("", f"unknown: {workers.unknown}")
    yield _row("address", found.address)
    for title, name in zip(["expiry", *[""] * len(found.certificates)], found.certificates, strict=False):
        soon = " (soon)" if name in found.expiring else ""
        yield _row(title, f"{found.certificates[name]}{soon}  {name}")
    for title, text in zip(["warnings", *[""] * MOST_WARNINGS], found.warnings or ["none"], strict=False):
        yield _row(title, text)
    if found.notChecked:
        yield _row("not checked", f"you are not allowed to list {', '.join(found.notChecked)}")


def _title(deployment: str) -> str:
    return deployment.removeprefix("mjs-").replace("-", " ")


def _row(title: str, text: str) -> str:
    return f"  {title:<22}{text}"


def _or_unknown(number: int | None) -> str:
    return "?" if number is None else str(number)
