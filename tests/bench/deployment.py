"""The program on a real control plane."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import METADATA_ONLY
from components.shared.target import EMBEDDED_CONTEXT, EMBEDDED_DIR_VARIABLE
from components.stack import load_file
from local.cluster import ControlPlane
from local.pulumi import Toolchain
from local.run import EMBEDDED_PASSPHRASE
from ops.render import render
from tests.bench.audit import AuditLog
from tests.bench.measure import Figure, Run, figure, interleaved, memory, ratios, run, seconds
from tests.bench.program import pool_proxies
from tests.e2e.checkout import NAMESPACE, STACK, Checkout

TIMEOUT = "--timeout=300s"
PREVIEW_GOAL = 1.3
MANY = 313
EMPTY_PROGRAM = "import pulumi  # and nothing else\n"
PROVIDERS_PROGRAM = """
import pulumi
from pathlib import Path
import pulumi_kubernetes, pulumi_random, pulumi_tls

class Object(pulumi.CustomResource):
    pass

provider = pulumi_kubernetes.Provider("kubernetes", kubeconfig={kubeconfig!r}, context={context!r})
manifest = {{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "bench", "namespace": "default"}}}}
Object("kubernetes:core/v1:ConfigMap", "bench", manifest, pulumi.ResourceOptions(provider=provider))
pulumi_random.RandomPassword("password", length=8)
pulumi_tls.PrivateKey("key", algorithm="RSA")
"""
"""One object of each provider that the project uses: what these plugins cost in any program."""


class Bench:
    """A checkout on a control plane of its own."""

    def __init__(self, folder: Path, control_plane: ControlPlane, toolchain: Toolchain) -> None:
        self.folder, self.control_plane, self.toolchain = folder, control_plane, toolchain
        self.checkout = Checkout(folder / "project", control_plane)
        # The first run compiles the modules, and its memory would include that.
        self.run("preview")

    def run(self, action: str, *words: str, **variables: str) -> Run:
        """Run a make target's command."""
        command = (sys.executable, "-m", "local.run", action, "--stack", STACK, *words)
        return run(*command, cwd=self.checkout.root, env={**self.checkout.environment(), **variables})

    def up(self) -> Run:
        """Deploy."""
        return self.run("up")

    def purge(self) -> None:
        """Delete everything."""
        self.run("destroy", "--purge", CONFIRM=STACK)
        self.checkout.wait_until_gone()

    def objects(self) -> list[dict[str, Any]]:
        """What the stack deploys: its rendering, with Secrets as they are in the cluster; the namespace first."""
        files, _ = render(load_file(self.checkout.stack_file))
        found = [yaml.safe_load(text) for text in files.values()]
        for item in found:
            if item["kind"] == "Secret":
                live = self.checkout.get("secrets", item["metadata"]["name"])
                assert live is not None, item["metadata"]["name"]
                del item["stringData"]
                item["data"] = live["data"]
        return sorted(found, key=lambda item: (item["kind"] == "Deployment") - (item["kind"] == "Namespace"))


def calls(bench: Bench, _: int) -> Iterator[Figure]:
    """Calls of the first up and of one that has nothing to do; counted, so one run is enough."""
    log = AuditLog(bench.control_plane)
    bench.up()
    first = log.calls()
    count = len(bench.objects())
    log = AuditLog(bench.control_plane)
    bench.up()
    second = log.calls()
    bench.purge()
    yield counted("objects", count)
    yield counted("write calls of the first up", first.written, note=str(first))
    yield counted("write calls per object", first.written / count)
    yield counted("calls per object, reads included", (first.written + first.reads.total()) / count)
    yield counted("write calls of a no-op up", second.written, goal=0, note=str(second))


def counted(name: str, value: float, goal: float | None = None, note: str = "") -> Figure:
    """A figure that is the same each time."""
    return Figure(name, value, "", value, value, 1, goal, note)


def against_kubectl(bench: Bench, repetitions: int) -> Iterator[Figure]:
    """From nothing to Ready: up, and kubectl that is handed the same objects with ready-made credentials."""
    bench.up()
    stack = bench.objects()
    bench.purge()
    manifests = bench.folder / "objects.json"
    manifests.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": stack}))
    kubectl = (bench.control_plane.kubectl, "--kubeconfig", bench.control_plane.kubeconfig)

    def by_kubectl() -> Run:
        ready = {
            "--for=condition=Available": "deployment --all",
            "--for=jsonpath={.status.phase}=Bound": "pvc --all",
            "--for=jsonpath={.status.loadBalancer.ingress}": "service/mjs-ingress-proxy",
        }
        steps = [run(*kubectl, "apply", "--server-side", "-f", manifests)]
        steps += [
            run(*kubectl, "-n", NAMESPACE, "wait", what, TIMEOUT, *which.split()) for what, which in ready.items()
        ]
        run(*kubectl, "delete", "namespace", NAMESPACE, "--wait", TIMEOUT)
        return Run(sum(seconds(steps)), sum(step.cpu for step in steps), max(memory(steps)), "")

    def by_up() -> Run:
        made = bench.up()
        bench.purge()
        return made

    runs = interleaved(repetitions, {"kubectl": by_kubectl, "up": by_up})
    yield figure("kubectl apply --server-side, then wait", seconds(runs["kubectl"]), "s")
    yield figure("up to Ready from nothing", seconds(runs["up"]), "s")
    yield figure("up / kubectl", ratios(runs["up"], runs["kubectl"]), "x")
    yield figure("processor time of up", [each.cpu for each in runs["up"]], "s")
    yield figure("making one RSA key of 4096 bits", [_key() for _ in range(max(repetitions, 5))], "s")
    yield figure("kubectl: peak memory", memory(runs["kubectl"]), "MiB")
    yield figure("peak memory of up", memory(runs["up"]), "MiB", note="all processes together")


def _key() -> float:
    code = "from cryptography.hazmat.primitives.asymmetric import rsa; rsa.generate_private_key(65537, 4096)"
    return run(sys.executable, "-c", code).seconds


def nothing_to_do(bench: Bench, repetitions: int) -> Iterator[Figure]:
    """Runs without anything to do, and previews of other programs."""
    bench.up()
    runs = interleaved(repetitions, {"up": bench.up, "preview": lambda: bench.run("preview")})
    for action, taken in runs.items():
        yield figure(f"no-op {action}", seconds(taken), "s", note="the make target's command")
        yield figure(f"peak memory of a no-op {action}", memory(taken), "MiB")
    yield from _previews(bench, repetitions)
    bench.purge()


def _previews(bench: Bench, repetitions: int) -> Iterator[Figure]:
    pulumi, checkout = bench.toolchain.command, bench.checkout
    target = {"kubeconfig": str(bench.control_plane.kubeconfig), "context": EMBEDDED_CONTEXT}
    environment = {
        **os.environ,
        **bench.toolchain.environment,
        EMBEDDED_DIR_VARIABLE: str(bench.control_plane.kubeconfig.parent),
        "PULUMI_BACKEND_URL": f"file://{checkout.root / '.state'}",
        "PULUMI_CONFIG_PASSPHRASE": EMBEDDED_PASSPHRASE,
    }
    projects = {"program": checkout.root}
    texts = {"empty": EMPTY_PROGRAM, "plugins": PROVIDERS_PROGRAM.format(**target)}
    for name, text in texts.items():
        projects[name] = project = bench.folder / name
        project.mkdir()
        document = yaml.safe_load((checkout.root / "Pulumi.yaml").read_text())
        del document["config"]
        (project / "Pulumi.yaml").write_text(yaml.safe_dump({**document, "name": f"bench-{name}"}))
        (project / "__main__.py").write_text(text)
        (project / ".venv").symlink_to(sys.prefix)
        run(pulumi, "stack", "init", STACK, cwd=project, env=environment)
        run(pulumi, "up", "--yes", "--stack", STACK, cwd=project, env=environment)
    cases: dict[str, Callable[[], Run]] = {}
    for name, project in projects.items():
        words = (pulumi, "preview", "--expect-no-changes", "--stack", STACK)
        cases[name] = lambda words=words, project=project: run(*words, cwd=project, env=environment)  # type: ignore[misc]
    runs = interleaved(repetitions, cases)
    yield figure("no-op preview / empty program", ratios(runs["program"], runs["empty"]), "x", PREVIEW_GOAL)
    yield figure(
        "no-op preview / one object of each provider",
        ratios(runs["program"], runs["plugins"]),
        "x",
        note="three plugins start in both",
    )
    for name, taken in runs.items():
        yield figure(f"pulumi preview, {name}", seconds(taken), "s")
        yield figure(f"peak memory of pulumi preview, {name}", memory(taken), "MiB")
    for name in texts:
        run(pulumi, "destroy", "--yes", "--stack", STACK, cwd=projects[name], env=environment)


def ten_thousand_workers(bench: Bench, _: int) -> Iterator[Figure]:
    """Up, once, of a cluster with 313 pool proxies; and once more, with nothing to do."""
    checkout = bench.checkout
    few = dict(checkout.matlab)
    checkout.config["config"]["clusters:matlab"] = pool_proxies(few, 1)
    checkout.write()
    bench.up()
    checkout.config["config"]["clusters:matlab"] = pool_proxies(few, MANY)
    checkout.write()
    log = AuditLog(bench.control_plane)
    grown = bench.up()
    written = log.calls()
    log = AuditLog(bench.control_plane)
    again = bench.up()
    unchanged = log.calls()
    preview = bench.run("preview")
    services = checkout.api.request("GET", f"/api/v1/namespaces/{NAMESPACE}/services", accept=METADATA_ONLY)
    found = sum(item["metadata"]["name"].startswith("mjs-pool-proxy-") for item in services["items"])
    assert found == MANY, found
    bench.purge()
    checkout.config["config"]["clusters:matlab"] = few
    checkout.write()
    each = 1000 * (grown.seconds - again.seconds) / (MANY - 1)
    yield figure(f"up from 1 pool proxy to {MANY}", [grown.seconds], "s", note=str(written))
    yield figure(f"no-op up of {MANY}", [again.seconds], "s")
    yield figure(f"no-op preview of {MANY}", [preview.seconds], "s")
    yield figure("time per pool proxy", [each], "ms", note="the no-op up subtracted")
    yield counted(f"write calls of a no-op up of {MANY}", unchanged.written, 0, str(unchanged))
    yield figure(f"peak memory of up with {MANY}", [grown.memory], "MiB", note="all processes together")


SECTIONS: dict[str, Callable[[Bench, int], Iterator[Figure]]] = {
    "no-op": nothing_to_do,
    "kubectl": against_kubectl,
    "calls": calls,
    "ten-thousand": ten_thousand_workers,
}
