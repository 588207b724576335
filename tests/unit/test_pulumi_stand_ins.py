"""The stand-ins for the providers `tls` and `random`: what they make, read back with an independent parser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pulumi.runtime.proto import provider_pb2

from local.pulumi.stand_ins import KINDS, UNKNOWN, Provider, changes, decoded, encoded, refusals

PASSWORD = "random:index/randomPassword:RandomPassword"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
VALIDITY_HOURS = 87600


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::clusters::clusters:matlab:Credentials${kind}::name"


def make(kind: str, **inputs: Any) -> dict[str, Any]:
    """Create a resource as the engine does, once its inputs have passed the check."""
    name = next(name for name in KINDS if name.endswith(f":{kind}"))
    checked = Provider("1.0.0").Check(provider_pb2.CheckRequest(urn=urn(name), news=encoded(inputs)), None)
    assert not checked.failures
    request = provider_pb2.CreateRequest(urn=urn(name), properties=checked.inputs)
    return decoded(Provider("1.0.0").Create(request, None).properties)


@pytest.fixture(scope="module")
def key() -> dict[str, Any]:
    return make("PrivateKey", algorithm="RSA", rsaBits=4096)


@pytest.fixture(scope="module")
def authority(key: dict[str, Any]) -> dict[str, Any]:
    return make(
        "SelfSignedCert", privateKeyPem=key["privateKeyPem"], isCaCertificate=True, allowedUses=[],
        validityPeriodHours=VALIDITY_HOURS, subject={"commonName": "mjs"},
    )  # fmt: skip


def parsed(outputs: dict[str, Any]) -> x509.Certificate:
    return x509.load_pem_x509_certificate(outputs["certPem"].encode())


def extensions(certificate: x509.Certificate) -> set[type]:
    return {type(extension.value) for extension in certificate.extensions}


def test_an_rsa_key_has_every_form_of_the_official_provider(key: dict[str, Any]) -> None:
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


def test_an_authority_without_uses_has_exactly_the_extensions_of_the_official_provider(
    authority: dict[str, Any],
) -> None:
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
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == dt.timedelta(hours=VALIDITY_HOURS)


@pytest.mark.parametrize(
    ("name", "kind"), [("client (1)", "PrintableString"), ("müller", "UTF8String"), ("*.a", "UTF8String")]
)
def test_a_name_is_written_as_go_writes_it(key: dict[str, Any], name: str, kind: str) -> None:
    """A request's id is the hash of its bytes: a rebuilt state had other ids than the lost one."""
    request = make("CertRequest", privateKeyPem=key["privateKeyPem"], subject={"commonName": name})
    (attribute,) = x509.load_pem_x509_csr(request["certRequestPem"].encode()).subject
    assert (attribute.value, attribute._type.name) == (name, kind)


def test_a_leaf_names_its_authority_and_is_signed_by_it(key: dict[str, Any], authority: dict[str, Any]) -> None:
    leaf_key = make("PrivateKey", algorithm="RSA")
    request = make(
        "CertRequest", privateKeyPem=leaf_key["privateKeyPem"], subject={"commonName": "leaf"},
        dnsNames=["a.example.org"], ipAddresses=["10.0.0.1", "::1"],
    )  # fmt: skip
    leaf = make(
        "LocallySignedCert", certRequestPem=request["certRequestPem"], caCertPem=authority["certPem"],
        caPrivateKeyPem=key["privateKeyPemPkcs8"], allowedUses=[], validityPeriodHours=24,
    )  # fmt: skip
    certificate, issuer = parsed(leaf), parsed(authority)
    assert extensions(certificate) == {x509.BasicConstraints, x509.AuthorityKeyIdentifier, x509.SubjectAlternativeName}
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    found = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert found.key_identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example.org"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1", "::1"]
    certificate.verify_directly_issued_by(issuer)
    public = issuer.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), hashes.SHA256())


def test_the_state_has_what_the_official_providers_put_there(key: dict[str, Any], authority: dict[str, Any]) -> None:
    """Official plugins read this state later. An output that they miss, or another default, would be a difference."""
    assert (key["rsaBits"], key["ecdsaCurve"]) == (4096, "P224")
    assert (authority["keyAlgorithm"], authority["readyForRenewal"]) == ("RSA", False)
    assert (authority["earlyRenewalHours"], authority["setSubjectKeyId"]) == (0, False)
    for name, moment in (
        ("validityStartTime", parsed(authority).not_valid_before_utc),
        ("validityEndTime", parsed(authority).not_valid_after_utc),
    ):
        assert authority[name] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    password = make("RandomPassword", length=24, special=False)
    switches = {name: password[name] for name in ("lower", "upper", "numeric", "number", "special")}
    assert switches == {"lower": True, "upper": True, "numeric": True, "number": True, "special": False}
    assert {password[name] for name in ("minLower", "minUpper", "minNumeric", "minSpecial")} == {0}


def test_a_password_has_its_length_and_its_alphabet() -> None:
    made = make("RandomPassword", length=40, special=False, upper=False)
    assert len(made["result"]) == 40
    assert made["result"].isalnum()
    assert made["result"] == made["result"].lower()
    assert make("RandomPassword", length=20)["result"] != make("RandomPassword", length=20)["result"]
    with pytest.raises(ValueError, match="at least one"):
        KINDS[PASSWORD].make({"length": 9, "lower": False, "upper": False, "numeric": False, "special": False})


@pytest.mark.parametrize(
    ("kind", "inputs", "at_fault"),
    [
        ("tls:index/privateKey:PrivateKey", {"algorithm": "ECDSA"}, "algorithm"),
        ("tls:index/privateKey:PrivateKey", {"algorithm": "RSA", "ecdsaCurve": "P256"}, "ecdsaCurve"),
        (SELF_SIGNED, {"allowedUses": ["server_auth"]}, "allowedUses"),
        (SELF_SIGNED, {"subject": {"commonName": "x", "organization": "Lab"}}, "subject"),
        (PASSWORD, {"length": 9, "minLower": 3}, "minLower"),
        ("random:index/randomPet:RandomPet", {}, ""),
    ],
)
def test_what_only_the_official_plugin_can_do_is_refused_by_name(
    kind: str, inputs: dict[str, Any], at_fault: str
) -> None:
    reasons = refusals(kind, inputs)
    assert list(reasons) == [at_fault]
    assert "official" in reasons[at_fault] or "Pulumi's own plugin" in reasons[at_fault]


def test_a_value_that_a_preview_cannot_know_is_no_mistake() -> None:
    assert not refusals("tls:index/privateKey:PrivateKey", {"algorithm": UNKNOWN})
    assert not refusals(SELF_SIGNED, {"subject": UNKNOWN, "privateKeyPem": UNKNOWN})


def test_notes_of_the_official_providers_in_the_state_are_no_change() -> None:
    """Their inputs hold `__defaults` on every level, ours do not: a stack that moved would be replaced otherwise."""
    official = {"subject": {"commonName": "mjs", "__defaults": []}, "allowedUses": [], "__defaults": []}
    ours = {"subject": {"commonName": "mjs"}, "allowedUses": []}
    request = provider_pb2.DiffRequest(old_inputs=encoded(official), news=encoded(ours))
    assert Provider("1.0.0").Diff(request, None).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_any_other_change_replaces() -> None:
    request = provider_pb2.DiffRequest(old_inputs=encoded({"length": 24}), news=encoded({"length": 32}))
    answer = Provider("1.0.0").Diff(request, None)
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, ["length"])


def test_a_certificate_is_renewed_inside_its_early_hours_only(authority: dict[str, Any]) -> None:
    def renewed(outputs: dict[str, Any], hours: int) -> bool:
        inputs = {"earlyRenewalHours": hours}
        return changes(inputs, inputs, outputs) == ["readyForRenewal"]

    assert not renewed(authority, 0)
    assert not renewed(authority, VALIDITY_HOURS - 600)
    assert renewed(authority, VALIDITY_HOURS)
    assert not renewed({}, 5)


def test_a_refresh_keeps_what_the_state_holds(key: dict[str, Any]) -> None:
    request = provider_pb2.ReadRequest(id="x", properties=encoded(key), inputs=encoded({"algorithm": "RSA"}))
    answer = Provider("1.0.0").Read(request, None)
    assert (answer.id, decoded(answer.properties), decoded(answer.inputs)) == ("x", key, {"algorithm": "RSA"})
