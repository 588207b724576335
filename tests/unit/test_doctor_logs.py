"""Which lines of a log the doctor recognises, whose logs it reads, and what it says of those that it cannot read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from components.shared.kube import ApiError, Json, KubernetesApi
from ops.doctor import logs
from ops.doctor.command import examined
from ops.doctor.log_rows import LOG_ROWS
from ops.doctor.place import Place
from ops.doctor.rows import ROWS
from ops.doctor.snapshot import Snapshot

LINES = [
    re.fullmatch(r"(?P<system>[A-Z]{3}) ?(?P<number>[0-9]{3}|-) (?P<text>.*)", line)
    for line in (Path(__file__).parent / "doctor_log_lines.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
CONTROLLER = "mjs-controller-1"
SAID = 'Error loading config: json: unknown field "MatlabRootFile"'


@pytest.mark.parametrize("line", LINES)
def test_a_line_shows_its_row_and_no_other(line: re.Match[str] | None) -> None:
    assert line is not None
    rows = [row for row in LOG_ROWS if row.code.startswith(line["system"])]
    found = [finding.code for finding in logs.recognised(line["text"], rows, "log")]
    assert found == ([] if line["number"] == "-" else [line["system"] + line["number"]])


def test_every_row_has_a_line_and_a_place_in_the_runbook() -> None:
    assert {row.code for row in LOG_ROWS} == {line["system"] + line["number"] for line in LINES if line} & ROWS.keys()


@dataclass
class Logs:
    """An API server with logs only; it notes what it was asked."""

    texts: Mapping[str, str | ApiError]
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def text(self, path: str, *, query: Mapping[str, str], timeout: float) -> str:
        assert timeout <= logs.TIMEOUT
        name = path.split("/")[-2]
        self.asked.append((name, query))
        answer = self.texts[name]
        if isinstance(answer, ApiError):
            raise answer
        return answer


def pod(name: str = CONTROLLER, app: str = "mjs-controller", *, ready: bool = False, **status: Any) -> Json:
    one = {"name": app, "image": "i", "state": {"running": {}}, "restartCount": 0, **status}
    return {
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"nodeName": "node-1", "containers": [{"name": app}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [one],
        },
    }


def read(api: Logs, *pods: Json) -> Snapshot:
    taken = Snapshot("mjs", None, {"Pod": list(pods)}, datetime.now(UTC))
    return logs.with_logs(cast("KubernetesApi", api), Place("matlab", "mjs"), taken)


def crashing() -> Json:
    return pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState={"terminated": {"exitCode": 1}})


def test_a_crash_is_listed_under_what_the_log_of_the_last_run_says() -> None:
    api = Logs({CONTROLLER: SAID})
    (diagnosis,) = examined(Place("matlab", "mjs"), read(api, crashing())).diagnoses
    assert diagnosis.cause.sentence == f"Log mjs-controller says: {SAID}"
    assert (diagnosis.cause.code, [each.code for each in diagnosis.consequences]) == ("MJS070", ["MJS021"])
    ((_, query),) = api.asked
    assert (query["previous"], query["container"]) == ("true", "mjs-controller")


def test_a_pod_that_is_ready_has_got_over_what_stopped_its_start() -> None:
    api = Logs({CONTROLLER: f'{SAID}\nis forbidden: User "x" cannot list resource "pods"'})
    found = logs.findings(Place("matlab", "mjs"), read(api, pod(ready=True)))
    assert [finding.code for finding in found] == ["MJS073"]
    assert api.asked[0][1]["sinceSeconds"] == "900"


def test_a_thousand_workers_are_not_read() -> None:
    names = [f"mjs-worker-{number}" for number in range(1000)]
    healthy = [pod(name, "mjs-worker", ready=True) for name in names[:500]]
    ill = [pod(name, "mjs-worker") for name in names[500:]]
    api = Logs(dict.fromkeys(names, "error: 4096 open files are not allowed here"))
    taken = read(api, *healthy, *ill)
    assert len(api.asked) == logs.MOST_WORKERS
    assert [finding.code for finding in logs.findings(Place("matlab", "mjs"), taken)] == ["MJS066"]


def test_logs_that_cannot_be_read_are_named() -> None:
    other = "mjs-controller-2"
    api = Logs({CONTROLLER: ApiError(403, "Forbidden", "pods/log"), other: ApiError(500, "", "no kubelet")})
    taken = read(api, pod(), pod(other))
    assert list(logs.remarks(taken)) == [
        f"The log of pod {CONTROLLER} and 1 more was not read: you are not allowed to read logs"
    ]


def test_the_address_of_a_kubelet_is_no_explanation() -> None:
    api = Logs({CONTROLLER: ApiError(500, "", 'Get "https://node-1:10250/containerLogs": dial tcp: i/o timeout')})
    assert list(logs.remarks(read(api, pod()))) == [
        f"The log of pod {CONTROLLER} was not read: the API server cannot reach the node: dial tcp: i/o timeout"
    ]


def test_a_log_file_of_a_job_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "slurm-7.out"
    file.write_bytes(b"\xff\nrequest with payload {} returned error code 60\n")
    (finding,) = logs.in_file(file, {"MJS", "ARK"})
    assert finding.sentence == "Log slurm-7.out says: request with payload {} returned error code 60"
    assert finding.code == "ARK065"
    assert list(logs.in_file(file, {"MJS"})) == []
