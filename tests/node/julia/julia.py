"""Stands in for Julia in the containers of the tests: called as a session's manifests call it.

It reads the files that the stack mounts where Julia would, and does what startup.jl, pool.jl and worker.jl do there.
The requests of K8sClusterManagers.jl 0.1.5 are made with the pod's own token. Of what Distributed.jl says on its
connections only the cookie, a greeting and the addresses of other workers are left.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import sys
import threading
import time
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

from julia_worker import COOKIE, worker_pod

CONFIG, ACCOUNT = Path("/julia/config"), Path("/var/run/secrets/kubernetes.io/serviceaccount")
COOKIE_LENGTH = 16
WORKER_PORT = 9000 + os.getpid() % 1000
ADDPROCS = re.compile(r"addprocs\(K8sClusterManager\((\d+)\)\)")
PATIENCE = 60
EVERYWHERE = "0.0.0.0"  # noqa: S104 - of the container


def say(text: str) -> None:
    print(text, flush=True)


def request(method: str, path: str, body: Any = None) -> Any:
    """Send a request to the API server with the token of this pod; returns the open answer."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    namespace = (ACCOUNT / "namespace").read_text()
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    sent = urllib.request.Request(
        f"https://{host}:{port}/api/v1/namespaces/{namespace}/pods{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": kind},
        method=method,
    )
    return urllib.request.urlopen(sent, context=ssl.create_default_context(cafile=ACCOUNT / "ca.crt"))  # noqa: S310


def greet(host: str, port: int, cookie: str) -> socket.socket:
    """Connect to a worker; it answers to those who know its cookie."""
    connection = socket.create_connection((host, port), timeout=PATIENCE)
    connection.sendall(f"{cookie}\n".encode())
    if connection.recv(64) != b"ready\n":
        raise ConnectionError(f"{host}:{port} does not accept the cookie")
    return connection


class Session:
    """The workers of a session."""

    def __init__(self, cookie: str) -> None:
        self.cookie, self.workers = cookie, dict[str, socket.socket]()

    def join(self, name: str, line: str, host: str | None = None) -> None:
        """Connect to a worker that has told where it listens, and let the others do so."""
        match = re.fullmatch(r"julia_worker:(\d+)#(\S+)", line.strip())
        assert match, line
        port, host = int(match[1]), host or match[2]
        new = greet(host, port, self.cookie)
        for other, connection in self.workers.items():
            connection.sendall(f"{host} {port}\n".encode())
            if connection.recv(64) != b"ready\n":
                raise ConnectionError(f"{other} does not reach {name}")
        self.workers[name] = new
        say(f"{name} has joined")

    def add(self, wanted: int) -> None:
        """Create worker pods, and join each as soon as it runs."""
        settings = (CONFIG / "settings.toml").read_text()
        owner = {"name": os.environ["POD_NAME"], "uid": os.environ["POD_UID"]}
        pods = [json.load(request("POST", "", worker_pod(settings, owner)))["metadata"]["name"] for _ in range(wanted)]
        for number, name in enumerate(pods, 2):
            while (status := json.load(request("GET", f"/{name}"))["status"])["phase"] == "Pending":
                time.sleep(1)
            assert status["phase"] == "Running", status
            # The worker says what it was told to bind to; the package takes the address from here.
            self.join(name, request("GET", f"/{name}/log?follow=true").readline().decode(), status["podIP"])
            request("PATCH", f"/{name}", {"metadata": {"labels": {"worker-id": str(number)}}})

    def prompt(self) -> None:
        """Do what is typed until the input ends."""
        for line in sys.stdin:
            if match := ADDPROCS.search(line):
                self.add(int(match[1]))
            say(f"{len(self.workers)} workers")


def first_steps() -> None:
    """What packages.jl does: home and project of the session are on its depot."""
    Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
    project = Path(os.environ["JULIA_PROJECT"])
    project.mkdir(parents=True, exist_ok=True)
    (project / "Project.toml").write_text((CONFIG / "Project.toml").read_text())


def on_demand() -> None:
    """startup.jl, which begins with the removal of workers that an earlier process has left."""
    first_steps()
    prefix = tomllib.loads((CONFIG / "settings.toml").read_text())["manager"]["worker_prefix"]
    for left in json.load(request("GET", f"?labelSelector=worker-prefix%3D{prefix}"))["items"]:
        request("DELETE", f"/{left['metadata']['name']}")
    Session(COOKIE).prompt()


def cookie_of_pool() -> str:
    return Path("/julia/cookie/cookie").read_text()


def pool() -> None:
    """pool.jl: workers dial in, and say where they listen."""
    first_steps()
    session = Session(cookie_of_pool())
    listener = socket.create_server((EVERYWHERE, tomllib.loads((CONFIG / "settings.toml").read_text())["pool"]["port"]))

    def accept() -> None:
        while True:
            connection, (address, _) = listener.accept()
            lines = connection.makefile()
            if lines.read(COOKIE_LENGTH) == session.cookie:
                session.join(address, lines.readline())

    threading.Thread(target=accept, daemon=True).start()
    session.prompt()


def serve(cookie: str, out: Any, host: str) -> None:
    """Be a worker; `out` is told where. The end of the first connection, which is the session's, is the end of all."""
    listener = socket.create_server((EVERYWHERE, WORKER_PORT))
    out.write(f"julia_worker:{WORKER_PORT}#{host}\n")
    out.flush()
    known = 0
    while True:
        connection, _ = listener.accept()
        if connection.makefile().readline().strip() != cookie:
            connection.close()
            continue
        known += 1
        connection.sendall(b"ready\n")
        threading.Thread(target=answer, args=(connection, cookie, known == 1), daemon=True).start()


def answer(connection: socket.socket, cookie: str, is_session: bool) -> None:
    for line in connection.makefile():
        host, port = line.split()
        try:
            greet(host, int(port), cookie)
            connection.sendall(b"ready\n")
        except OSError as error:
            connection.sendall(f"{error}\n".encode())
    if is_session:
        os._exit(1)


def of_pool() -> None:
    """worker.jl: wait for the session, whose name leads to it as soon as it is Ready."""
    where = tomllib.loads((CONFIG / "settings.toml").read_text())["pool"]
    while True:
        try:
            session = socket.create_connection((where["host"], where["port"]), timeout=PATIENCE)
            break
        except OSError:
            time.sleep(1)
    session.sendall(cookie_of_pool().ljust(COOKIE_LENGTH)[:COOKIE_LENGTH].encode())
    serve(cookie_of_pool(), session.makefile("w"), socket.gethostbyname(socket.gethostname()))


def main() -> None:
    # The first process of a container gets no signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    match sys.argv[1:]:
        case ["-i", "-L", "/julia/config/startup.jl"]:
            on_demand()
        case ["-i", "-L", "/julia/config/pool.jl"]:
            pool()
        case ["/julia/config/worker.jl"]:
            of_pool()
        case [cookie, "--bind-to=0.0.0.0"]:
            serve(cookie.removeprefix("--worker="), sys.stdout, EVERYWHERE)
        case words:
            sys.exit(f"no session calls julia like this: {words}")


main()
