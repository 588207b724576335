"""Keys, certificates and passwords, read back with an independent parser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from local.engine.crypto_resources import RESOURCES, needs_renewal
from local.engine.errors import EngineError, NeedsCli


def make(kind: str, **inputs: Any) -> dict[str, Any]:
    compute = next(compute for name, (compute, _) in RESOURCES.items() if name.endswith(f":{kind}"))
    return compute(inputs)[1]


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    return make("PrivateKey", algorithm="RSA", rsaBits=4096)


@pytest.fixture(scope="module")
def authority(key: dict[str, Any]) -> dict[str, Any]:
    return make(
        "SelfSignedCert", privateKeyPem=key["privateKeyPem"], isCaCertificate=True, allowedUses=[],
        validityPeriodHours=87600, subject={"commonName": "mjs"},
    )  # fmt: skip


def parsed(outputs: dict[str, Any]) -> x509.Certificate:
    return x509.load_pem_x509_certificate(outputs["certPem"].encode())


def extensions(certificate: x509.Certificate) -> set[type]:
    return {type(extension.value) for extension in certificate.extensions}


def test_an_rsa_key_comes_in_all_forms_of_the_provider(key: dict[str, Any]) -> None:
    assert key["privateKeyPem"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert key["privateKeyPemPkcs8"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert key["privateKeyOpenssh"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert key["publicKeyOpenssh"].startswith("ssh-rsa ")
    assert key["publicKeyFingerprintSha256"].startswith("SHA256:")
    assert key["publicKeyFingerprintMd5"].count(":") == 15
    numbers = set()
    for name in ("privateKeyPem", "privateKeyPemPkcs8"):
        private = serialization.load_pem_private_key(key[name].encode(), None)
        assert isinstance(private, rsa.RSAPrivateKey)
        assert private.key_size == 4096
        numbers.add(private.public_key().public_numbers())
    public = serialization.load_pem_public_key(key["publicKeyPem"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    assert numbers == {public.public_numbers()}


def test_an_elliptic_key_has_its_curve_and_p224_has_no_ssh_form() -> None:
    made = make("PrivateKey", algorithm="ECDSA", ecdsaCurve="P384")
    private = serialization.load_pem_private_key(made["privateKeyPem"].encode(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert private.curve.name == "secp384r1"
    assert make("PrivateKey", algorithm="ECDSA")["publicKeyOpenssh"] == ""
    with pytest.raises(EngineError, match="DSA"):
        make("PrivateKey", algorithm="DSA")


def test_an_authority_without_uses_has_exactly_the_extensions_of_the_provider(authority: dict[str, Any]) -> None:
    """Both certificates serve on both sides of TLS: a key usage would make a Java peer refuse them."""
    certificate = parsed(authority)
    assert extensions(certificate) == {x509.BasicConstraints, x509.SubjectKeyIdentifier}
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, None)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    assert certificate.issuer == certificate.subject == x509.Name.from_rfc4514_string("CN=mjs")
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == dt.timedelta(hours=87600)
    assert dt.datetime.fromisoformat(authority["validityEndTime"]) == certificate.not_valid_after_utc
    assert authority["readyForRenewal"] is False
    assert authority["keyAlgorithm"] == "RSA"


def test_a_leaf_names_its_authority_and_is_signed_by_it(key: dict[str, Any], authority: dict[str, Any]) -> None:
    leaf_key = make("PrivateKey", algorithm="ECDSA", ecdsaCurve="P256")
    request = make(
        "CertRequest", privateKeyPem=leaf_key["privateKeyPem"], subject={"commonName": "leaf", "organization": "Lab"},
        dnsNames=["a.example.org"], ipAddresses=["10.0.0.1", "::1"],
    )  # fmt: skip
    leaf = make(
        "LocallySignedCert", certRequestPem=request["certRequestPem"], caCertPem=authority["certPem"],
        caPrivateKeyPem=key["privateKeyPemPkcs8"], allowedUses=[], validityPeriodHours=24,
    )  # fmt: skip
    certificate = parsed(leaf)
    assert extensions(certificate) == {x509.BasicConstraints, x509.AuthorityKeyIdentifier, x509.SubjectAlternativeName}
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    issuer = parsed(authority)
    found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert found.key_identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example.org"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1", "::1"]
    certificate.verify_directly_issued_by(issuer)
    public = issuer.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA256())
    assert leaf["caKeyAlgorithm"] == "RSA"


def test_allowed_uses_and_key_identifiers_appear_when_asked_for(key: dict[str, Any]) -> None:
    made = make(
        "SelfSignedCert", privateKeyPem=key["privateKeyPem"], allowedUses=["digital_signature", "server_auth"],
        setSubjectKeyId=True, setAuthorityKeyId=True, validityPeriodHours=1, subject={"commonName": "x"},
    )  # fmt: skip
    certificate = parsed(made)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert {x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier} < extensions(certificate)
    with pytest.raises(NeedsCli, match="netscape"):
        make("SelfSignedCert", privateKeyPem=key["privateKeyPem"], allowedUses=["netscape_x"], validityPeriodHours=1)


def test_renewal_begins_inside_the_early_hours_only(authority: dict[str, Any]) -> None:
    assert not needs_renewal(authority, 0)
    assert not needs_renewal(authority, 87000)
    assert needs_renewal(authority, 87600)
    assert not needs_renewal({}, 5)


def test_a_password_has_its_length_its_alphabet_and_its_minima() -> None:
    made = make("RandomPassword", length=40, special=False, upper=False, minNumeric=30)
    assert len(made["result"]) == 40
    assert made["result"].isalnum()
    assert made["result"] == made["result"].lower()
    assert sum(letter.isdigit() for letter in made["result"]) >= 30
    only = make("RandomPassword", length=9, lower=False, upper=False, numeric=False, overrideSpecial="_-")
    assert set(only["result"]) <= set("_-")
    assert make("RandomPassword", length=20)["result"] != make("RandomPassword", length=20)["result"]
    with pytest.raises(EngineError, match="less than the sum"):
        make("RandomPassword", length=2, minLower=3)
