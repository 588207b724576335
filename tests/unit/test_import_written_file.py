"""Whatever the values hold, the written stack file reads back as the settings, or nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from components import stack_file
from components.matlab.upstream import KEYS
from generators.samples import authority
from ops.errors import CommandError
from ops.helm_import.stack_file_text import document, nested
from ops.helm_import.translation import differences, translate
from tests.unit.import_cases import SMALL, Importer


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Importer:
    return Importer(tmp_path, capsys)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(min_size=1, max_size=8), anything, max_size=6))
def test_whatever_the_values_hold_each_key_becomes_a_setting_or_a_reason(values: dict[str, Any]) -> None:
    assert set(translate(values, (2, 1, 1)).outcomes) == set(values)


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(min_size=1, max_size=8), anything, max_size=6))
def test_the_file_reads_back_as_the_settings_or_is_not_written(values: dict[str, Any]) -> None:
    """Texts with line breaks, in keys too, must not get out of their comments; numbers and texts stay apart."""
    result = translate(values, (1, 2, 0))
    differences(result, "lab")
    try:
        text = document([*result.left_out, *map(str, result.mistakes)], [], result.settings)
    except CommandError as error:
        assert "cannot hold the value of" in str(error)  # noqa: PT017 - most values are written
        return
    assert stack_file.parsed(text.encode()).config["matlab"] == nested(result.settings)
    assert yaml.safe_load(text)["config"]["clusters:matlab"] == nested(result.settings)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n\r\n", " \n\t\n"])
def test_a_certificate_may_end_in_blank_lines(run: Importer, tmp_path: Path, end: str) -> None:
    """A block of YAML that ended in a blank line made a file that was not YAML."""
    pem = authority("ldap")[0].rstrip()
    (tmp_path / "cert.pem").write_text(f"{pem}{end}", encoding="utf-8", newline="")
    values = {**SMALL, "ldapURL": "ldaps://l.example.org:636", "ldapSecurityPrincipalFormat": "[username]@l"}
    result = run(values, "--context", "lab", "--ldap-certificate", str(tmp_path / "cert.pem"))
    assert result.matlab["ldap"]["certificate"] == f"{pem}\n"


@pytest.mark.parametrize(
    "text",
    ["a\u2028b", "a\x85b", "a\u2029b\n", "two\nlines", "ends\n\n", "a \nb\n", "  a\nb\n", "\tb", "\ufeffx"],
)
def test_a_text_reads_back_unchanged(run: Importer, text: str) -> None:
    result = run({**SMALL, "extraWorkerEnv": {"A": text}}, "--context", "lab")
    read = stack_file.parsed(result.text.encode()).config["matlab"]
    assert read["workers"]["env"] == {"A": text}


@pytest.mark.parametrize("text", ["\na", "\t\na", "\u2028\na"])
def test_a_text_that_pulumi_would_change_is_named_and_nothing_is_written(run: Importer, text: str) -> None:
    """The CLI loses a line break at the beginning (tests/e2e/test_stack_file.py)."""
    result = run({**SMALL, "extraWorkerEnv": {"A": text}}, "--context", "lab")
    assert (result.code, result.file.exists()) == (1, False)
    assert "cannot hold the value of extraWorkerEnv" in result.err
