"""The program alone, on the SDK's mocks: no cluster, no Pulumi."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.bench.measure import Figure, Run, figure, interleaved, memory, ratios, run, seconds, slope
from tests.conftest import PROJECT

DEV = PROJECT / "Pulumi.dev.yaml"
EVALUATION = """
import sys
from pathlib import Path
from components.stack import load_file
from ops.render import render
render(load_file(Path(sys.argv[1])))
"""
TYPED_SDKS = """
import pulumi, pulumi_random, pulumi_tls
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding
"""
USED_SDKS = """
import pulumi, pulumi_random, pulumi_tls
from pulumi_kubernetes import Provider
from pulumi.runtime import mocks
"""
EVALUATION_GOAL = 1.2
RENDER_GOAL = 1.5
SERVICE_GOAL = 12.0
POOL_PROXIES = (1, 32, 100, 313)
WORKERS_PER_POOL_PROXY = 32


def python(text: str, *words: str | Path) -> Run:
    """Run Python code in a new process."""
    return run(sys.executable, "-c", text, *words)


def evaluation(repetitions: int, folder: Path) -> Iterator[Figure]:
    """The program against the SDKs; `python -m ops render` as a user waits for it."""
    ops_render = (sys.executable, "-m", "ops", "render", "--config", DEV, "--out", folder / "rendered")
    runs = interleaved(
        repetitions,
        {
            "evaluation": lambda: python(EVALUATION, DEV),
            "typed": lambda: python(TYPED_SDKS),
            "used": lambda: python(USED_SDKS),
            "render": lambda: run(*ops_render),
            "python": lambda: python("pass"),
        },
    )
    times = {name: seconds(each) for name, each in runs.items()}
    yield figure(
        "evaluation / import of the typed SDKs", ratios(runs["evaluation"], runs["typed"]), "x", EVALUATION_GOAL
    )
    yield figure(
        "evaluation / import of what it uses of them",
        ratios(runs["evaluation"], runs["used"]),
        "x",
        note="stricter: the program imports no typed classes",
    )
    yield figure("evaluation", times["evaluation"], "s", note="load the config, run the program, write YAML to memory")
    yield figure("import of the typed SDKs", times["typed"], "s")
    yield figure("import of what it uses of them", times["used"], "s")
    yield figure("python -m ops render", times["render"], "s", RENDER_GOAL, "whole process, dev stack")
    yield figure("python -c pass", times["python"], "s", note="how fast this machine is")
    yield figure("memory of python -m ops render", memory(runs["render"]), "MiB")


def pool_proxies(matlab: dict[str, object], count: int) -> dict[str, object]:
    """The config of a cluster with so many pool proxies; 313 of them serve 10,000 workers."""
    workers = {"max": min(count * WORKERS_PER_POOL_PROXY, 10_000)}
    # Legacy mode, where a Service per pool proxy is most of what there is.
    return {**matlab, "release": "r2025b", "workers": {**_group(matlab, "workers"), **workers}}


def _group(matlab: dict[str, object], name: str) -> dict[str, object]:
    found = matlab[name]
    assert isinstance(found, dict)
    return found


def growth(repetitions: int, folder: Path) -> Iterator[Figure]:
    """Evaluation with more and more pool proxies."""
    files = {}
    for count in POOL_PROXIES:
        document = yaml.safe_load(DEV.read_text())
        document["config"]["clusters:matlab"] = pool_proxies(document["config"]["clusters:matlab"], count)
        files[count] = folder / f"Pulumi.pool{count}.yaml"
        files[count].write_text(yaml.safe_dump(document))

    def case(file: Path) -> Run:
        return python(EVALUATION, file)

    runs = interleaved(repetitions, {str(count): lambda file=file: case(file) for count, file in files.items()})  # type: ignore[misc]
    for count in POOL_PROXIES:
        yield figure(f"evaluation with {count} pool proxies", seconds(runs[str(count)]), "s")
    for name, low, high, goal in (
        ("time", 1, 313, SERVICE_GOAL),
        ("time", 1, 32, None),
        ("time", 32, 100, None),
        ("time", 100, 313, None),
    ):
        pairs = zip(runs[str(high)], runs[str(low)], strict=True)
        each = [1000 * (more.seconds - less.seconds) / (high - low) for more, less in pairs]
        yield figure(f"{name} per pool proxy, from {low} to {high}", each, "ms", goal)
    fits = [slope([(count, runs[str(count)][index].seconds) for count in POOL_PROXIES]) for index in range(repetitions)]
    yield figure("slope of the best line", [1000 * fit for fit in fits], "ms", note="linear: the lines above agree")
    for count in POOL_PROXIES:
        yield figure(f"memory with {count} pool proxies", memory(runs[str(count)]), "MiB")
    pairs = zip(runs["313"], runs["1"], strict=True)
    yield figure("memory per pool proxy", [1024 * (more.memory - less.memory) / 312 for more, less in pairs], "KiB")
