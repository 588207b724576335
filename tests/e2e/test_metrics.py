"""The metrics of MATLAB, scraped by Prometheus with what the stack gives it."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from components.shared.kube import RESOURCES
from local.cluster.ports import choose_port
from tests.e2e.checkout import NAMESPACE, Checkout
from tests.e2e.disturbance import wait_for
from tests.e2e.service_monitors import service_monitors
from tests.tools.debian import find

MONITOR = f"{RESOURCES['ServiceMonitor'].path(NAMESPACE)}/mjs-job-manager"
HOST = "mjs.example.org"
WARNING = "matlab.metrics.serviceMonitor: is true, but the cluster has no ServiceMonitors"


def test_prometheus_scrapes_with_what_the_stack_gives(checkout: Checkout, tmp_path: Path) -> None:
    """A server with the job manager's certificate stands for the job manager, which a hollow node does not run."""
    port = choose_port()
    checkout.matlab["network"] = {"clusterHost": HOST, "basePort": 30000}
    checkout.matlab["metrics"] = {"export": True, "openPortOutsideKubernetes": True, "port": port}
    checkout.write()
    checkout.run("up")
    outside = on_this_machine(checkout.outputs()["metricsScrapeConfig"], HOST, port)
    with job_manager(checkout, tmp_path, port):
        scrape(outside, files(checkout, tmp_path, "mjs-metrics-client-certs"))

    checkout.matlab["metrics"]["serviceMonitor"] = True
    checkout.write()
    assert WARNING in checkout.run("preview")
    assert WARNING in checkout.run("up")
    with service_monitors(checkout.api, NAMESPACE):
        assert WARNING not in checkout.run("up")
        monitor = checkout.api.get(MONITOR)
        assert monitor is not None
        with job_manager(checkout, tmp_path, port):
            for config in (outside, as_the_operator_writes_it(monitor, port)):
                scrape(config, files(checkout, tmp_path, "mjs-metrics-client-certs"))
    # With the operator went its kinds.
    assert WARNING in checkout.run("up")
    assert f"ServiceMonitor/{monitor['metadata']['name']}" not in checkout.state_file.read_text()
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []


def on_this_machine(config: dict[str, Any], host: str, port: int) -> dict[str, Any]:
    """The configuration with the address to which the name of the host would lead; the certificate is for the name."""
    assert config["static_configs"] == [{"targets": [f"{host}:{port}"], "labels": {"namespace": NAMESPACE}}]
    found = json.loads(json.dumps(config).replace(f"{host}:{port}", f"127.0.0.1:{port}"))
    found["tls_config"]["server_name"] = host
    return dict(found)


def files(checkout: Checkout, folder: Path, secret: str) -> Path:
    """A folder with the files of a Secret."""
    found = checkout.api.get(f"{RESOURCES['Secret'].path(NAMESPACE)}/{secret}")
    assert found is not None
    folder = folder / secret
    folder.mkdir(exist_ok=True)
    for name, data in found["data"].items():
        (folder / name).write_bytes(b64decode(data))
    return folder


@contextmanager
def job_manager(checkout: Checkout, folder: Path, port: int) -> Iterator[None]:
    """A server of metrics that requires a client certificate, with the files that the job manager mounts."""
    own = files(checkout, folder, "mjs-metrics-secret")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(own / "ca.crt"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(own / "jobmanager.crt", own / "jobmanager.key")

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"mjs_up 1\n")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Metrics)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def as_the_operator_writes_it(monitor: dict[str, Any], port: int) -> dict[str, Any]:
    """The scrape configuration that the operator makes of a ServiceMonitor, with the address of the pod."""
    (endpoint,) = monitor["spec"]["endpoints"]
    tls = endpoint["tlsConfig"]
    return {
        "job_name": "serviceMonitor",
        "scheme": endpoint["scheme"],
        "tls_config": {
            "server_name": tls["serverName"],
            "ca_file": tls["ca"]["secret"]["key"],
            "cert_file": tls["cert"]["secret"]["key"],
            "key_file": tls["keySecret"]["key"],
        },
        "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": NAMESPACE}}],
    }


def scrape(config: dict[str, Any], folder: Path) -> None:
    """Run Prometheus until it has read the metrics."""
    (folder / "prometheus.yml").write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs: [{json.dumps(config)}]\n")
    listen = f"127.0.0.1:{choose_port()}"
    options = [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={listen}", "--log.level=error"]
    command = [*find("prometheus", "prometheus", "--version"), f"--config.file={folder / 'prometheus.yml'}", *options]
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: value(listen, config["job_name"]) == "1")
    finally:
        process.terminate()
        process.wait()


def value(listen: str, job: str) -> str | None:
    """The value of mjs_up, with the label that the alerts are about."""
    query = f"mjs_up%7Bnamespace%3D%22{NAMESPACE}%22%2Cjob%3D%22{job}%22%7D"
    try:
        with urlopen(f"http://{listen}/api/v1/query?query={query}") as answer:
            found = json.load(answer)["data"]["result"]
    except OSError:
        return None
    return found[0]["value"][1] if found else None
