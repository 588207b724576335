"""Users from a real LDAP server over TLS, in the job manager's container with a real keytool and a real Java.

The last of the tests of MATLAB, because it leaves the stack with an LDAP server.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.matlab import names
from tests.node.addresses import LDAP
from tests.node.ldap import ADMINISTRATOR, PORT, SUFFIX, directory
from tests.node.stack import Stack
from tests.pem import pair

PASSWORD = "Passw0rd-1"


@pytest.fixture(scope="module")
def authenticated(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack with the LDAP server and its certificate."""
    checkout, server = stack.checkout, pair("ldap.example.org", addresses=(LDAP,))
    assert not stack.cluster.reaches(stack.pod(names.JOB_MANAGER), LDAP, PORT)
    checkout.matlab["security"] = {"level": 2, "adminUser": ADMINISTRATOR}
    checkout.matlab["ldap"] = {
        "url": f"ldaps://{LDAP}:{PORT}",
        "securityPrincipalFormat": f"cn=[username],{SUFFIX}",
        "certificate": server.certificate,
    }
    checkout.set_secret("matlab.security.adminPassword", PASSWORD)
    checkout.run("up")
    return stack


@pytest.fixture(autouse=True)
def server(tmp_path: Path) -> Iterator[None]:
    with directory(tmp_path / "ldap", pair("ldap.example.org", addresses=(LDAP,)), PASSWORD):
        yield


def login(stack: Stack, user: str, password: str, *, trust: bool = True) -> str:
    """What Java says when the job manager logs a user in; `trust`: with the trust store that its script has made."""
    said: str = stack.ask("login", user=user, password=password, trust=trust)["said"]
    return said


def test_users_log_in_over_tls_with_the_configured_certificate(authenticated: Stack) -> None:
    assert login(authenticated, ADMINISTRATOR, PASSWORD) == "bound\n"
    assert "Invalid Credentials" in login(authenticated, ADMINISTRATOR, "wrong")
    assert "Invalid Credentials" in login(authenticated, "nobody", PASSWORD)


def test_without_it_java_does_not_trust_the_server(authenticated: Stack) -> None:
    assert "unable to find valid certification path" in login(authenticated, ADMINISTRATOR, PASSWORD, trust=False)


def test_only_the_job_manager_reaches_the_ldap_server(authenticated: Stack) -> None:
    reaches = authenticated.cluster.reaches
    assert reaches(authenticated.pod(names.JOB_MANAGER), LDAP, PORT)
    for app in (names.CONTROLLER, names.INGRESS_PROXY):
        assert not reaches(authenticated.pod(app), LDAP, PORT), app
