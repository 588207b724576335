"""What a deployment says about credentials: which of the two rotations it is, and what expires soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.matlab import expiry
from components.matlab.access_settings import Security
from components.matlab.rotation import announcement, given_mark, objections
from components.matlab.settings import Settings
from tests.pem import pair

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OURS = pair("ours")
GIVEN = {"certificate": OURS.certificate, "key": OURS.key}
MARK = given_mark(Security.model_validate({"authority": GIVEN}).authority)


def said(certificates: set[str], **security: Any) -> str:
    """Return what is announced for a state with these certificates of profiles."""
    return " ".join(announcement(Security.model_validate(security), certificates))


@pytest.mark.parametrize(
    ("certificates", "security"),
    [
        (set(), {"credentialsGeneration": 3}),
        ({"metrics-1-client"}, {"leafGeneration": 2}),
        ({"mjs-1-client"}, {}),
        ({"mjs-1-client", "mjs-2-client"}, {"credentialsGeneration": 2}),
        ({"mjs-1-client", "mjs-1-client-2"}, {"leafGeneration": 2}),
        ({"mjs-1-client", f"mjs-1-client-{MARK}"}, {"authority": GIVEN}),
    ],
    ids=["a new stack", "metrics only", "nothing", "as before", "leaves as before", "given as before"],
)
def test_a_deployment_that_replaces_no_credentials_announces_nothing(
    certificates: set[str], security: dict[str, Any]
) -> None:
    assert said(certificates, **security) == ""


@pytest.mark.parametrize(
    ("certificates", "security"),
    [
        ({"mjs-1-client"}, {"credentialsGeneration": 2}),
        ({"mjs-1-client"}, {"credentialsGeneration": 2, "leafGeneration": 2}),
        ({"mjs-1-client"}, {"authority": GIVEN}),
        ({"mjs-1-client", f"mjs-1-client-{MARK}"}, {}),
        ({"mjs-1-client", "mjs-1-client-01234567"}, {"authority": GIVEN}),
    ],
    ids=["increased", "both", "given", "no longer given", "another one given"],
)
def test_a_new_authority_is_announced_with_its_consequence(certificates: set[str], security: dict[str, Any]) -> None:
    assert "every profile that you handed out becomes invalid" in said(certificates, **security)


@pytest.mark.parametrize(
    ("certificates", "security"),
    [
        ({"mjs-1-client"}, {"leafGeneration": 2}),
        ({"mjs-1-client", f"mjs-1-client-{MARK}"}, {"authority": GIVEN, "leafGeneration": 2}),
    ],
    ids=["own", "given"],
)
def test_new_leaves_are_announced_without_alarm(certificates: set[str], security: dict[str, Any]) -> None:
    text = said(certificates, **security)
    assert "The CA stays" in text
    assert "invalid" not in text


@pytest.mark.parametrize(
    ("certificates", "security", "expected"),
    [
        ({"mjs-2-client"}, {"credentialsGeneration": 1}, "Write 2 to keep them, or 3 to replace them."),
        ({"mjs-1-client"}, {"credentialsGeneration": 3}, "Write 1 to keep them, or 2 to replace them."),
        ({"mjs-1-client-2", "mjs-1-client-3"}, {}, "Write 3 to keep them, or 4 to replace them."),
        ({"mjs-1-client"}, {"leafGeneration": 3}, "Write 1 to keep them, or 2 to replace them."),
        ({"mjs-1-client-3"}, {"credentialsGeneration": 2}, "Write 3 to keep them, or 4 to replace them."),
    ],
    ids=["CA decreased", "CA jumps", "leaves decreased", "leaves jump", "leaves start again with the CA"],
)
def test_a_number_that_goes_back_or_jumps_is_rejected(
    certificates: set[str], security: dict[str, Any], expected: str
) -> None:
    """Pulumi said only that a resource "cannot be deleted", after `up` had replaced the CA."""
    (mistake,) = objections(Security.model_validate(security), certificates)
    assert mistake.remedy == expected
    assert mistake.path.removeprefix("matlab.security.") in {"credentialsGeneration", "leafGeneration"}
    assert "This deployment replaces" not in said(certificates, **security)


@pytest.mark.parametrize(
    ("certificates", "security"),
    [
        (set(), {"credentialsGeneration": 3, "leafGeneration": 5}),
        ({"mjs-2-client-2"}, {"credentialsGeneration": 2, "leafGeneration": 2}),
        ({"mjs-2-client-2"}, {"credentialsGeneration": 3, "leafGeneration": 3}),
        ({"mjs-1-client", "mjs-2-client"}, {"credentialsGeneration": 2, "leafGeneration": 2}),
    ],
    ids=["a new stack", "kept", "both replaced", "a rotation that was killed"],
)
def test_other_numbers_are_accepted(certificates: set[str], security: dict[str, Any]) -> None:
    assert list(objections(Security.model_validate(security), certificates)) == []


@pytest.mark.parametrize(("days", "words"), [(61, ""), (59, "expires on 2030-03-01"), (-1, "expired on 2029-12-31")])
def test_the_warning_comes_60_days_before(days: int, words: str) -> None:
    settings = Settings.model_validate({"release": "r2026a", "workers": {"max": 1}})
    end = (NOW + timedelta(days=days)).isoformat()
    warnings = list(expiry.warnings({expiry.PROFILE: end}, settings, NOW))
    assert len(warnings) == bool(words)
    assert all(f"`profile` {words}. Increase matlab.security.leafGeneration" in text for text in warnings)


def test_a_given_authority_is_not_blamed_on_the_generation() -> None:
    """Its warning names the setting, and increasing the generation would not replace it."""
    given = {"release": "r2026a", "workers": {"max": 1}, "security": {"authority": GIVEN}}
    settings = Settings.model_validate(given)
    assert list(expiry.warnings({expiry.AUTHORITY: NOW.isoformat()}, settings, NOW)) == []
