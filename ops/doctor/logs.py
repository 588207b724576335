"""What logs say: the end of those of a few pods, and of files that you name.

Most sentences are upstream's own, so patterns hold no more words than they need. docs/upstream.md and docs/arkouda.md
say where the sentences come from.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from components.matlab import names as matlab
from components.shared.inventory import FORBIDDEN
from components.shared.kube import RESOURCES, ApiError, Json, KubernetesApi, Unreachable
from ops.doctor.findings import LOG, Finding
from ops.doctor.log_rows import LOG_ROWS, LogRow
from ops.doctor.place import Place, app
from ops.doctor.pods import is_ready
from ops.doctor.snapshot import Snapshot
from ops.hollow import explanation, is_hollow

MOST_PODS: Final = 12
MOST_WORKERS: Final = 3
"""Workers that are not ready; their logs are alike."""
TIMEOUT: Final = 3.0
"""Seconds for one log."""
_RECENT: Final = 900
"""Seconds of a log that count while its pod is ready: older lines may be about what is over."""
_BYTES: Final = 1_000_000
_REQUEST: Final = re.compile(r'Get "[^"]*": ')
"""How the API server begins an error of its own request to a kubelet."""
_LONGEST: Final = 300
"""Characters of a line that are shown."""


class _Source(NamedTuple):
    pod: Json
    query: Mapping[str, str]


def with_logs(api: KubernetesApi, place: Place, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the logs of the pods that matter, several requests at a time."""
    sources = list(_sources(place, snapshot))

    def read(source: _Source) -> tuple[str, str, str]:
        name, node = source.pod["metadata"]["name"], source.pod["spec"]["nodeName"]
        if is_hollow(snapshot.of("Node").get(node, {})):
            return name, "", explanation(node)
        path = f"{RESOURCES['Pod'].path(snapshot.name)}/{name}/log"
        try:
            return name, api.text(path, query=source.query, timeout=TIMEOUT), ""
        except ApiError as error:
            return name, "", "you are not allowed to read logs" if error.status == FORBIDDEN else _plain(str(error))
        except Unreachable as error:
            return name, "", str(error)

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(read, sources))
    logs: dict[str, str] = {}
    for name, text, _ in answers:
        logs[name] = logs.get(name, "") + text
    failed = {name: why for name, _, why in answers if why}
    return dataclasses.replace(snapshot, logs=logs, unread_logs=failed)


def _plain(error: str) -> str:
    return _REQUEST.sub("the API server cannot reach the node: ", error)


def _sources(place: Place, snapshot: Snapshot) -> Iterator[_Source]:
    """Every pod but workers, and a few workers that are not ready; of one that was restarted, also its last run."""
    own = [pod for pod in snapshot.objects.get("Pod", ()) if app(pod) in place.apps]
    workers = [pod for pod in own if _is_worker(pod)]
    others = [pod for pod in own if not _is_worker(pod)]
    troubled = [pod for pod in workers if not is_ready(pod)]
    for pod in [*others[:MOST_PODS], *troubled[:MOST_WORKERS]]:
        statuses = (pod.get("status") or {}).get("containerStatuses") or ()
        status = next((one for one in statuses if place.is_own_container(one["name"])), None)
        if status is None:
            continue
        state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
        query = {"container": status["name"], "limitBytes": str(_BYTES), "tailLines": "1000"}
        if is_ready(pod):
            yield _Source(pod, {**query, "sinceSeconds": str(_RECENT)})
            continue
        if last:
            yield _Source(pod, {**query, "previous": "true"})
        if "running" in state or "terminated" in state:
            yield _Source(pod, query)


def _is_worker(pod: Json) -> bool:
    return app(pod).endswith("-worker") or app(pod) == matlab.POOL_PROXY


def findings(place: Place, snapshot: Snapshot) -> Iterator[Finding]:
    """What the logs of the pods say. While a pod is ready, what only stops a start is over."""
    seen: set[tuple[str, str]] = set()
    for name, text in snapshot.logs.items():
        pod = snapshot.of("Pod")[name]
        rows = [row for row in LOG_ROWS if row.code.startswith(place.code("")) and not (is_ready(pod) and row.starting)]
        for finding in recognised(text, rows, app(pod)):
            if (finding.code, app(pod)) not in seen:
                seen.add((finding.code, app(pod)))
                yield finding


def in_file(file: Path, systems: Iterable[str]) -> Iterator[Finding]:
    """What a log file says that somebody brings, such as that of a Slurm job. Raises OSError."""
    text = file.read_text(encoding="utf-8", errors="replace")
    yield from recognised(text, [row for row in LOG_ROWS if row.code[:3] in systems], file.name)


def recognised(text: str, rows: Iterable[LogRow], source: str) -> Iterator[Finding]:
    """One finding for each row, with the last line that shows it."""
    lines = text.splitlines()
    for row in rows:
        pattern = re.compile(row.pattern)
        last = next((line for line in reversed(lines) if pattern.search(line)), None)
        if last is not None:
            yield Finding(row.code, (LOG, source), f"says: {last.strip()[:_LONGEST]}")


def remarks(snapshot: Snapshot) -> Iterator[str]:
    """Which logs could not be read, and why."""
    if snapshot.unread_logs:
        names = sorted(snapshot.unread_logs)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"The log of pod {names[0]}{more} was not read: {' '.join(snapshot.unread_logs[names[0]].split())}"
