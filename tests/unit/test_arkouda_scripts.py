"""The scripts of servers in Kubernetes, run for real with stand-ins for arkouda_server, sshd and ssh."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.arkouda import names, pods
from components.arkouda.server_settings import MultiLocale, SingleNode
from components.shared.shell import assignments
from local.cluster.ports import choose_port
from tests.conftest import PROJECT
from tests.unit.arkouda_stacks import Values, one
from tests.waiting import eventually

TOOLS = PROJECT / "tests" / "tools" / "arkouda"
POD_IP = "192.0.2.5"


class Pod:
    """The folders of a pod, with the ConfigMap of the stack and Secrets of its keys."""

    def __init__(self, root: Path, kind: str, locales: tuple[str, ...] = (), **more: Values) -> None:
        self.root, self.port, self.ssh_port = root, choose_port(), choose_port()
        here = one(kind, port=self.port, metrics={"enabled": False}, executable=str(TOOLS / "arkouda_server"), **more)
        (server,) = here.servers
        assert isinstance(server, (SingleNode, MultiLocale))
        self.config, self.run_dir, self.keys = root / "config", root / "run", root / "keys"
        for folder in (self.config, self.run_dir, self.keys):
            folder.mkdir(parents=True)
        for name, text in pods.configuration(here, server, locales)["data"].items():
            (self.config / name).write_text(text)
        for key in (names.PRIVATE_KEY, names.PUBLIC_KEY, names.HOST_KEY, names.HOST_PUBLIC_KEY):
            (self.keys / key).write_text(f"content of {key}\n")
            # As the kubelet makes it in a volume with fsGroup.
            (self.keys / key).chmod(0o440)
        moved = {
            "ARKOUDA_RUN_DIR": str(self.run_dir),
            "ARKOUDA_SSH_DIR": str(self.keys),
            "ARKOUDA_SSH_PORT": self.ssh_port,
            "ARKOUDA_SSH_SERVER": str(TOOLS / "sshd"),
            "ARKOUDA_SSH_CLIENT": str(TOOLS / "ssh"),
        }
        with (self.config / names.SETTINGS_FILE).open("a") as settings:
            settings.write(assignments(moved))
        self.log = root / "log"
        self.started: list[subprocess.Popen[str]] = []

    def environment(self) -> dict[str, str]:
        return {**os.environ, "ARKOUDA_POD_IP": POD_IP, "STAND_IN_LOG": str(self.log), "HOME": str(self.run_dir)}

    def start(self, script: str) -> subprocess.Popen[str]:
        output = (self.root / f"{script}.output").open("w")
        process = subprocess.Popen(
            ["/bin/bash", str(self.config / script)], env=self.environment(), stdout=output, stderr=output, text=True,
            start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def output(self, script: str) -> str:
        return (self.root / f"{script}.output").read_text()

    def health(self, role: str) -> tuple[int, str]:
        command = ["/bin/bash", str(self.config / "health.sh"), role]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def is_listening(self) -> bool:
        return self.log.exists() and "listening on" in self.log.read_text()

    def end(self) -> None:
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait(10)


@pytest.fixture
def single(tmp_path: Path) -> Iterator[Pod]:
    pod = Pod(tmp_path, "single")
    yield pod
    pod.end()


@pytest.fixture
def multi(tmp_path: Path) -> Iterator[Pod]:
    # Both locales are this machine.
    pod = Pod(tmp_path, "multi", ("localhost", "localhost"))
    yield pod
    pod.end()


def test_a_server_runs_with_the_arguments_of_its_stack_and_ends_with_its_pod(single: Pod) -> None:
    process = single.start("server.sh")
    assert single.health("server")[0] == 1
    eventually(single.is_listening)
    assert single.health("server") == (0, "")
    arguments = single.log.read_text().removeprefix(f"listening on {single.port} ").split()
    assert arguments[:2] == ["-nl", "1"]
    assert f"--ServerPort={single.port}" in arguments
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGTERM
    assert single.health("server")[0] == 1


def test_an_old_token_file_does_not_win_over_the_token_of_the_stack(single: Pod) -> None:
    """The volume outlives the container, and the server prefers .arkouda/tokens.txt in its working folder."""
    tokens = single.run_dir / ".arkouda" / "tokens.txt"
    tokens.parent.mkdir()
    tokens.write_text("old\n")
    single.start("server.sh")
    eventually(single.is_listening)
    assert not tokens.exists()


def test_a_server_waits_for_its_locales_and_starts_processes_there(multi: Pod) -> None:
    multi.start("server.sh")
    eventually(lambda: "Waiting for locale localhost" in multi.output("server.sh") or multi.is_listening())
    # The server's own sshd answers too: a pod is the first locale. Here they share a machine.
    eventually(multi.is_listening)
    server = subprocess.run(
        ["pgrep", "-f", f"arkouda_server.*--ServerPort={multi.port}"], capture_output=True, text=True, check=True
    ).stdout.split()[0]
    variables = dict(entry.partition("=")[::2] for entry in Path(f"/proc/{server}/environ").read_text().split("\0"))
    assert variables["SSH_SERVERS"] == f"{POD_IP} 127.0.0.1 127.0.0.1"
    assert variables["GASNET_MASTERIP"] == POD_IP
    assert variables["GASNET_SPAWNFN"] == "S"
    said = subprocess.run(["ssh", "node", "date"], env=variables, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["-F", str(multi.run_dir / "ssh" / "ssh_config"), "node", "date"]


def test_a_lost_locale_makes_the_server_unhealthy(multi: Pod, tmp_path: Path) -> None:
    """A server without one of its locales hangs, while its port still accepts connections."""
    multi.start("server.sh")
    eventually(multi.is_listening)
    assert multi.health("server") == (0, "")
    (multi.run_dir / "locales").write_text(f"localhost 127.0.0.1\nlost 127.0.0.{2}\n")
    code, said = multi.health("server")
    assert code == 1
    assert said == f"locale lost does not accept connections on 127.0.0.2, port {multi.ssh_port}\n"


def test_a_locale_serves_ssh_with_keys_that_nobody_else_can_read(multi: Pod) -> None:
    """A key that a group can read is refused by ssh, and in a volume with fsGroup the group can."""
    assert multi.health("locale")[0] == 1
    multi.start("locale.sh")
    eventually(lambda: multi.health("locale") == (0, ""))
    ssh = multi.run_dir / "ssh"
    for file in ssh.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    assert (ssh / "id_rsa").read_text() == "content of id_rsa\n"
    assert (ssh / "authorized_keys").read_text() == "content of id_rsa.pub\n"
    assert (ssh / "known_hosts").read_text() == "arkouda-locale content of host_key.pub\n"
    server = dict(line.split(None, 1) for line in (ssh / "sshd_config").read_text().splitlines())
    assert server["PasswordAuthentication"] == server["UsePAM"] == server["PermitRootLogin"] == "no"
    client = dict(line.split(None, 1) for line in (ssh / "ssh_config").read_text().splitlines())
    assert client["StrictHostKeyChecking"] == "yes"
    assert client["HostKeyAlias"] == "arkouda-locale"
    assert server["Port"] == client["Port"] == str(multi.ssh_port)


def test_scripts_with_a_second_start_find_their_keys_replaced(multi: Pod) -> None:
    """A container that starts again finds the files of the one before it, which nobody may overwrite."""
    for _ in range(2):
        process = multi.start("locale.sh")
        eventually(lambda: multi.health("locale") == (0, ""))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_options_reach_the_server_as_they_were_typed(tmp_path: Path, kind: str) -> None:
    awkward = "--serverConnectionInfo=/tmp/a b;$(id) 'q' \"d\" \\ *"
    pod = Pod(tmp_path, kind, ("localhost",) if kind == "multi" else (), serverOptions=[awkward])
    try:
        pod.start("server.sh")
        eventually(pod.is_listening)
        found = subprocess.run(
            ["pgrep", "-f", f"arkouda_server.*--ServerPort={pod.port}"], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        assert awkward in Path(f"/proc/{found}/cmdline").read_text().split("\0")
    finally:
        pod.end()


def test_every_variable_that_a_script_reads_is_set() -> None:
    """A misspelt name is an empty text to bash."""
    folder = PROJECT / "components" / "arkouda" / "files"
    (server,) = one("multi").servers
    assert isinstance(server, MultiLocale)
    text = pods.configuration(one("multi"), server, ("x",))["data"][names.SETTINGS_FILE]
    known = {line.partition("=")[0] for line in text.splitlines()} | {"ARKOUDA_POD_IP"}
    for script in (*pods.SERVER_SCRIPTS, *pods.LOCALE_SCRIPTS):
        used = set(re.findall(r"\$\{(ARKOUDA_\w+)", (folder / script).read_text()))
        assert used <= known, script
    assert shlex.split(text)
