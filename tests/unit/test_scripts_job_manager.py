"""The job manager's start and health check, run for real with stand-ins for MATLAB's commands."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.doctor.log_rows import LOG_ROWS
from tests.tools.container import assignments, options
from tests.tools.roles import AWKWARD, Make, job_manager_container, making
from tests.waiting import eventually


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make containers of the job manager."""
    with making(job_manager_container, tmp_path) as make:
        yield make


def test_mjs_is_started_and_then_the_job_manager(make: Make) -> None:
    container = make(logLevel=4)
    container.start_and_terminate()
    mjs, manager = container.calls()
    definitions = str(container.path("tmp/mjs_def.sh"))
    assert (mjs.command, manager.command) == ("mjs", "startjobmanager")
    assert mjs.arguments == ["start", "-mjsdef", definitions, "-loglevel", "4", "-disablereliableconnections"]


@pytest.mark.parametrize("certificate", [False, True])
@pytest.mark.parametrize("verification", [False, True])
def test_the_job_manager_gets_the_credentials_that_security_asks_for(
    make: Make, certificate: bool, verification: bool
) -> None:
    security = {"requireClientCertificate": certificate, "requireScriptVerification": verification}
    container = make(security=security, network={"basePort": 30100})
    container.start_and_terminate()
    arguments = container.call("startjobmanager").arguments
    expected = {
        "-name": "MJS_Kubernetes",
        "-baseport": "30100",
        "-databaseDirectory": str(container.path("mjs/database/r2026a")),
        "-scriptlogfile": str(container.path("mjs/log/script-log.log")),
    }
    if certificate:
        expected["-certificate"] = str(container.path("mjs/secret/certificate.json"))
    if verification:
        expected["-secretfile"] = str(container.path("mjs/secret/secret.json"))
    assert options(arguments) == expected


def test_names_reach_every_command_as_they_were_written(make: Make) -> None:
    """B20: upstream pastes names into shell and YAML; a quote breaks the start, `$(…)` is run."""
    container = make(jobManager={"name": AWKWARD}, security={"adminUser": AWKWARD})
    container.start()
    container.started()
    assert container.probe()[0] == 0
    assert container.stop()[0] == 0
    named = container.calls("startjobmanager", "stopjobmanager")
    assert [call.arguments[call.arguments.index("-name") + 1] for call in named] == [AWKWARD, AWKWARD]
    checked = container.call("mjshealthcheck").arguments
    assert checked[checked.index("-jobmanager") + 1] == AWKWARD
    assert assignments(container.path("tmp/mjs_def.sh"))["ADMIN_USER"] == AWKWARD
    assert AWKWARD in container.script_log


def test_the_definition_file_says_what_mjs_has_to_know(make: Make) -> None:
    """Values are read back as a POSIX shell reads them, whatever they hold (B20)."""
    ldap = {"url": "ldap://ldap.example.org:389", "securityPrincipalFormat": "uid=[username],ou=R & D $x"}
    metrics = {"export": True, "port": 9000}
    container = make(ldap=ldap, metrics=metrics, additionalSupportedReleases=["r2024b", "r2025b"])
    container.start_and_terminate()
    assert assignments(container.path("tmp/mjs_def.sh")) == {
        "BASE_PORT": "27350",
        "MAX_LINUX_WORKERS": "4",
        "CHECKPOINTBASE": "/tmp/checkpoint",  # noqa: S108 - upstream's path
        "PIDBASE": "/tmp/pid",  # noqa: S108 - upstream's path
        "USE_SECURE_COMMUNICATION": "true",
        "REQUIRE_CLIENT_CERTIFICATE": "true",
        "REQUIRE_SCRIPT_VERIFICATION": "true",
        "SECURITY_LEVEL": "2",
        "SHARED_SECRET_FILE": "/mjs/secret/secret.json",
        "USE_ONLINE_LICENSING": "false",
        "ADMIN_USER": "admin",
        "USE_LDAP_SERVER_AUTHENTICATION": "true",
        "LDAP_URL": "ldap://ldap.example.org:389",
        "LDAP_SECURITY_PRINCIPAL_FORMAT": "uid=[username],ou=R & D $x",
        "LDAP_SYNCHRONIZATION_INTERVAL_SECS": "1800",
        "EXPORT_METRICS": "true",
        "METRICS_PORT": "9000",
        "USE_SECURE_METRICS": "true",
        "METRICS_CA_FILE": "/mjs/metrics/ca.crt",
        "METRICS_CERT_FILE": "/mjs/metrics/jobmanager.crt",
        "METRICS_KEY_FILE": "/mjs/metrics/jobmanager.key",
        "MJS_ADDITIONAL_SUPPORTED_RELEASES": "R2024b,R2025b",
        "HOSTNAME": "mjs-job-manager",
        "LOGBASE": str(container.path("mjs/log")),
    }


SLOW_TEE = """#!/bin/bash
read -r line
case "${line}" in *"Z running: "* | *"Z error: "*) ;; *) sleep 0.3 ;; esac
{ printf '%s\\n' "${line}"; cat; } | /usr/bin/tee "$@"
"""
"""A log volume that takes its time with what commands print."""


@pytest.mark.parametrize("command", ["mjs", "startjobmanager"])
def test_a_command_that_fails_ends_the_container_with_its_last_words_in_the_log(make: Make, command: str) -> None:
    """When the first process of a container ends, the kernel kills the rest: what is copied later is never read."""
    container = make()
    container.path("bin/tee").write_text(SLOW_TEE, encoding="ascii")
    container.path("bin/tee").chmod(0o755)
    container.behave(command, "for line in {1..3000}; do echo line $line; done; echo no licence >&2; exit 3")
    assert container.run_to_end() != 0
    for text in (container.console, container.script_log):
        assert "line 3000\nno licence\n" in text
        assert text.rstrip().endswith(f"{command} ended with exit code 3")
    assert container.calls()[-1].command == command
    assert not container.path("tmp/jm-started").exists()


@pytest.mark.parametrize("root", [None, "/opt/elsewhere"])
def test_without_matlab_it_says_where_it_looked(make: Make, root: str | None) -> None:
    container = make(matlab=None, installation={"root": root})
    assert container.run_to_end() == 1
    places = [container.path(place) for place in ([root] if root else ["/opt/matlab", "/opt/matlab/R2026a"])]
    sentence = f"no MATLAB Parallel Server in {' '.join(map(str, places))}; set matlab.installation.root"
    assert sentence in container.console
    assert sentence in container.script_log
    assert container.calls() == []


@pytest.mark.parametrize(
    ("installed", "root", "used"),
    [
        (["/opt/matlab"], None, "/opt/matlab"),
        (["/opt/matlab/R2026a"], None, "/opt/matlab/R2026a"),
        (["/opt/matlab/R2026a", "/opt/matlab"], None, "/opt/matlab"),
        (["/opt/matlab", "/opt/elsewhere"], "/opt/elsewhere", "/opt/elsewhere"),
    ],
    ids=["in-the-image", "in-a-folder-of-its-release", "in-both", "where-the-settings-say"],
)
def test_matlab_is_found(make: Make, installed: list[str], root: str | None, used: str) -> None:
    """Published images had MATLAB in a folder of its release for a while."""
    container = make(matlab=None, installation={"root": root})
    for folder in installed:
        container.install_matlab(folder)
    container.start_and_terminate()
    # The controller takes the file's content for the path, byte by byte.
    assert container.path("tmp/matlab_root").read_bytes() == str(container.path(used)).encode()
    said = f"running: {container.path(used)}/toolbox/parallel/bin/"
    assert said + "mjs start" in container.console
    assert said + "startjobmanager" in container.console


def test_a_service_that_keeps_its_output_open_blocks_nothing(make: Make) -> None:
    """`mjs start` leaves a service behind. In a pipeline, the start would wait for the service's end."""
    container = make()
    service = container.path("service.pid")
    go = container.path("go")
    container.behave(
        "mjs",
        f"""
        (until [[ -e "{go}" ]]; do sleep 0.02; done; echo from the service; exec sleep 60) &
        echo $! >"{service}"
        echo mjs is running
        """,
    )
    container.start()
    container.started()
    assert "mjs is running" in container.script_log
    go.touch()
    eventually(lambda: "from the service" in container.script_log)
    assert container.stop()[0] == 0
    assert container.exit_code() == 0


def test_a_restart_after_a_crash_starts_anew(make: Make) -> None:
    """Files of the last run must neither end the container at once nor send the stop hook ahead of the start."""
    container = make()
    go = container.path("go")
    for stale in ("jm-started", "jm-stopped"):
        container.path("tmp", stale).touch()
    container.path("tmp/mjs_def.sh").write_text("STALE=true\n", encoding="ascii")
    container.behave("mjs", f'until [[ -e "{go}" ]]; do sleep 0.02; done')
    container.start()
    eventually(lambda: container.calls("mjs"))
    assert list(container.path("tmp").glob("jm-*")) == []
    go.touch()
    container.started()
    assert not container.path("tmp/jm-stopped").exists()
    assert "STALE" not in assignments(container.path("tmp/mjs_def.sh"))
    assert container.terminate() == 0


def test_a_log_folder_that_is_missing_is_made(make: Make) -> None:
    """B13: without a log volume, upstream's script appends to a file in a folder that does not exist, and ends."""
    container = make()
    container.path("mjs/log").rmdir()
    container.start_and_terminate()
    assert "running: " in container.script_log


def test_the_limit_of_open_files_holds_for_mjs(make: Make) -> None:
    container = make(fileDescriptorUlimit=512)
    container.start_and_terminate()
    assert container.call("mjs").open_files == [512, 512]


def test_a_refused_limit_of_open_files_names_its_setting(make: Make) -> None:
    container = make(fileDescriptorUlimit=512, open_files=256)
    assert container.run_to_end() == 1
    assert "512 open files are not allowed here; lower matlab.fileDescriptorUlimit" in container.script_log
    assert container.calls() == []


def test_no_password_is_an_argument_or_in_the_log(make: Make) -> None:
    """The administrator's password reaches MJS by the environment alone."""
    container = make()
    container.start()
    container.started()
    container.probe()
    container.stop()
    password = container.environment["PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD"]
    assert container.call("startjobmanager").environment["PARALLEL_SERVER_JOBMANAGER_ADMIN_PASSWORD"] == password
    assert not [call for call in container.calls() if password in " ".join(call.arguments)]
    assert password not in container.console + container.script_log


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe"])
def test_the_health_check_asks_mjs(make: Make, probe: str) -> None:
    container = make(matlab="/opt/matlab/R2026a", probes={"livenessTimeout": 17})
    container.start()
    container.started()
    assert container.probe(probe)[0] == 0
    assert container.call("mjshealthcheck").arguments == [
        *("-jobmanager", "MJS_Kubernetes"),
        *("-matlabroot", str(container.path("opt/matlab/R2026a"))),
        *("-baseport", "27350"),
        *("-timeout", "17"),
    ]


def test_an_unhealthy_job_manager_fails_its_probe(make: Make) -> None:
    container = make()
    container.behave("mjshealthcheck", "echo not reachable; exit 5")
    code, output = container.probe()
    assert code == 5
    assert "not reachable" in output


@pytest.mark.parametrize(("root", "used"), [(None, "/opt/matlab"), ("/opt/elsewhere", "/opt/elsewhere")])
def test_the_health_check_does_without_the_file_that_names_matlab(make: Make, root: str | None, used: str) -> None:
    """Probes begin before the start has found MATLAB. Nobody can read a folder as a file, root included."""
    container = make(matlab=used, installation={"root": root})
    container.path("tmp/matlab_root").mkdir()
    assert container.probe()[0] == 0
    arguments = container.call("mjshealthcheck").arguments
    assert arguments[arguments.index("-matlabroot") + 1] == str(container.path(used))


def test_two_job_managers_never_use_one_database(make: Make) -> None:
    """After a drain the new pod started while the old one was still stopping, and both wrote the database."""
    old, new = make(), make()
    new.path("mjs/database").rmdir()
    new.path("mjs/database").symlink_to(old.path("mjs/database"))
    service = old.path("service.pid")
    old.behave("mjs", f'sleep 60 >/dev/null 2>&1 & echo $! >"{service}"')
    old.start()
    old.started()
    new.start()
    eventually(lambda: "waiting for another job manager" in new.console)
    assert old.terminate() == 0
    # MJS outlives the script that started it, and so does the lock.
    assert new.calls("startjobmanager") == []
    assert new.main.poll() is None
    old.close()
    new.started()
    assert new.call("startjobmanager")


def test_a_volume_without_locks_is_used_with_a_warning(make: Make) -> None:
    container = make()
    container.path("bin/flock").write_text("#!/bin/sh\nexit 71\n", encoding="ascii")
    container.path("bin/flock").chmod(0o755)
    container.start_and_terminate()
    assert "offers no locks (flock: 71)" in container.console


@pytest.mark.parametrize(
    ("folder", "setting"), [("mjs/database", "matlab.storage.checkpoint"), ("mjs/log", "matlab.storage.log")]
)
def test_an_unwritable_volume_is_named_with_the_user(make: Make, folder: str, setting: str) -> None:
    container = make()
    container.path(folder).chmod(0o500)
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    if os.geteuid() == 0:
        os.chown(container.path(folder), owner, owner)
    assert container.run_to_end() == 1
    assert f"user {os.geteuid()} cannot write {container.path(folder)}" in container.console
    assert setting in container.console


@pytest.mark.parametrize(("used", "warned"), [("79%", False), ("80%", True), ("100%", True)])
def test_a_volume_that_is_nearly_full_is_said_in_words_that_the_doctor_knows(
    make: Make, used: str, warned: bool
) -> None:
    """The doctor finds the line (MJS068); MJS's own words come only when the volume is full."""
    container = make()
    container.path("bin/df").write_text(f"#!/bin/sh\necho Use%\necho ' {used}'\n", encoding="ascii")
    container.path("bin/df").chmod(0o755)
    container.start_and_terminate()
    line = f"the volume of the job database (matlab.storage.checkpoint) is {used[:-1]} % full"
    assert container.console.count(line) == warned
    findings = [row.code for row in LOG_ROWS if row.code == "MJS068" and re.search(row.pattern, container.console)]
    assert findings == ["MJS068"] * warned
