"""A worker's scripts, run for real with stand-ins for MATLAB's commands and those that need root."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.container import assignments, options
from tests.tools.roles import (
    AWKWARD,
    WORKER_HOST,
    WORKER_NAME,
    WORKER_PASSWORD,
    Make,
    making,
    worker_container,
)

PASSWORDS = ("plain", "two words ", "a:b::c", "$HOME`id`$(id)", """'"'"'\\""", "%s%n\\n", "-e", "!#;&|", "pässwörd京")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make containers of a worker."""
    with making(worker_container, tmp_path) as make:
        yield make


def test_user_mjs_and_worker_come_in_this_order(make: Make) -> None:
    container = make()
    container.start_and_terminate()
    assert [call.command for call in container.calls()] == ["id", "useradd", "chpasswd", "mjs", "startworker"]
    assert container.call("mjs").arguments == [
        *("start", "-mjsdef", str(container.path("tmp/mjs_def.sh"))),
        *("-loglevel", "0", "-disablereliableconnections"),
    ]


@pytest.mark.parametrize("verification", [False, True])
def test_the_worker_is_started_for_its_job_manager(make: Make, verification: bool) -> None:
    """The job manager's name is quoted on its way (B20)."""
    security = {"requireScriptVerification": verification}
    container = make(jobManager={"name": AWKWARD}, network={"basePort": 30100}, security=security)
    container.start_and_terminate()
    expected = {
        "-jobmanager": AWKWARD,
        "-jobmanagerhost": "mjs-job-manager",
        "-name": WORKER_NAME,
        "-baseport": "30100",
        "-scriptlogfile": str(container.log_folder / "script-log.log"),
    }
    if verification:
        expected["-secretfile"] = str(container.path("mjs/secret/secret.json"))
    assert options(container.call("startworker").arguments) == expected


def test_it_is_stopped_in_order(make: Make) -> None:
    container = make()
    container.start()
    container.started()
    assert container.stop()[0] == 0
    assert container.exit_code() == 0
    cleaning, *rest = container.calls()[-1].arguments
    assert container.calls()[-1].command == "stopworker"
    assert cleaning == "-clean"
    assert options(rest) == {
        "-name": WORKER_NAME,
        "-baseport": "27350",
        "-scriptlogfile": str(container.log_folder / "script-log.log"),
        "-secretfile": str(container.path("mjs/secret/secret.json")),
    }
    assert container.script_log.endswith(" stopped\n")


def test_a_stop_before_the_start_ends_within_the_grace_period(make: Make) -> None:
    """B27: upstream's hook loops until it is killed. Here not even the folder of the log exists yet."""
    container = make(workers={"max": 4, "stopWorkerGracePeriod": 11})
    code, output = container.stop()
    assert code == 0
    assert "not started within 1 seconds, nothing to stop" in output
    assert container.calls() == []


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_password_goes_through_standard_input_and_nowhere_else(make: Make, password: str) -> None:
    """B20: upstream pastes the password into commands, where every process reads it, and breaks on most of these."""
    container = make(password=password, workers={"max": 4, "username": "cluster_user"})
    container.start_and_terminate()
    assert container.call("chpasswd").input == f"cluster_user:{password}\n"
    assert container.call("chpasswd").arguments == []
    assert not [call for call in container.calls() if password in call.arguments]
    if len(password) > 2:  # two characters are in any text
        assert password not in container.console + container.script_log


def test_mjs_and_the_users_code_do_not_inherit_the_password(make: Make) -> None:
    container = make()
    container.start_and_terminate()
    for command in ("mjs", "startworker"):
        assert WORKER_PASSWORD not in container.call(command).environment.values()


def test_the_user_is_made_with_a_home(make: Make) -> None:
    container = make(workers={"max": 4, "username": "cluster_user"})
    container.start_and_terminate()
    assert container.call("id").arguments == ["-u", "cluster_user"]
    assert container.call("useradd").arguments == ["--create-home", "--shell", "/bin/bash", "cluster_user"]


def test_a_user_of_the_image_is_taken(make: Make) -> None:
    container = make()
    container.behave("id", "echo 1000")
    container.start_and_terminate()
    assert container.calls("useradd") == []
    assert container.call("chpasswd").input == f"matlab:{WORKER_PASSWORD}\n"


@pytest.mark.parametrize("command", ["useradd", "chpasswd", "mjs", "startworker"])
def test_a_command_that_fails_ends_the_container_with_its_last_words_in_the_log(make: Make, command: str) -> None:
    container = make()
    container.behave(command, "echo this is why >&2; exit 3")
    assert container.run_to_end() != 0
    for text in (container.console, container.script_log):
        assert "this is why\n" in text
        assert text.rstrip().endswith(f"{command} ended with exit code 3")
        assert WORKER_PASSWORD not in text
    assert container.calls()[-1].command == command


def test_the_log_folder_is_writable_for_the_worker_user(make: Make) -> None:
    container = make()
    container.start_and_terminate()
    assert stat.S_IMODE(container.log_folder.stat().st_mode) & 0o777 == 0o777


def test_a_restart_finds_its_log_folder_and_forgets_the_last_run(make: Make) -> None:
    container = make()
    container.log_folder.mkdir()
    (container.log_folder / "script-log.log").write_text("of the last run\n", encoding="ascii")
    container.path("tmp/worker-stopped").touch()
    container.start_and_terminate()
    assert container.script_log.startswith("of the last run\n")
    assert container.calls("startworker")


def test_the_definition_file_says_what_mjs_has_to_know(make: Make) -> None:
    """Nothing of administrators, LDAP or metrics."""
    claims = ["matlab-r2024b", "matlab.r2025b"]
    container = make(installation={"additionalClaims": claims, "javaClaim": "java"})
    container.start_and_terminate()
    assert assignments(container.path("tmp/mjs_def.sh")) == {
        "BASE_PORT": "27350",
        "CHECKPOINTBASE": "/tmp/checkpoint",  # noqa: S108 - upstream's path
        "PIDBASE": "/tmp/pid",  # noqa: S108 - upstream's path
        "USE_SECURE_COMMUNICATION": "true",
        "REQUIRE_CLIENT_CERTIFICATE": "true",
        "REQUIRE_SCRIPT_VERIFICATION": "true",
        "SECURITY_LEVEL": "2",
        "SHARED_SECRET_FILE": "/mjs/secret/secret.json",
        "USE_ONLINE_LICENSING": "false",
        "MJS_JAVA": "/usr/local/share/matlab/mjs/java",
        "MJS_ADDITIONAL_MATLABROOTS": "/opt/additionalmatlab/matlab-r2024b:/opt/additionalmatlab/matlab.r2025b",
        "HOSTNAME": WORKER_HOST,
        "LOGBASE": str(container.log_folder),
    }


def test_the_limit_of_open_files_holds_for_mjs(make: Make) -> None:
    container = make(fileDescriptorUlimit=512)
    container.start_and_terminate()
    assert container.call("mjs").open_files == [512, 512]


def test_a_refused_limit_of_open_files_names_its_setting(make: Make) -> None:
    container = make(fileDescriptorUlimit=512, open_files=256)
    assert container.run_to_end() == 1
    assert "512 open files are not allowed here; lower matlab.fileDescriptorUlimit" in container.script_log
    assert container.calls("mjs") == []


def test_without_matlab_it_says_where_it_looked(make: Make) -> None:
    container = make(matlab=None)
    assert container.run_to_end() == 1
    assert f"no MATLAB Parallel Server in {container.path('opt/matlab')} " in container.script_log


def test_the_health_check_asks_mjs(make: Make) -> None:
    container = make(matlab="/opt/matlab/R2026a", probes={"livenessTimeout": 17})
    container.start()
    container.started()
    assert container.probe()[0] == 0
    assert container.call("mjshealthcheck").arguments == [
        *("-worker", "-matlabroot", str(container.path("opt/matlab/R2026a"))),
        *("-baseport", "27350"),
        *("-timeout", "17"),
    ]


def test_the_health_check_does_without_the_file_that_names_matlab(make: Make) -> None:
    container = make()
    container.path("tmp/matlab_root").mkdir()
    assert container.probe()[0] == 0
    arguments = container.call("mjshealthcheck").arguments
    assert arguments[arguments.index("-matlabroot") + 1] == str(container.path("opt/matlab"))


def test_an_unwritable_log_volume_is_named_with_the_user(make: Make) -> None:
    """It used to end in an error of mkdir that did not name the setting."""
    container = make()
    # Root writes into every folder, but not below a file.
    container.path("mjs/log").rmdir()
    container.path("mjs/log").touch()
    assert container.run_to_end() == 1
    assert f"user {os.geteuid()} cannot write {container.path('mjs/log')}/" in container.console
    assert "matlab.storage.workerLog" in container.console
