"""Keys and certificates, as the provider tls makes them.

Same outputs, defaults and certificate extensions as hashicorp/terraform-provider-tls internal/provider (common_cert.go,
resource_*.go), on which the Pulumi provider stands, and as Go's crypto/x509, which it signs with.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.engine.errors import EngineError, NeedsCli
from local.engine.values import Json

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
Computed = tuple[str, Json]
"""The id and the outputs of a resource."""

_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}

# In the order in which Go's pkix.Name writes them.
_NAMES = (
    ("country", NameOID.COUNTRY_NAME),
    ("organization", NameOID.ORGANIZATION_NAME),
    ("organizationalUnit", NameOID.ORGANIZATIONAL_UNIT_NAME),
    ("locality", NameOID.LOCALITY_NAME),
    ("province", NameOID.STATE_OR_PROVINCE_NAME),
    ("streetAddresses", NameOID.STREET_ADDRESS),
    ("postalCode", NameOID.POSTAL_CODE),
    ("commonName", NameOID.COMMON_NAME),
    ("serialNumber", NameOID.SERIAL_NUMBER),
)
_KEY_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
               "cert_signing", "crl_signing", "encipher_only", "decipher_only")  # fmt: skip
_EXTENDED_USAGES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}


def private_key(inputs: Json) -> Computed:
    """tls.PrivateKey."""
    algorithm, bits, curve = inputs["algorithm"], inputs.get("rsaBits") or 2048, inputs.get("ecdsaCurve") or "P224"
    key: PrivateKey
    if algorithm == "RSA":
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(bits))
    elif algorithm == "ECDSA" and curve in _CURVES:
        key = ec.generate_private_key(_CURVES[curve]())
    elif algorithm == "ED25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        raise EngineError(f"algorithm {algorithm!r} with curve {curve!r} does not exist; RSA, ECDSA and ED25519 do")
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    traditional = pkcs8 if algorithm == "ED25519" else _traditional(key)
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    # OpenSSH has no P-224; the provider leaves these four empty then.
    has_ssh = algorithm != "ECDSA" or curve != "P224"
    wire = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() if has_ssh else ""
    blob = base64.b64decode(wire.split()[1]) if has_ssh else b""
    return hashlib.sha1(der).hexdigest(), {  # noqa: S324 - the provider's id
        "algorithm": algorithm,
        "rsaBits": bits,
        "ecdsaCurve": curve,
        "privateKeyPem": traditional,
        "privateKeyPemPkcs8": pkcs8,
        "privateKeyOpenssh": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        if has_ssh
        else "",
        "publicKeyPem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": f"{wire}\n" if has_ssh else "",
        "publicKeyFingerprintMd5": hashlib.md5(blob).digest().hex(":") if has_ssh else "",  # noqa: S324
        "publicKeyFingerprintSha256": "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        if has_ssh
        else "",
    }


def _traditional(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def cert_request(inputs: Json) -> Computed:
    """tls.CertRequest."""
    key = _load_key(inputs, "privateKeyPem")
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject")))
    if names := _alternative_names(inputs):
        builder = builder.add_extension(names, critical=False)
    request = builder.sign(key, _digest(key))
    der = request.public_bytes(Encoding.DER)
    return hashlib.sha1(der).hexdigest(), {  # noqa: S324 - the provider's id
        **inputs,
        "keyAlgorithm": _algorithm(key),
        "certRequestPem": request.public_bytes(Encoding.PEM).decode(),
    }


def self_signed_cert(inputs: Json) -> Computed:
    """tls.SelfSignedCert."""
    key = _load_key(inputs, "privateKeyPem")
    subject = _name(inputs.get("subject"))
    serial, outputs = _certificate(
        inputs, subject, subject, key.public_key(), key, names=_alternative_names(inputs), own_authority=True
    )
    return serial, {**outputs, "keyAlgorithm": _algorithm(key)}


def locally_signed_cert(inputs: Json) -> Computed:
    """tls.LocallySignedCert."""
    key = _load_key(inputs, "caPrivateKeyPem")
    request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    public = request.public_key()
    if not isinstance(public, PublicKey):
        raise EngineError("the certificate request has a key that is neither RSA nor ECDSA nor ED25519")
    names = _extension(request.extensions, x509.SubjectAlternativeName)
    identifier = _extension(authority.extensions, x509.SubjectKeyIdentifier)
    serial, outputs = _certificate(
        inputs, request.subject, authority.subject, public, key, names=names, authority=identifier
    )
    return serial, {**outputs, "caKeyAlgorithm": _algorithm(key)}


def _certificate(  # noqa: PLR0913 - the parts of a certificate
    inputs: Json,
    subject: x509.Name,
    issuer: x509.Name,
    public: PublicKey,
    signer: PrivateKey,
    *,
    names: x509.SubjectAlternativeName | None,
    authority: x509.SubjectKeyIdentifier | None = None,
    own_authority: bool = False,
) -> Computed:
    is_ca = bool(inputs.get("isCaCertificate"))
    if is_ca and not list(subject):
        raise EngineError("a certificate authority needs a subject with at least one name")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    end = start + dt.timedelta(hours=inputs["validityPeriodHours"])
    serial = secrets.randbits(127) + 1
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    # No allowed uses, no usage extension: the certificate then serves every purpose (RFC 5280, 4.2.1.3).
    uses = inputs.get("allowedUses") or []
    if unknown := set(uses) - set(_KEY_USAGES) - set(_EXTENDED_USAGES):
        raise NeedsCli(f"allowed uses {', '.join(sorted(unknown))}")
    if set(uses) & set(_KEY_USAGES):
        builder = builder.add_extension(_key_usage(uses), critical=True)
    if extended := [_EXTENDED_USAGES[use] for use in uses if use in _EXTENDED_USAGES]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    length = inputs.get("maxPathLength")
    # Go leaves a path length of 0 out unless told twice.
    path_length = length if is_ca and length is not None and length > 0 else None
    builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length), critical=True)
    if is_ca or inputs.get("setSubjectKeyId"):
        builder = builder.add_extension(identifier, critical=False)
    if own_authority and inputs.get("setAuthorityKeyId"):
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    elif authority is not None and subject != issuer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False
        )
    if names is not None:
        builder = builder.add_extension(names, critical=not list(subject))
    certificate = builder.sign(signer, _digest(signer))
    return str(serial), {
        **inputs,
        "isCaCertificate": is_ca,
        "setSubjectKeyId": bool(inputs.get("setSubjectKeyId")),
        "earlyRenewalHours": inputs.get("earlyRenewalHours") or 0,
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "readyForRenewal": False,
        "validityStartTime": start.isoformat().replace("+00:00", "Z"),
        "validityEndTime": end.isoformat().replace("+00:00", "Z"),
    }


def _key_usage(uses: list[str]) -> x509.KeyUsage:
    flags = {use: use in uses for use in _KEY_USAGES}
    flags["key_cert_sign"], flags["crl_sign"] = flags.pop("cert_signing"), flags.pop("crl_signing")
    return x509.KeyUsage(**flags)


def _load_key(inputs: Json, field: str) -> PrivateKey:
    if not isinstance(inputs.get(field), str):
        raise NeedsCli(f"a certificate without {field} (a write-only key)")
    key = serialization.load_pem_private_key(inputs[field].encode(), password=None)
    if not isinstance(key, PrivateKey):
        raise EngineError(f"{field} is neither an RSA nor an ECDSA nor an ED25519 key")
    return key


def _algorithm(key: PrivateKey) -> str:
    return (
        "RSA"
        if isinstance(key, rsa.RSAPrivateKey)
        else "ECDSA"
        if isinstance(key, ec.EllipticCurvePrivateKey)
        else "ED25519"
    )


def _digest(key: PrivateKey) -> Any:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    bits = key.curve.key_size if isinstance(key, ec.EllipticCurvePrivateKey) else 0
    return {384: hashes.SHA384, 521: hashes.SHA512}.get(bits, hashes.SHA256)()


def _name(subject: Mapping[str, Any] | None) -> x509.Name:
    attributes = []
    for field, oid in _NAMES:
        value = (subject or {}).get(field) or []
        attributes += [x509.NameAttribute(oid, text) for text in (value if isinstance(value, list) else [value])]
    return x509.Name(attributes)


def _alternative_names(inputs: Json) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or []]
    try:
        names += [x509.IPAddress(ipaddress.ip_address(text)) for text in inputs.get("ipAddresses") or []]
    except ValueError as error:
        raise EngineError(f"ip_addresses: {error}") from error
    names += [x509.UniformResourceIdentifier(text) for text in inputs.get("uris") or []]
    return x509.SubjectAlternativeName(names) if names else None


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
