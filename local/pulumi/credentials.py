"""RSA keys, certificates and passwords, with the outputs and extensions of the official providers `tls` and `random`.

The rules are those of hashicorp/terraform-provider-tls (internal/provider/common_cert.go and resource_*.go), which the
Pulumi provider wraps, and of Go's crypto/x509, with which it signs.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

Inputs = Mapping[str, Any]
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
PUBLIC_EXPONENT: Final = 65537
DEFAULT_RSA_BITS: Final = 2048
DEFAULT_CURVE: Final = "P224"
"""The provider reports it for RSA keys too."""
PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
"""What Go writes as a PrintableString (encoding/asn1, marshal.go). A request's id is the hash of all its bytes.

cryptography has no public name for the kinds of strings; tests/unit/test_pulumi_stand_ins.py pins what is used of it.
"""
ALPHABETS: Final = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}


@dataclass(frozen=True)
class Made:
    """A new resource."""

    id: str
    outputs: dict[str, Any]


def random_password(inputs: Inputs) -> Made:
    """Make a RandomPassword. Raises ValueError when no kind of character is left."""
    used = {kind: inputs.get(kind) is not False for kind in ALPHABETS}
    characters = "".join(alphabet for kind, alphabet in ALPHABETS.items() if used[kind])
    if not characters:
        raise ValueError("`lower`, `upper`, `numeric` and `special` are all false; set at least one to true")
    result = "".join(secrets.choice(characters) for _ in range(int(inputs["length"])))
    return known_password(inputs, result)


def known_password(inputs: Inputs, result: str) -> Made:
    """The RandomPassword resource that holds this password."""
    used = {kind: inputs.get(kind) is not False for kind in ALPHABETS}
    minima = {f"min{kind.capitalize()}": 0 for kind in ALPHABETS}
    return Made("none", {**inputs, **used, "number": used["numeric"], **minima, "result": result})


def private_key(inputs: Inputs) -> Made:
    """Make an RSA PrivateKey."""
    bits = int(inputs.get("rsaBits") or DEFAULT_RSA_BITS)
    return known_private_key(inputs, rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=bits))


def known_private_key(inputs: Inputs, key: rsa.RSAPrivateKey) -> Made:
    """The PrivateKey resource that holds this key."""
    public = key.public_key()
    wire = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(wire.split()[1])
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")

    def private(form: PrivateFormat) -> str:
        return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    outputs = {
        "algorithm": inputs["algorithm"],
        "rsaBits": key.key_size,
        "ecdsaCurve": DEFAULT_CURVE,
        "privateKeyPem": private(PrivateFormat.TraditionalOpenSSL),
        "privateKeyPemPkcs8": private(PrivateFormat.PKCS8),
        "privateKeyOpenssh": private(PrivateFormat.OpenSSH),
        "publicKeyPem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": f"{wire}\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob).digest().hex(":"),  # noqa: S324 - SSH's old fingerprint
        "publicKeyFingerprintSha256": f"SHA256:{fingerprint}",
    }
    return Made(_id(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)), outputs)


def certificate_request(inputs: Inputs) -> Made:
    """Make a CertRequest."""
    key = _load_key(inputs, "privateKeyPem")
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs))
    if names := _alternative_names(inputs):
        builder = builder.add_extension(names, critical=False)
    request = builder.sign(key, hashes.SHA256())
    pem = request.public_bytes(Encoding.PEM).decode()
    return Made(_id(request.public_bytes(Encoding.DER)), {**inputs, "keyAlgorithm": "RSA", "certRequestPem": pem})


def self_signed_certificate(inputs: Inputs) -> Made:
    """Make a SelfSignedCert."""
    key, name = _load_key(inputs, "privateKeyPem"), _name(inputs)
    made = _certificate(inputs, name, name, key.public_key(), key, names=_alternative_names(inputs))
    return Made(made.id, {**made.outputs, "keyAlgorithm": "RSA"})


def locally_signed_certificate(inputs: Inputs) -> Made:
    """Make a LocallySignedCert. Subject, key and names are the request's."""
    key = _load_key(inputs, "caPrivateKeyPem")
    request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    made = _certificate(
        inputs,
        request.subject,
        authority.subject,
        _rsa_public(request.public_key()),
        key,
        names=_extension(request.extensions, x509.SubjectAlternativeName),
        authority=_extension(authority.extensions, x509.SubjectKeyIdentifier),
    )
    return Made(made.id, {**made.outputs, "caKeyAlgorithm": "RSA"})


def _certificate(  # noqa: PLR0913 - the parts of a certificate
    inputs: Inputs,
    subject: x509.Name,
    issuer: x509.Name,
    public: rsa.RSAPublicKey,
    signer: rsa.RSAPrivateKey,
    *,
    names: x509.SubjectAlternativeName | None,
    authority: x509.SubjectKeyIdentifier | None = None,
) -> Made:
    is_ca = bool(inputs.get("isCaCertificate"))
    if is_ca and not list(subject):
        raise ValueError("a certificate authority needs `subject.commonName`")
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    end = start + dt.timedelta(hours=float(inputs["validityPeriodHours"]))
    serial = secrets.randbits(127) + 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        # Without allowed uses there is no key usage either: the certificate serves every purpose (RFC 5280, 4.2.1.3).
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if is_ca:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    if authority is not None and subject != issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority)
        builder = builder.add_extension(identifier, critical=False)
    if names is not None:
        builder = builder.add_extension(names, critical=not list(subject))
    return known_certificate(inputs, builder.sign(signer, hashes.SHA256()))


def known_certificate(inputs: Inputs, certificate: x509.Certificate) -> Made:
    """The outputs that SelfSignedCert and LocallySignedCert share, for this certificate."""
    outputs = {
        **inputs,
        "isCaCertificate": bool(inputs.get("isCaCertificate")),
        "setSubjectKeyId": False,
        "earlyRenewalHours": inputs.get("earlyRenewalHours") or 0,
        "certPem": certificate.public_bytes(Encoding.PEM).decode(),
        "readyForRenewal": False,
        "validityStartTime": _rfc3339(certificate.not_valid_before_utc),
        "validityEndTime": _rfc3339(certificate.not_valid_after_utc),
    }
    return Made(str(certificate.serial_number), outputs)


def _id(der: bytes) -> str:
    return hashlib.sha1(der).hexdigest()  # noqa: S324 - the provider's id


def _rfc3339(moment: dt.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _load_key(inputs: Inputs, field: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(inputs[field].encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"`{field}` is not an RSA key; install Pulumi's own plugin for this provider")  # noqa: TRY004
    return key


def _rsa_public(key: object) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the request's key is not an RSA key; install Pulumi's own plugin for this provider")  # noqa: TRY004
    return key


def _name(inputs: Inputs) -> x509.Name:
    common_name = (inputs.get("subject") or {}).get("commonName")
    if not common_name:
        return x509.Name([])
    kind = _ASN1Type.PrintableString if PRINTABLE.fullmatch(common_name) else _ASN1Type.UTF8String
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, kind)])


def _alternative_names(inputs: Inputs) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or []]
    names += [x509.IPAddress(ipaddress.ip_address(text)) for text in inputs.get("ipAddresses") or []]
    return x509.SubjectAlternativeName(names) if names else None


def _extension(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
