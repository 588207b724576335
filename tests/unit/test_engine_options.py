"""Commands, flags and values that the small engine refuses; test_engine_programs has the programs."""

from __future__ import annotations

import pytest

from tests.small_programs import Project
from tests.unit.test_engine_programs import project

__all__ = ["project"]


def test_a_custom_timeout_that_is_none_is_refused(project: Project) -> None:
    options = 'custom_timeouts=pulumi.CustomTimeouts(delete="soon")'
    _, errors = project.run("up", program=f'random.RandomPassword("p", length=8, opts=O({options}))\n', code=1)
    assert "'soon' is not a duration such as 10m or 1h30m" in errors


@pytest.mark.parametrize("command", ["refresh", "import", "cancel", "stack", "config", "state", "watch"])
def test_the_commands_of_the_cli_are_not_imitated(project: Project, command: str) -> None:
    assert "invalid choice" in project.run(command, program="", code=2)[1]


@pytest.mark.parametrize("flag", ["--target=urn", "--exclude=urn", "--refresh", "--replace=urn", "--policy-pack=x"])
def test_flags_that_narrow_a_run_are_not_ignored(project: Project, flag: str) -> None:
    assert "unrecognized arguments" in project.run("up", flag, program="", code=2)[1]
