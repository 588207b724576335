"""A support bundle goes to strangers: a secret may be anywhere in a cluster, and is nowhere in the bundle."""

from __future__ import annotations

import dataclasses
import json
import stat
import tarfile
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.shared.kube import Json
from ops.doctor import bundle
from ops.doctor.report import Report
from ops.doctor.snapshot import Snapshot
from tests.pem import pair

CANARY = "Canary-4b1c77e09d"
ENCODED = b64encode(CANARY.encode()).decode()


def item(name: str, annotations: dict[str, str] | None = None, **rest: Any) -> Json:
    return {"metadata": {"name": name, "annotations": annotations or {}, "managedFields": [{"x": CANARY}]}, **rest}


def pod(container: Json) -> Json:
    return item("mjs-worker-1", spec={"containers": [{"name": "worker", **container}]})


def collected(tmp_path: Path, snapshot: Snapshot) -> dict[str, str]:
    file = tmp_path / "bundle.tar.gz"
    bundle.write(file, [snapshot], [Report("namespace", "mjs", [])])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        members = {entry.name: archive.extractfile(entry) for entry in archive}
        return {name: stream.read().decode() for name, stream in members.items() if stream}


def snapshot(**objects: list[Json]) -> Snapshot:
    return Snapshot("mjs", None, objects, datetime.now(UTC))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Secret", item("s", data={"password": ENCODED}, stringData={"password": CANARY})),
        ("Secret", item("s", {"kubectl.kubernetes.io/last-applied-configuration": CANARY})),
        ("ConfigMap", item("c", data={"worker.sh": f"chpasswd {CANARY}"}, binaryData={"x": ENCODED})),
        ("ConfigMap", item("c", {"kubectl.kubernetes.io/last-applied-configuration": CANARY})),
        ("Pod", pod({"env": [{"name": "PASSWORD", "value": CANARY}]})),
        ("Pod", pod({"command": ["run", CANARY], "args": [f"--password={CANARY}"]})),
        ("Pod", pod({"livenessProbe": {"exec": {"command": [CANARY]}}})),
        ("Deployment", item("d", spec={"template": {"metadata": {"annotations": {"note": CANARY}}}})),
        ("Service", item("s", {"kubectl.kubernetes.io/last-applied-configuration": CANARY})),
    ],
)
def test_a_secret_in_an_object_is_left_out_whoever_wrote_it(tmp_path: Path, kind: str, body: Json) -> None:
    """Nobody may read Secrets here, so nothing tells the canary from any other text."""
    for name, text in collected(tmp_path, snapshot(**{kind: [body]})).items():
        assert CANARY not in text, name
        assert ENCODED not in text, name


def test_a_pod_template_in_a_config_map_is_copied_like_a_pod(tmp_path: Path) -> None:
    template = f"spec: {{containers: [{{name: w, image: worker:1, env: [{{name: A, value: {CANARY}}}]}}]}}"
    files = collected(tmp_path, snapshot(ConfigMap=[item("mjs-worker-template", data={"pod-template.yaml": template})]))
    (found,) = json.loads(files["mjs/ConfigMap.json"])
    assert found["template"]["spec"]["containers"][0]["image"] == "worker:1"
    assert CANARY not in files["mjs/ConfigMap.json"]


def test_values_of_secrets_are_replaced_in_logs_and_messages(tmp_path: Path) -> None:
    key = pair("secret").key
    taken = dataclasses.replace(
        snapshot(
            Secret=[item("s", data={"password": ENCODED, "pem": b64encode(key.encode()).decode()})],
            Event=[item("e", message=f"denied for {CANARY}")],
        ),
        logs={"mjs-job-manager-1": f"user admin, {CANARY}, {ENCODED}\n{key.splitlines()[3]}\nstarted\n"},
    )
    files = collected(tmp_path, taken)
    assert files["mjs/logs/mjs-job-manager-1.log"].endswith("\nstarted\n")
    for name, text in files.items():
        assert CANARY not in text, name
        assert ENCODED not in text, name
        assert key.splitlines()[3] not in text, name


@pytest.mark.parametrize(
    "line",
    [
        pair("unknown").key,
        "Authorization: Bearer abcdef0123456789",
        "connect with token=abcdef0123456789",
        "eyJhbGciOi.eyJzdWIiOiIx.abcdef0123456789",
        "PASSWORD=abcdef0123456789",
    ],
)
def test_credentials_are_recognised_that_no_secret_holds(tmp_path: Path, line: str) -> None:
    taken = dataclasses.replace(snapshot(), logs={"p": f"before\n{line}\nafter\n"})
    log = collected(tmp_path, taken)["mjs/logs/p.log"]
    assert "abcdef0123456789" not in log
    assert "PRIVATE KEY" not in log
    assert log.startswith("before\n")
    assert log.endswith("\nafter\n")


def test_what_support_needs_is_there(tmp_path: Path) -> None:
    container = {"image": "worker:r2026a", "resources": {"requests": {"cpu": "1"}}}
    files = collected(tmp_path, snapshot(Pod=[pod(container)], Secret=[item("s", type="Opaque", data={"k": ENCODED})]))
    (found,) = json.loads(files["mjs/Pod.json"])
    assert found["spec"]["containers"] == [{"name": "worker", **container}]
    assert json.loads(files["mjs/Secret.json"]) == [{"name": "s", "type": "Opaque", "keys": ["k"]}]
    assert files["report.txt"] == "Namespace mjs: healthy\n"
    assert json.loads(files["report.json"])["namespaces"][0]["namespace"] == "mjs"
