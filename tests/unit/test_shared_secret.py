"""`python -m ops shared-secret`: a job manager's CA on its way into the settings of a stack."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from components.matlab.access_settings import Authority
from ops.__main__ import main
from tests.pem import Pair, pair

OURS = pair("server")
MJS_PASSWORD = "privatepw"


def pkcs12(folder: Path, ours: Pair = OURS, password: str = MJS_PASSWORD) -> Path:
    """A PKCS#12 file that OpenSSL has made."""
    for name, text in (("certificate", ours.certificate), ("key", ours.key)):
        (folder / name).write_text(text)
    words = ["-export", "-in", "certificate", "-inkey", "key", "-out", "secret", "-passout", f"pass:{password}"]
    subprocess.run(["openssl", "pkcs12", *words], cwd=folder, check=True)
    return folder / "secret"


def as_json(folder: Path, certificate: str, key: str) -> Path:
    (folder / "secret").write_text(json.dumps({"serverCert": certificate, "serverKey": key}))
    return folder / "secret"


@pytest.mark.parametrize("form", ["PKCS#12", "JSON"])
def test_both_forms_become_settings(tmp_path: Path, form: str) -> None:
    source = pkcs12(tmp_path) if form == "PKCS#12" else as_json(tmp_path, *OURS)
    out = tmp_path / "authority.json"
    assert main(["shared-secret", "--in", str(source), "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    found = json.loads(out.read_text())
    given = Authority.model_validate({"certificate": found["serverCert"], "key": found["serverKey"]})
    assert given.certificate == OURS.certificate
    assert given.key is not None
    assert given.key.get_secret_value() == OURS.key


def refused(capsys: pytest.CaptureFixture[str], source: Path) -> str:
    out = source.with_name("authority.json")
    assert main(["shared-secret", "--in", str(source), "--out", str(out)]) == 2
    assert not out.exists()
    text = capsys.readouterr()
    assert "PRIVATE KEY" not in text.out + text.err
    return text.err


def test_what_mjs_could_not_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("c2VjcmV0")
    assert "Was it decoded with `base64 -d`?" in refused(capsys, tmp_path / "secret")
    assert "neither JSON nor a PKCS#12 file" in refused(capsys, pkcs12(tmp_path, password="another"))
    (tmp_path / "secret").write_text("{}")
    assert "JSON without serverCert and serverKey" in refused(capsys, tmp_path / "secret")
    leaf = pair("leaf", authority=False)
    assert "is not the certificate of a CA" in refused(capsys, pkcs12(tmp_path, leaf))
    old = pair("old", ends=timedelta(days=-1))
    assert "its certificate expired on" in refused(capsys, pkcs12(tmp_path, old))
    assert "the key is not the key of the certificate" in refused(capsys, as_json(tmp_path, OURS.certificate, leaf.key))
    assert "its key is not a private key in PEM" in refused(capsys, as_json(tmp_path, OURS.certificate, "no key"))
    assert "its certificate is damaged" in refused(capsys, as_json(tmp_path, OURS.certificate[:99], OURS.key))


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--out` with the file of the secret would destroy the only copy."""
    source = as_json(tmp_path, *OURS)
    before = source.read_bytes()
    assert main(["shared-secret", "--in", str(source), "--out", str(source)]) == 2
    assert "File exists" in capsys.readouterr().err
    assert source.read_bytes() == before
