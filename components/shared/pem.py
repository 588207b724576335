r"""PEM texts, checked as strictly as the strictest program that reads them.

Java's keytool rejects what more tolerant readers repair: a certificate that YAML has folded to one line, one whose line
breaks are the two characters \n, and one that was cut off. A job manager then never starts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, SecretStr

from components.shared.fields import SecretText, refuse
from components.shared.placeholders import is_unread_secret

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

EXPIRY_WARNING: Final = timedelta(days=60)
CLOCK_SKEW: Final = timedelta(hours=1)
"""A certificate that was made on another machine a moment ago is valid."""
LEAST_BITS: Final = 2048
"""Of an RSA key: OpenSSL and Java accept no fewer in their usual configuration."""
_BLOCK: Final = r"-----BEGIN {0}-----\n(?:[A-Za-z0-9+/=]{{1,76}}\n)+-----END {0}-----"
_AS_A_BLOCK: Final = "Paste the whole text below `certificate: |`, indented, each line as it is in the file."
_KEY_REMEDY: Final = (
    "Convert it with `openssl pkcs8 -topk8 -nocrypt -in KEY` and set it with pulumi config set --secret."
)


def _certificate(value: str) -> str:
    text = value.replace("\r\n", "\n")
    if "PRIVATE KEY" in text:
        refuse("contains a private key", "Paste the certificate alone, and replace the key: it has been disclosed.")
    if text.count("-----BEGIN") > 1:
        # keytool imports the first one and says nothing about the others.
        refuse("contains several certificates", "Paste one: the server's own, or the one of the CA that signed it.")
    block = re.search(_BLOCK.format("CERTIFICATE"), text)
    if block is None:
        refuse("is not a PEM certificate", _AS_A_BLOCK)
    try:
        # Extensions are parsed only when they are read.
        _ = parsed(block[0]).extensions
    except ValueError:
        refuse("is not a valid certificate: it is cut off or damaged", _AS_A_BLOCK)
    return f"{block[0]}\n"


Certificate = Annotated[str, AfterValidator(_certificate)]
"""One X.509 certificate in PEM."""


@lru_cache(maxsize=16)
def parsed(certificate: str) -> x509.Certificate:
    """The certificate. Raises ValueError for one that is damaged."""
    # Imported here: it takes a tenth of a second, and most stack configs contain no certificate.
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.encode())


def authority_problem(certificate: str) -> str | None:
    """Why the certificate cannot be the CA of a cluster, or None.

    MJS serves TLS with the CA's certificate too, and Java rejects a server whose certificate has a key usage without
    digital signature, or an extended key usage without server authentication (docs/upstream.md#credentials).
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    extensions = {extension.oid: extension.value for extension in parsed(certificate).extensions}
    constraints = extensions.get(x509.BasicConstraints.oid)
    if not (isinstance(constraints, x509.BasicConstraints) and constraints.ca):
        return "is not the certificate of a CA, so nothing that it signs is trusted (basic constraints)"
    usage = extensions.get(x509.KeyUsage.oid)
    if isinstance(usage, x509.KeyUsage) and not (usage.key_cert_sign and usage.digital_signature):
        return "has a key usage without certificate signing or digital signature, and MJS needs both"
    extended = extensions.get(x509.ExtendedKeyUsage.oid)
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if isinstance(extended, x509.ExtendedKeyUsage) and not allowed & set(extended):
        return "has an extended key usage without server authentication, and MJS serves TLS with this certificate"
    return None


@lru_cache(maxsize=4)
def private_key(text: str) -> RSAPrivateKey:
    """An unencrypted RSA key in PKCS#8. Raises ValueError with what is wrong, without repeating any of the text."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = text.replace("\r\n", "\n")
    if "-----BEGIN ENCRYPTED PRIVATE KEY-----" in text or "Proc-Type: 4,ENCRYPTED" in text:
        raise ValueError("is encrypted with a passphrase")
    if "-----BEGIN RSA PRIVATE KEY-----" in text:
        raise ValueError("is a PKCS#1 key, and MJS reads only PKCS#8")
    if text.count("-----BEGIN PRIVATE KEY-----") > 1:
        raise ValueError("contains several private keys")
    block = _key_block(text)
    if block is None:
        raise ValueError("is not a private key in PEM (PKCS#8)")
    try:
        key = load_pem_private_key(block.encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("is not a valid private key: it is cut off or damaged") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key, and MJS reads no other")  # noqa: TRY004 - a value, not a type, is wrong
    if key.key_size < LEAST_BITS:
        raise ValueError(f"has {key.key_size} bits, and clients require {LEAST_BITS}")
    return key


def _key_block(text: str) -> str | None:
    block = re.search(_BLOCK.format("PRIVATE KEY"), text.replace("\r\n", "\n"))
    return block[0] if block else None


def _private_key_text(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if is_unread_secret(text):
        return value
    try:
        private_key(text)
    except ValueError as error:
        refuse(str(error), _KEY_REMEDY)
    # The text that openssl writes above the key is not part of it.
    return SecretStr(f"{_key_block(text)}\n")


PrivateKey = Annotated[SecretText, AfterValidator(_private_key_text)]
"""Secret. An unencrypted RSA key, PKCS#8 in PEM."""


def belongs(key: str, certificate: str) -> bool:
    """Tell whether the certificate is the key's own."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    public = private_key(key).public_key().public_bytes(*form)
    return parsed(certificate).public_key().public_bytes(*form) == public


def invalid_now(certificate: str, now: datetime | None = None) -> str | None:
    """Why the certificate is not valid at this time, or None."""
    now, read = now or datetime.now(UTC), parsed(certificate)
    if read.not_valid_after_utc < now:
        return f"expired on {read.not_valid_after_utc:%Y-%m-%d}"
    if read.not_valid_before_utc > now + CLOCK_SKEW:
        return f"is not valid before {read.not_valid_before_utc:%Y-%m-%d}"
    return None


def end(certificate: str) -> datetime:
    """When the certificate expires."""
    return parsed(certificate).not_valid_after_utc


def soon(time: datetime, now: datetime | None = None) -> str | None:
    """That a certificate expires, or has expired, at this time, if that is soon."""
    now = now or datetime.now(UTC)
    verb = "expires" if time > now else "expired"
    return f"{verb} on {time:%Y-%m-%d}" if time - now < EXPIRY_WARNING else None
