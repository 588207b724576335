"""The program on a real control plane, under each engine that is there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from components.shared.kube import METADATA_ONLY
from components.stack import load_file
from local.cluster import ControlPlane
from local.cluster.layout import CONTEXT
from local.run import pulumi_cli
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
pulumi_tls.PrivateKey("key", algorithm="ED25519")
"""
"""One object of each provider that the project uses: what those plugins cost whoever uses them."""


class Bench:
    """One checkout per engine, all on one control plane."""

    def __init__(self, folder: Path, control_plane: ControlPlane) -> None:
        self.folder, self.control_plane = folder, control_plane
        self.engines = ("small", "pulumi") if pulumi_cli() else ("small",)
        self.checkouts = {engine: Checkout(folder / engine, control_plane, engine) for engine in self.engines}
        for checkout in self.checkouts.values():
            # The first run compiles the modules, and its memory of it would count.
            (checkout.root / ".state").mkdir(exist_ok=True)
            self.local_run(checkout, "preview")

    def local_run(self, checkout: Checkout, action: str, *words: str, **variables: str) -> Run:
        """A make target's command."""
        command = (sys.executable, "-m", "local.run", action, "--stack", STACK, *words)
        return run(*command, cwd=checkout.root, env={**checkout.environment(), **variables})

    def up(self, engine: str) -> Run:
        """Deploy."""
        return self.local_run(self.checkouts[engine], "up")

    def purge(self, engine: str) -> None:
        """Remove everything."""
        self.local_run(self.checkouts[engine], "destroy", "--purge", CONFIRM=STACK)
        self.checkouts[engine].wait_until_gone()

    def remove(self) -> None:
        """Leave nothing, whatever happened."""
        for engine in self.engines:
            self.purge(engine)

    def objects(self, engine: str) -> list[dict[str, Any]]:
        """What the stack deploys: its rendering, with Secrets as they are in the cluster; the namespace first."""
        checkout = self.checkouts[engine]
        files, _ = render(load_file(checkout.stack_file))
        found = [yaml.safe_load(text) for text in files.values()]
        for item in found:
            if item["kind"] == "Secret":
                live = checkout.get("secrets", item["metadata"]["name"])
                assert live is not None, item["metadata"]["name"]
                del item["stringData"]
                item["data"] = live["data"]
        return sorted(found, key=lambda item: (item["kind"] == "Deployment") - (item["kind"] == "Namespace"))


def calls(bench: Bench, _: int) -> Iterator[Figure]:
    """Calls of the first up and of one that has nothing to do; counted, so one run tells all."""
    for engine in bench.engines:
        log = AuditLog(bench.control_plane)
        bench.up(engine)
        first = log.calls()
        count = len(bench.objects(engine))
        log = AuditLog(bench.control_plane)
        bench.up(engine)
        second = log.calls()
        bench.purge(engine)
        yield counted(f"{engine}: objects", count)
        yield counted(f"{engine}: write calls of the first up", first.written, note=str(first))
        yield counted(f"{engine}: write calls per object", first.written / count)
        every = first.written + first.reads.total()
        yield counted(f"{engine}: calls per object, reads included", every / count)
        yield counted(f"{engine}: write calls of a no-op up", second.written, goal=0, note=str(second))


def counted(name: str, value: float, goal: float | None = None, note: str = "") -> Figure:
    """A figure that is the same each time."""
    return Figure(name, value, "", value, value, 1, goal, note)


def against_kubectl(bench: Bench, repetitions: int) -> Iterator[Figure]:
    """From nothing to Ready: up, and kubectl that is handed the same objects with their credentials ready-made."""
    bench.up("small")
    stack = bench.objects("small")
    bench.purge("small")
    manifests = bench.folder / "objects.json"
    manifests.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": stack}))
    kubectl = (bench.control_plane.binaries["kubectl"], "--kubeconfig", bench.control_plane.kubeconfig)

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

    def by_engine(engine: str) -> Run:
        made = bench.up(engine)
        bench.purge(engine)
        return made

    cases: dict[str, Callable[[], Run]] = {"kubectl": by_kubectl}
    for engine in bench.engines:
        cases[engine] = lambda engine=engine: by_engine(engine)  # type: ignore[misc]
    runs = interleaved(repetitions, cases)
    yield figure("kubectl apply --server-side, then wait", seconds(runs["kubectl"]), "s")
    for engine in bench.engines:
        yield figure(f"{engine}: up to Ready from nothing", seconds(runs[engine]), "s")
        yield figure(f"{engine}: up / kubectl", ratios(runs[engine], runs["kubectl"]), "x")
        yield figure(f"{engine}: processor time of up", [each.cpu for each in runs[engine]], "s")
    yield figure("making one RSA key of 4096 bits", [_key() for _ in range(max(repetitions, 5))], "s")
    yield figure("kubectl: peak memory", memory(runs["kubectl"]), "MiB")
    for engine in bench.engines:
        yield figure(f"{engine}: peak memory of up", memory(runs[engine]), "MiB", note="all processes together")


def _key() -> float:
    code = "from cryptography.hazmat.primitives.asymmetric import rsa; rsa.generate_private_key(65537, 4096)"
    return run(sys.executable, "-c", code).seconds


def nothing_to_do(bench: Bench, repetitions: int) -> Iterator[Figure]:
    """Runs without anything to do; under the CLI, previews of other programs too."""
    for engine in bench.engines:
        bench.up(engine)
        runs = interleaved(
            repetitions,
            {
                "up": lambda engine=engine: bench.up(engine),  # type: ignore[misc]
                "preview": lambda engine=engine: bench.local_run(bench.checkouts[engine], "preview"),  # type: ignore[misc]
            },
        )
        for action, taken in runs.items():
            yield figure(f"{engine}: no-op {action}", seconds(taken), "s", note="the make target's command")
            yield figure(f"{engine}: peak memory of a no-op {action}", memory(taken), "MiB")
        if engine == "pulumi":
            yield from _previews(bench, repetitions)
        bench.purge(engine)


def _previews(bench: Bench, repetitions: int) -> Iterator[Figure]:
    cli = pulumi_cli()
    assert cli is not None
    target = {"kubeconfig": str(bench.control_plane.kubeconfig), "context": CONTEXT}
    checkout = bench.checkouts["pulumi"]
    environment = {**checkout.environment(), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    # As local.run does: where the interpreter is the virtual environment's, there is nothing to install.
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
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
        run(cli, "stack", "init", STACK, cwd=project, env=environment)
        run(cli, "up", "--yes", "--stack", STACK, cwd=project, env=environment)
    cases: dict[str, Callable[[], Run]] = {}
    for name, project in projects.items():
        words = (cli, "preview", "--expect-no-changes", "--stack", STACK)
        cases[name] = lambda words=words, project=project: run(*words, cwd=project, env=environment)  # type: ignore[misc]
    runs = interleaved(repetitions, cases)
    yield figure("pulumi: no-op preview / empty program", ratios(runs["program"], runs["empty"]), "x", PREVIEW_GOAL)
    yield figure(
        "pulumi: no-op preview / one object of each provider",
        ratios(runs["program"], runs["plugins"]),
        "x",
        note="three plugins start in both",
    )
    for name, taken in runs.items():
        yield figure(f"pulumi: no-op preview, {name}", seconds(taken), "s")
        yield figure(f"pulumi: peak memory of a preview, {name}", memory(taken), "MiB")
    for name in texts:
        run(cli, "destroy", "--yes", "--stack", STACK, cwd=projects[name], env=environment)


def ten_thousand_workers(bench: Bench, _: int) -> Iterator[Figure]:
    """Up, once, of a cluster with 313 pool proxies; and once more, with nothing to do."""
    for engine in bench.engines:
        checkout = bench.checkouts[engine]
        few = dict(checkout.matlab)
        checkout.config["config"]["clusters:matlab"] = pool_proxies(few, 1)
        checkout.write()
        bench.up(engine)
        checkout.config["config"]["clusters:matlab"] = pool_proxies(few, MANY)
        checkout.write()
        log = AuditLog(bench.control_plane)
        grown = bench.up(engine)
        written = log.calls()
        log = AuditLog(bench.control_plane)
        again = bench.up(engine)
        unchanged = log.calls()
        preview = bench.local_run(checkout, "preview")
        services = checkout.api.request("GET", f"/api/v1/namespaces/{NAMESPACE}/services", accept=METADATA_ONLY)
        found = sum(item["metadata"]["name"].startswith("mjs-pool-proxy-") for item in services["items"])
        assert found == MANY, found
        bench.purge(engine)
        checkout.config["config"]["clusters:matlab"] = few
        checkout.write()
        each = 1000 * (grown.seconds - again.seconds) / (MANY - 1)
        yield figure(f"{engine}: up from 1 pool proxy to {MANY}", [grown.seconds], "s", note=str(written))
        yield figure(f"{engine}: no-op up of {MANY}", [again.seconds], "s")
        yield figure(f"{engine}: no-op preview of {MANY}", [preview.seconds], "s")
        yield figure(f"{engine}: time per pool proxy", [each], "ms", note="the no-op up subtracted")
        yield counted(f"{engine}: write calls of a no-op up of {MANY}", unchanged.written, 0, str(unchanged))
        yield figure(f"{engine}: peak memory of up with {MANY}", [grown.memory], "MiB", note="all processes together")


SECTIONS: dict[str, Callable[[Bench, int], Iterator[Figure]]] = {
    "no-op": nothing_to_do,
    "kubectl": against_kubectl,
    "calls": calls,
    "ten-thousand": ten_thousand_workers,
}
