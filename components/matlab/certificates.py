"""The keys and certificates of a MATLAB cluster, made with the TLS provider and kept in the state.

The stack owns them, so a profile that was handed out stays valid when the controller, its Deployment or the whole
cluster is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pulumi
import pulumi_tls as tls

from components.matlab import credentials, expiry, names, rotation
from components.matlab.access_settings import Authority as AuthoritySettings
from components.matlab.profile import Certificate
from components.matlab.topology import Topology
from components.shared import pem

RSA_BITS = 4096
VALIDITY_HOURS = 87_600
"""Ten years, like the certificates that upstream's controller makes."""
Content = Mapping[str, pulumi.Output[str]]
"""A Secret's values by file name, in clear."""
_JOB_MANAGER, _PROXY, _CLIENT = _LEAVES = "job-manager", "proxy", rotation.CLIENT
"""What the CA signs: the certificates of the job manager and of the parallel server proxy, and the profile's."""


class Leaf(NamedTuple):
    """A certificate that a CA has signed."""

    certificate: pulumi.Output[Certificate]
    end: pulumi.Output[str]
    """When it expires, ISO 8601."""


class Authority:
    """A CA and the leaves that it signs."""

    def __init__(
        self,
        name: str,
        common_name: str,
        parent: pulumi.Resource,
        *,
        protect: bool,
        given: AuthoritySettings | None = None,
    ) -> None:
        """Make the key and a self-signed certificate without key usage: Java rejects one without digitalSignature.

        They and their leaves are made even where an authority is `given`: they are protected, so a setting must not
        remove them.
        """
        self.name, self._parent, self._protect = name, parent, protect
        self._key = self._private_key(name, protect=protect)
        certificate = tls.SelfSignedCert(
            name,
            private_key_pem=self._key.private_key_pem,
            subject={"common_name": common_name},
            is_ca_certificate=True,
            allowed_uses=[],
            validity_period_hours=VALIDITY_HOURS,
            opts=pulumi.ResourceOptions(parent=parent, protect=protect),
        )

        self.certificate: pulumi.Output[str] = certificate.cert_pem
        """The CA's certificate, PEM."""
        self.end: pulumi.Output[str] = certificate.validity_end_time
        """When it expires, ISO 8601."""
        self.key: pulumi.Output[str] = self._key.private_key_pem_pkcs8
        """The CA's key, PEM, PKCS#8."""
        self._given = ""
        if given and given.certificate and given.key:
            self._given = rotation.given_mark(given)
            self.certificate = pulumi.Output.from_input(given.certificate)
            self.end = pulumi.Output.from_input(pem.end(given.certificate).isoformat())
            self.key = pulumi.Output.secret(given.key.get_secret_value())
        self._own = certificate.cert_pem, self._key.private_key_pem

    def leaf(
        self,
        leaf: str,
        *,
        generation: int = 1,
        dns_names: pulumi.Input[Sequence[str]] | None = None,
        ip_addresses: pulumi.Input[Sequence[str]] | None = None,
    ) -> Leaf:
        """A certificate that serves on both sides of TLS."""
        name = rotation.leaf_name(self.name, leaf, generation)
        key, request = self._request(name, protect=self._protect, dns_names=dns_names, ip_addresses=ip_addresses)
        certificate = self._signed(name, request, *self._own, protect=self._protect)
        if self._given:
            # Not protected, and with its own name: a protected one could not be replaced when the authority changes.
            # A destroy may delete it: the next one is signed by the same authority.
            name = rotation.leaf_name(self.name, leaf, generation, self._given)
            certificate = self._signed(name, request, self.certificate, self.key, protect=False)
        parts = pulumi.Output.all(certificate.cert_pem, key.private_key_pem_pkcs8, self.certificate)
        return Leaf(parts.apply(lambda parts: Certificate(*parts)), certificate.validity_end_time)

    def retire(self, leaf: str, generation: int) -> None:
        """Keep a certificate that another one has replaced, unprotected: the next replacement can then delete it."""
        name = rotation.leaf_name(self.name, leaf, generation)
        _, request = self._request(name, protect=False)
        self._signed(name, request, *self._own, protect=False)

    def _request(self, name: str, *, protect: bool, **subject: Any) -> tuple[tls.PrivateKey, tls.CertRequest]:
        key = self._private_key(name, protect=protect)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject={"common_name": "client"},
            opts=pulumi.ResourceOptions(parent=self._parent, protect=protect),
            **subject,
        )
        return key, request

    def _signed(
        self, name: str, request: tls.CertRequest, ca: pulumi.Output[str], ca_key: pulumi.Output[str], *, protect: bool
    ) -> tls.LocallySignedCert:
        return tls.LocallySignedCert(
            name,
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=ca_key,
            ca_cert_pem=ca,
            allowed_uses=[],
            validity_period_hours=VALIDITY_HOURS,
            opts=pulumi.ResourceOptions(parent=self._parent, protect=protect),
        )

    def _private_key(self, name: str, *, protect: bool) -> tls.PrivateKey:
        return tls.PrivateKey(
            name,
            algorithm="RSA",
            rsa_bits=RSA_BITS,
            opts=pulumi.ResourceOptions(parent=self._parent, protect=protect),
        )


class Credentials:
    """The CA of the current generation, its certificates, and the Secrets that hold them."""

    client: pulumi.Output[Certificate]
    """The certificate that profiles hold."""
    ends: dict[str, pulumi.Output[str]]
    """When each certificate expires, ISO 8601, by the name that it has in the stack output."""

    def __init__(self, cluster: Topology, parent: pulumi.Resource) -> None:
        """Make the credentials. Those of the generation before stay for one more generation, unprotected."""
        self._parent = parent
        security = cluster.settings.security
        self._number, self._leaf_generation = security.credentials_generation, security.leaf_generation
        if self._number > 1:
            self._generation(self._number - 1, None, protect=False)
        authority, leaves = self._generation(self._number, security.authority, protect=True)
        self.client = leaves[_CLIENT].certificate
        self.ends = {
            expiry.AUTHORITY: authority.end,
            expiry.JOB_MANAGER: leaves[_JOB_MANAGER].end,
            expiry.PROXY: leaves[_PROXY].end,
            expiry.PROFILE: leaves[_CLIENT].end,
        }
        self.contents: dict[str, Content] = {
            # All of them in every mode: a setting must not remove a protected resource, and a demand for client
            # certificates that is switched on later finds the file.
            names.SHARED_SECRET: {
                names.SHARED_SECRET_FILE: pulumi.Output.all(authority.certificate, authority.key).apply(
                    lambda pair: credentials.shared_secret(*pair)
                ),
                names.CERTIFICATE_FILE: leaves[_JOB_MANAGER].certificate.apply(credentials.certificate_file),
            },
            names.PARALLEL_SERVER_PROXY_SECRET: {
                names.CERTIFICATE_FILE: leaves[_PROXY].certificate.apply(credentials.certificate_file)
            },
        }
        """The Secrets' values, by name of the Secret."""

    def _generation(
        self, number: int, given: AuthoritySettings | None, *, protect: bool
    ) -> tuple[Authority, dict[str, Leaf]]:
        authority = Authority(rotation.authority_name(number), "server", self._parent, protect=protect, given=given)
        if self._leaf_generation > 1:
            for name in _LEAVES:
                authority.retire(name, self._leaf_generation - 1)
        return authority, {name: authority.leaf(name, generation=self._leaf_generation) for name in _LEAVES}

    def add_metrics(self, hosts: pulumi.Output[Sequence[str]]) -> None:
        """Make the certificates of the metrics: their own CA, the server's for `hosts`, and one for Prometheus."""
        suffix = f"-{self._leaf_generation}" if self._leaf_generation > 1 else ""
        authority = Authority(f"metrics-{self._number}{suffix}", "metrics", self._parent, protect=False)
        names_and_addresses = hosts.apply(_subject_alternative_names)
        server = authority.leaf(
            "server",
            dns_names=names_and_addresses.apply(lambda pair: pair[0]),
            ip_addresses=names_and_addresses.apply(lambda pair: pair[1]),
        )
        client = authority.leaf("client")
        self.ends |= {expiry.METRICS: server.end, expiry.METRICS_CLIENT: client.end}
        for secret, leaf, (certificate, key) in (
            (names.METRICS_SECRET, server, names.METRICS_SERVER_FILES),
            (names.METRICS_CLIENT_SECRET, client, names.METRICS_CLIENT_FILES),
        ):
            self.contents[secret] = {
                names.METRICS_CA_FILE: authority.certificate,
                certificate: leaf.certificate.apply(lambda leaf: leaf.certificate),
                key: leaf.certificate.apply(lambda leaf: leaf.key),
            }


def _subject_alternative_names(hosts: Sequence[str]) -> tuple[list[str], list[str]]:
    """DNS names and IP addresses of a server certificate for `hosts`."""
    addresses = [host for host in hosts if host.replace(".", "").isdigit() or ":" in host]
    return [host for host in hosts if host not in addresses], addresses
