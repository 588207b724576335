"""Stand-ins for the commands of MATLAB Parallel Server, called by their names; they run in the containers of the tests.

The job manager serves on the real ports, behind TLS with the real credentials, keeps its jobs in the database folder,
and sends each of them to an idle worker, which runs it as the worker user. One JSON object per line is the protocol.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

RUN = Path("/tmp")  # noqa: S108 - of the container
DEFINITIONS, JOB_MANAGER, WORKER = RUN / "definitions.json", RUN / "job-manager.pid", RUN / "worker.pid"
BIN, JAVA = Path("/opt/matlab/toolbox/parallel/bin"), Path("/opt/matlab/sys/java/jre/glnxa64/jre")
LOOKUP, MANAGER = 6, 9
SECRET = Path("/mjs/secret")


def options(words: list[str]) -> dict[str, str]:
    """-name value pairs; a word without a value has the empty one."""
    found, name = {}, ""
    for word in words:
        if word.startswith("-"):
            name = word[1:]
            found[name] = ""
        else:
            found[name] = word
    return found


def definitions() -> dict[str, str]:
    return json.loads(DEFINITIONS.read_text())


def start_mjs() -> None:
    assert sys.argv[1] == "start", sys.argv
    lines = Path(options(sys.argv[2:])["mjsdef"]).read_text().splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    DEFINITIONS.write_text(json.dumps({name: "".join(shlex.split(value)) for name, _, value in pairs}))


def files(*texts: str) -> list[str]:
    """Names of files with these contents: the ssl module takes nothing else."""
    names = []
    for text in texts:
        with tempfile.NamedTemporaryFile("w", dir=RUN, delete=False) as file:
            file.write(text)
        names.append(file.name)
    return names


def secured(side: int) -> ssl.SSLContext:
    """TLS with the shared secret: whoever is on the other side must have a certificate of this cluster."""
    secret = json.loads((SECRET / "secret.json").read_text())
    certificate, key = files(secret["serverCert"], secret["serverKey"])
    context = ssl.SSLContext(side)
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def behind(what: Callable[[], None], pid_file: Path) -> None:
    """Run something as a process of its own, with the open files of this one, as MJS does."""
    if pid := os.fork():
        pid_file.write_text(str(pid))
        return
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        what()
    finally:
        os._exit(1)


class Manager:
    """The job manager."""

    def __init__(self, database: Path) -> None:
        self.file, self.lock = database / "jobs.json", threading.Condition()
        self.jobs = json.loads(self.file.read_text()) if self.file.exists() else []
        self.workers: dict[str, float] = {}
        self.busy: set[str] = set()
        self.desired = 0

    def keep(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.jobs))
        new.rename(self.file)

    def submit(self, request: dict) -> dict:
        with self.lock:
            self.jobs.append({"id": len(self.jobs) + 1, "command": request["command"], "state": "queued"})
            self.desired = max(self.desired, 1)
            self.keep()
            self.lock.notify_all()
            return self.jobs[-1]

    def want(self, request: dict) -> dict:
        with self.lock:
            self.desired = request["workers"]
            return {"desired": self.desired}

    def status(self, _: dict) -> dict:
        with self.lock:
            now = time.monotonic()
            workers = [
                {"name": name, "state": "busy" if name in self.busy else "idle", "secondsIdle": int(now - since)}
                for name, since in self.workers.items()
            ]
            return {"jobs": self.jobs, "workers": workers, "desired": self.desired}

    def login(self, request: dict) -> dict:
        """Log a user in at the LDAP server, with Java's own client and in the environment of this process."""
        defined = definitions()
        principal = defined["LDAP_SECURITY_PRINCIPAL_FORMAT"].replace("[username]", request["user"])
        environment = dict(os.environ)
        if not request["trust"]:
            del environment["JAVA_TOOL_OPTIONS"]
        ran = subprocess.run(
            [JAVA / "bin/java", "-XX:TieredStopAtLevel=1", "-cp", BIN, "Bind", defined["LDAP_URL"], principal],
            env=environment, input=request["password"], capture_output=True, text=True, check=False,
        )  # fmt: skip
        return {"said": ran.stdout, "error": ran.stderr}

    def stop(self, _: dict) -> dict:
        # As long as a test wishes: the successor has to wait.
        slow = Path("/mjs/database/stop-takes")
        time.sleep(float(slow.read_text()) if slow.exists() else 0)
        with self.lock:
            self.keep()
            threading.Timer(0.1, os._exit, (0,)).start()
        return {"stopped": True}

    def serve_worker(self, name: str, stream: BinaryIO) -> None:
        """Give a worker one job after the other until it is gone."""
        with self.lock:
            self.workers[name] = time.monotonic()
        try:
            while True:
                with self.lock:
                    job = next((job for job in self.jobs if job["state"] == "queued"), None)
                    if job is None:
                        self.lock.wait(1)
                    else:
                        job["state"] = "running"
                        self.busy.add(name)
                stream.write(json.dumps({"command": job["command"] if job else None}).encode() + b"\n")
                stream.flush()
                answer = json.loads(stream.readline())
                if job:
                    with self.lock:
                        job |= {"state": "finished", "worker": name, **answer}
                        self.busy.discard(name)
                        self.workers[name] = time.monotonic()
                        self.keep()
        finally:
            with self.lock:
                self.workers.pop(name, None)
                self.busy.discard(name)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET

    def __init__(self, port: int, manager: Manager, context: ssl.SSLContext) -> None:
        self.manager, self.context = manager, context
        super().__init__(("", port), Conversation)


class Conversation(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        manager = self.server.manager
        try:
            with self.server.context.wrap_socket(self.request, server_side=True) as connection:
                stream = connection.makefile("rwb")
                for line in stream:
                    request = json.loads(line)
                    if "worker" in request:
                        manager.serve_worker(request["worker"], stream)
                        return
                    answer = getattr(manager, request["do"])(request)
                    stream.write(json.dumps(answer).encode() + b"\n")
                    stream.flush()
        except (OSError, ValueError):
            return


def start_job_manager() -> None:
    given = options(sys.argv[1:])
    database = Path(given["databaseDirectory"])
    database.mkdir(parents=True, exist_ok=True)
    # The script gives both files, and both have to be readable by the user of the pod.
    for name in ("secretfile", "certificate"):
        if name in given:
            json.loads(Path(given[name]).read_text())
    base = int(given["baseport"])

    def serve() -> None:
        manager, context = Manager(database), secured(ssl.PROTOCOL_TLS_SERVER)
        servers = [Server(base + offset, manager, context) for offset in (LOOKUP, MANAGER)]
        threading.Thread(target=servers[0].serve_forever).start()
        servers[1].serve_forever()

    behind(serve, JOB_MANAGER)


def connect(host: str, port: int) -> ssl.SSLSocket:
    connection = socket.create_connection((host, port), timeout=5)
    connection.settimeout(None)
    return secured(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(connection)


def ask(base: int, request: dict) -> dict:
    with connect("127.0.0.1", base + MANAGER) as connection:
        stream = connection.makefile("rwb")
        stream.write(json.dumps(request).encode() + b"\n")
        stream.flush()
        return json.loads(stream.readline())


def stop_job_manager() -> None:
    given = options(sys.argv[1:])
    ask(int(given["baseport"]), {"do": "stop"})
    while Path(f"/proc/{JOB_MANAGER.read_text()}/cmdline").exists():
        state = Path(f"/proc/{JOB_MANAGER.read_text()}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            break
        time.sleep(0.05)


def start_worker() -> None:
    given = options(sys.argv[1:])
    user = os.environ["MJS_WORKER_USERNAME"]

    def work() -> None:
        while True:
            try:
                with connect(given["jobmanagerhost"], int(given["baseport"]) + MANAGER) as connection:
                    stream = connection.makefile("rwb")
                    stream.write(json.dumps({"worker": given["name"]}).encode() + b"\n")
                    stream.flush()
                    for line in stream:
                        stream.write(json.dumps(run(user, json.loads(line)["command"])).encode() + b"\n")
                        stream.flush()
            except (OSError, ValueError):
                pass
            time.sleep(0.5)

    behind(work, WORKER)


def run(user: str, command: str | None) -> dict:
    """Run a command as the worker user."""
    if command is None:
        return {}
    words = ["su", "-", user, "-s", "/bin/bash", "-c", command]
    ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return {"output": ran.stdout, "code": ran.returncode}


def stop_worker() -> None:
    os.kill(int(WORKER.read_text()), signal.SIGTERM)


def resize() -> None:
    assert sys.argv[1] == "status", sys.argv
    given, defined = options(sys.argv[2:]), definitions()
    if defined["REQUIRE_SCRIPT_VERIFICATION"] == "true":
        json.loads(Path(given["secretfile"]).read_text())
    status = ask(int(given["baseport"]), {"do": "status"})
    manager = {
        "name": defined.get("JOB_MANAGER_NAME", ""),
        "desiredWorkers": {"linux": status["desired"]},
        "maxWorkers": {"linux": int(defined["MAX_LINUX_WORKERS"])},
        "workers": status["workers"],
    }
    print(json.dumps({"jobManagers": [manager]}))


def health_check() -> None:
    given = options(sys.argv[1:])
    if "worker" in given:
        os.kill(int(WORKER.read_text()), 0)
    else:
        ask(int(given["baseport"]), {"do": "status"})


COMMANDS = {
    "mjs": start_mjs,
    "startjobmanager": start_job_manager,
    "stopjobmanager": stop_job_manager,
    "startworker": start_worker,
    "stopworker": stop_worker,
    "resize": resize,
    "mjshealthcheck": health_check,
}

if __name__ == "__main__":
    COMMANDS[Path(sys.argv[0]).name]()
