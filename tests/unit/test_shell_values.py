"""Values reach the scripts as they were typed, whatever characters they hold (B20): read back with a real bash."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.matlab import job_manager, pods, workers
from components.matlab.topology import Topology
from components.shared.shell import assignments
from tests.unit.clusters import cluster

AWKWARD = (
    "it's",
    'say "hello"',
    "$HOME and ${PATH}",
    "$(touch owned) `touch owned`",
    "back\\slash \\n \\\\",
    "semi;colon & ampersand | pipe > file",
    "* ? [a-z] ~ !history #comment",
    "Größe 数",
    "%s %% {braces} $$",
)


def read_back(script: str, *names: str) -> list[str]:
    """The values of shell variables after a script was sourced, under the options of our own scripts."""
    command = 'source /dev/stdin; for name in "$@"; do printf "%s\\0" "${!name}"; done'
    run = ["bash", "--norc", "-euo", "pipefail", "-c", command, "bash", *names]
    done = subprocess.run(run, input=script.encode(), capture_output=True, check=True, env={"LOGBASE": "/logs of/w1"})
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


def with_name(name: str) -> Topology:
    return cluster(
        {
            "jobManager": {"name": name},
            "security": {"adminUser": name, "adminPassword": "of the LDAP administrator"},
            "ldap": {"url": "ldap://ldap.example.org:389", "securityPrincipalFormat": f"[username]{name}"},
            "installation": {"root": "/opt/my $matlab's"},
        }
    )


@pytest.mark.parametrize("name", AWKWARD)
def test_the_job_managers_scripts_read_what_was_typed(name: str) -> None:
    data = job_manager.configuration(with_name(name))["data"]
    variables = ("CLUSTER_JOB_MANAGER_NAME", "CLUSTER_MATLAB_ROOT", "CLUSTER_BASE_PORT")
    assert read_back(data["settings.sh"], *variables) == [name, "/opt/my $matlab's", "27350"]
    definitions = ("ADMIN_USER", "LDAP_SECURITY_PRINCIPAL_FORMAT", "LDAP_URL", "SECURITY_LEVEL")
    assert read_back(data["mjs_def.sh"], *definitions) == [
        name,
        f"[username]{name}",
        "ldap://ldap.example.org:389",
        "2",
    ]


@pytest.mark.parametrize("name", AWKWARD)
def test_the_workers_scripts_read_what_was_typed(name: str) -> None:
    data = workers.configuration(with_name(name))["data"]
    variables = ("CLUSTER_JOB_MANAGER_NAME", "CLUSTER_MATLAB_ROOT", "CLUSTER_SCRIPT_LOG")
    assert read_back(data["settings.sh"], *variables) == [name, "/opt/my $matlab's", "/logs of/w1/script-log.log"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=20))
def test_any_text_survives_the_shell(values: list[str]) -> None:
    names = [f"V{index}" for index in range(len(values))]
    assert read_back(assignments(dict(zip(names, values, strict=True))), *names) == values


def test_truth_is_written_as_mjs_reads_it() -> None:
    assert assignments({"A": True, "B": False, "C": 7, "D": ""}) == "A=true\nB=false\nC=7\nD=''\n"


def test_no_script_is_written_by_the_program() -> None:
    """Scripts are files of the repository, byte for byte, with their own linter; values come beside them."""
    for configuration in (job_manager.configuration(cluster()), workers.configuration(cluster())):
        scripts = {
            name: text for name, text in configuration["data"].items() if name not in {"settings.sh", "mjs_def.sh"}
        }
        assert scripts == {name: (Path(pods.FILES) / name).read_text(encoding="utf-8") for name in scripts}
