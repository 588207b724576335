"""Who may use a MATLAB cluster: security level, credentials, users from LDAP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.matlab.fields import LdapUrl, PrincipalFormat
from components.shared.fields import Bool, Model, NameText, Positive, Secret
from components.shared.pem import Certificate, PrivateKey


class Authority(Model):
    """An existing CA. Profiles that were made with it stay valid (docs/data.md)."""

    certificate: Certificate | None = None
    """PEM certificate of the CA: serverCert of secret.json in Secret mjs-shared-secret."""
    key: PrivateKey | None = None
    """Secret. PEM key of the CA, RSA in PKCS#8: serverKey of the same secret.json."""


class Security(Model):
    """Access to the cluster, and the credentials that the stack owns."""

    level: Annotated[int, Field(strict=True, ge=0, le=2)] = 2
    """MJS security level: 0 no authentication, 1 user names, 2 user names and passwords."""
    use_secure_communication: Bool = True
    """true: MJS encrypts its connections."""
    require_client_certificate: Bool = True
    """true: only clients with the cluster profile's certificate connect to the job manager."""
    require_script_verification: Bool = True
    """true: MJS commands require the shared secret."""
    admin_user: NameText = "admin"
    """Name of the MJS administrator. With LDAP, a user of the LDAP server."""
    admin_password: Secret | None = None
    """Secret. Password of the MJS administrator (level 2); null: generated. With LDAP, that user's LDAP password."""
    authority: Authority = Authority()
    credentials_generation: Positive = 1
    """Increase by one to replace the CA, the certificates and the profile. Every profile in use becomes invalid."""
    # A longer number looks like the mark of an authority in the names of certificates (rotation.py).
    leaf_generation: Positive = Field(1, le=9_999_999)
    """Increase by one to replace the certificates of job manager, proxy, profile and metrics. The CA stays, so profiles
    in use stay valid until their own certificate expires."""


class Ldap(Model):
    """Users from an LDAP server; off without url."""

    url: LdapUrl | None = None
    """ldap://HOST:PORT or ldaps://HOST:PORT, several servers separated by spaces. The default ports are 389 and 636."""
    security_principal_format: PrincipalFormat | None = None
    """How a user name becomes an LDAP principal, such as [username]@example.org. Required with url."""
    synchronization_interval_secs: Positive = 1800
    """Seconds between two synchronizations of users with the LDAP server."""
    certificate: Certificate | None = None
    """PEM certificate of an ldaps:// server or of its CA."""
