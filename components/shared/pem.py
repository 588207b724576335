r"""PEM texts, checked as strictly as the strictest program that reads them.

Java's keytool rejects what more tolerant readers repair: a certificate that YAML has folded to one line, one whose line
breaks are the two characters \n, and one that was cut off. A job manager then never starts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator

from components.shared.fields import SecretText, refuse

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

EXPIRY_WARNING: Final = timedelta(days=60)
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
        parsed(block[0])
    except ValueError:
        refuse("is not a valid certificate: it is cut off or damaged", _AS_A_BLOCK)
    return f"{block[0]}\n"


Certificate = Annotated[str, AfterValidator(_certificate)]
"""One X.509 certificate in PEM."""


@lru_cache(maxsize=16)
def parsed(certificate: str) -> x509.Certificate:
    """The certificate. Raises ValueError for one that is damaged."""
    # Here, since it takes a tenth of a second and most stacks hold no certificate.
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.encode())


def is_authority(certificate: str) -> bool:
    """Tell whether the certificate may sign others (basic constraints, CA:TRUE)."""
    from cryptography import x509

    try:
        constraints = parsed(certificate).extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return constraints.value.ca


@lru_cache(maxsize=4)
def private_key(text: str) -> RSAPrivateKey:
    """An unencrypted RSA key in PKCS#8. Raises ValueError with what is wrong, without repeating any of the text."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = text.replace("\r\n", "\n")
    if "-----BEGIN ENCRYPTED PRIVATE KEY-----" in text or "Proc-Type: 4,ENCRYPTED" in text:
        raise ValueError("is encrypted with a passphrase")
    if "-----BEGIN RSA PRIVATE KEY-----" in text:
        raise ValueError("is a PKCS#1 key, and MJS reads PKCS#8 alone")
    block = re.search(_BLOCK.format("PRIVATE KEY"), text)
    if block is None:
        raise ValueError("is not a private key in PEM (PKCS#8)")
    try:
        key = load_pem_private_key(block[0].encode(), password=None)
    except (ValueError, TypeError):
        raise ValueError("is not a valid private key: it is cut off or damaged") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key, and MJS reads no other")  # noqa: TRY004 - a value, not a type, is wrong
    return key


def _private_key_text(value: SecretText) -> SecretText:
    text = value.get_secret_value()
    if is_unread(text):
        return value
    try:
        private_key(text)
    except ValueError as error:
        refuse(str(error), _KEY_REMEDY)
    return value


def is_unread(secret: str) -> bool:
    """Tell whether a secret was left encrypted, as commands do that read a stack file without its passphrase."""
    return secret.startswith("<secret ") and secret.endswith(">")


PrivateKey = Annotated[SecretText, AfterValidator(_private_key_text)]
"""Secret. An unencrypted RSA key, PKCS#8 in PEM."""


def belongs(key: str, certificate: str) -> bool:
    """Tell whether the certificate is the key's own."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    public = private_key(key).public_key().public_bytes(*form)
    return parsed(certificate).public_key().public_bytes(*form) == public


def expiry(certificate: str, now: datetime | None = None) -> str | None:
    """What to say about a certificate that has expired, will soon expire, or is not valid yet; None: nothing."""
    now, read = now or datetime.now(UTC), parsed(certificate)
    if read.not_valid_after_utc < now:
        return f"expired on {read.not_valid_after_utc:%Y-%m-%d}"
    if read.not_valid_before_utc > now:
        return f"is not valid before {read.not_valid_before_utc:%Y-%m-%d}"
    if read.not_valid_after_utc - now < EXPIRY_WARNING:
        return f"expires on {read.not_valid_after_utc:%Y-%m-%d}"
    return None
