"""Certificates and package lists that stand for a user's own where every setting is tried with another value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from components.julia.startup import IN_A_POOL, ON_DEMAND


@cache
def authority(name: str) -> tuple[str, str]:
    """Certificate and key of a CA, PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def project_of_managers(name: str) -> str:
    """A text that is a Project.toml and an old Manifest.toml with both cluster managers of Julia, told by the name."""
    both = (ON_DEMAND, IN_A_POOL)
    deps = "".join(f'{package.name} = "{package.uuid}"\n' for package in both)
    entries = "".join(f'\n[[{one.name}]]\nuuid = "{one.uuid}"\nversion = "{one.version}"\n' for one in both)
    return f'name = "{name}"\n\n[deps]\n{deps}{entries}'
