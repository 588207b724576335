"""The cluster's certificate authority, its certificates and the key that signs service-account tokens."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.cluster.layout import (
    APISERVER,
    CONTROLLER_MANAGER,
    ETCD,
    LOAD_BALANCER,
    LOOPBACK,
    SCHEDULER,
    SERVICE_RANGE,
    write_private,
)

AUTHORITY: Final = "ca"
ADMIN: Final = "embedded-admin"
SERVICE_ACCOUNT: Final = "service-account"
# Kubernetes gives the Service `kubernetes` the range's first address.
SERVICE_IP: Final = str(ipaddress.ip_network(SERVICE_RANGE)[1])

LIFETIME: Final = timedelta(days=365)
RENEW_BEFORE: Final = timedelta(days=30)
AUTHORITY_LIFETIME: Final = timedelta(days=3650)
# A certificate must not outlive its authority.
AUTHORITY_RENEW_BEFORE: Final = LIFETIME
CLOCK_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Identity:
    """Whom a certificate names: the user is the common name, the groups are the organizations."""

    file: str
    common_name: str
    organizations: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Not empty for a serving certificate."""


IDENTITIES: Final = (
    Identity(
        APISERVER,
        APISERVER,
        hosts=(
            LOOPBACK,
            SERVICE_IP,
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ),
    ),
    Identity(ETCD, ETCD, hosts=(LOOPBACK,)),
    Identity(ADMIN, ADMIN, ("system:masters",)),
    Identity(CONTROLLER_MANAGER, f"system:{CONTROLLER_MANAGER}"),
    Identity(SCHEDULER, f"system:{SCHEDULER}"),
    Identity(LOAD_BALANCER, LOAD_BALANCER),
)


def certificate_path(pki: Path, name: str) -> Path:
    """Return the path of a certificate."""
    return pki / f"{name}.crt"


def key_path(pki: Path, name: str) -> Path:
    """Return the path of a private key."""
    return pki / f"{name}.key"


def public_key_path(pki: Path, name: str) -> Path:
    """Return the path of a public key."""
    return pki / f"{name}.pub"


def embedded(path: Path) -> str:
    """Return a file as kubeconfig's `*-data` fields hold it."""
    return base64.b64encode(path.read_bytes()).decode("ascii")


def ensure(pki: Path, identities: tuple[Identity, ...]) -> list[str]:
    """Issue what is missing, damaged, near its end, or not signed by the authority; returns the names issued."""
    issued: list[str] = []
    authority = _load(pki, AUTHORITY, AUTHORITY_RENEW_BEFORE)
    if authority is None:
        authority = _issue_authority(pki)
        issued.append(AUTHORITY)
    for identity in identities:
        present = _load(pki, identity.file, RENEW_BEFORE)
        if present is None or not _matches(present[0], identity, authority[0]):
            _issue(pki, identity, authority)
            issued.append(identity.file)
    if not (key_path(pki, SERVICE_ACCOUNT).exists() and public_key_path(pki, SERVICE_ACCOUNT).exists()):
        _issue_service_account_key(pki)
        issued.append(SERVICE_ACCOUNT)
    return issued


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _load(pki: Path, name: str, renew_before: timedelta) -> Pair | None:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_path(pki, name).read_bytes())
        key = load_pem_private_key(key_path(pki, name).read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    if certificate.not_valid_after_utc - datetime.now(UTC) < renew_before:
        return None
    return certificate, key


def _matches(certificate: x509.Certificate, identity: Identity, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return certificate.subject == _subject(identity.common_name, identity.organizations)


def _subject(common_name: str, organizations: tuple[str, ...] = ()) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"))


def _write_pair(pki: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    _write_key(key_path(pki, name), key)
    write_private(certificate_path(pki, name), certificate.public_bytes(Encoding.PEM).decode("ascii"))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issue_authority(pki: Path) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # The key's hash in the name: a certificate of an earlier authority is then never taken for one of this.
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    name = _subject(f"embedded-{digest.finalize().hex()[:8]}")
    certificate = (
        _builder(name, name, key, AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_pair(pki, AUTHORITY, certificate, key)
    return certificate, key


def _issue(pki: Path, identity: Identity, authority: Pair) -> None:
    issuer, issuer_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if identity.hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(_subject(identity.common_name, identity.organizations), issuer.subject, key, LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if identity.hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in identity.hosts]), critical=False
        )
    _write_pair(pki, identity.file, builder.sign(issuer_key, hashes.SHA256()), key)


def _issue_service_account_key(pki: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(key_path(pki, SERVICE_ACCOUNT), key)
    # kube-apiserver cannot derive it from a PKCS#8 private key (client-go, util/keyutil).
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_private(public_key_path(pki, SERVICE_ACCOUNT), public.decode("ascii"))


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
