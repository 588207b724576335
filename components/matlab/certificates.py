"""The keys and certificates of a MATLAB cluster, made with the TLS provider and kept in the state.

The stack owns them, so a profile that was handed out stays valid when the controller, its Deployment or the whole
cluster is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_tls as tls

from components.matlab import credentials, names
from components.matlab.profile import Certificate
from components.matlab.settings import Authority as AuthoritySettings
from components.matlab.topology import Topology

RSA_BITS = 4096
VALIDITY_HOURS = 87_600
"""Ten years, like the certificates that upstream's controller makes."""
Content = Mapping[str, pulumi.Output[str]]
"""A Secret's values by file name, in clear."""


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
        self.key: pulumi.Output[str] = self._key.private_key_pem_pkcs8
        """The CA's key, PEM, PKCS#8."""
        self._given = credentials.mark(given)
        if given and given.certificate and given.key:
            self.certificate = pulumi.Output.from_input(given.certificate)
            self.key = pulumi.Output.secret(given.key.get_secret_value())
        self._own = certificate.cert_pem, self._key.private_key_pem

    def leaf(
        self,
        name: str,
        *,
        dns_names: pulumi.Input[Sequence[str]] | None = None,
        ip_addresses: pulumi.Input[Sequence[str]] | None = None,
    ) -> pulumi.Output[Certificate]:
        """A certificate that serves on both sides of TLS."""
        keep = self._protect
        name = f"{self.name}-{name}"
        key = self._private_key(name, protect=keep)
        options = pulumi.ResourceOptions(parent=self._parent, protect=keep)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject={"common_name": "client"},
            dns_names=dns_names,
            ip_addresses=ip_addresses,
            opts=options,
        )

        def signed(
            resource: str, ca: pulumi.Output[str], ca_key: pulumi.Output[str], opts: pulumi.ResourceOptions
        ) -> pulumi.Output[str]:
            return tls.LocallySignedCert(
                resource,
                cert_request_pem=request.cert_request_pem,
                ca_private_key_pem=ca_key,
                ca_cert_pem=ca,
                allowed_uses=[],
                validity_period_hours=VALIDITY_HOURS,
                opts=opts,
            ).cert_pem

        certificate = signed(name, *self._own, options)
        if self._given:
            # Not protected, and under a name of its own: a protected one could not follow when the authority changes.
            # A destroy may lose it, and the next one is signed by the same authority.
            unprotected = pulumi.ResourceOptions(parent=self._parent)
            certificate = signed(f"{name}-{self._given}", self.certificate, self.key, unprotected)
        return pulumi.Output.all(certificate, key.private_key_pem_pkcs8, self.certificate).apply(
            lambda parts: Certificate(*parts)
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

    def __init__(self, cluster: Topology, parent: pulumi.Resource) -> None:
        """Make the credentials. Those of the generation before stay for one more generation, unprotected."""
        self._parent = parent
        self._number = cluster.settings.security.credentials_generation
        if self._number > 1:
            self._generation(self._number - 1, None, protect=False)
        given = cluster.settings.security.authority
        authority, job_manager, proxy, self.client = self._generation(self._number, given, protect=True)
        self.contents: dict[str, Content] = {
            # All of them in every mode: a setting must not remove a protected resource, and a demand for client
            # certificates that is switched on later finds the file.
            names.SHARED_SECRET: {
                names.SHARED_SECRET_FILE: pulumi.Output.all(authority.certificate, authority.key).apply(
                    lambda pair: credentials.shared_secret(*pair)
                ),
                names.CERTIFICATE_FILE: job_manager.apply(credentials.certificate_file),
            },
            names.PARALLEL_SERVER_PROXY_SECRET: {names.CERTIFICATE_FILE: proxy.apply(credentials.certificate_file)},
        }
        """The Secrets' values, by name of the Secret."""

    def _generation(
        self, number: int, given: AuthoritySettings | None, *, protect: bool
    ) -> tuple[Authority, pulumi.Output[Certificate], pulumi.Output[Certificate], pulumi.Output[Certificate]]:
        authority = Authority(f"mjs-{number}", "server", self._parent, protect=protect, given=given)
        return authority, authority.leaf("job-manager"), authority.leaf("proxy"), authority.leaf("client")

    def add_metrics(self, host: pulumi.Input[str]) -> None:
        """Make the certificates of the metrics: their own CA, the server's for `host`, and one for Prometheus."""
        authority = Authority(f"metrics-{self._number}", "metrics", self._parent, protect=False)
        names_and_addresses = pulumi.Output.from_input(host).apply(_subject_alternative_names)
        server = authority.leaf(
            "server",
            dns_names=names_and_addresses.apply(lambda pair: pair[0]),
            ip_addresses=names_and_addresses.apply(lambda pair: pair[1]),
        )
        client = authority.leaf("client")
        for secret, leaf, (certificate, key) in (
            (names.METRICS_SECRET, server, names.METRICS_SERVER_FILES),
            (names.METRICS_CLIENT_SECRET, client, names.METRICS_CLIENT_FILES),
        ):
            self.contents[secret] = {
                names.METRICS_CA_FILE: authority.certificate,
                certificate: leaf.apply(lambda leaf: leaf.certificate),
                key: leaf.apply(lambda leaf: leaf.key),
            }


def _subject_alternative_names(host: str) -> tuple[list[str], list[str]]:
    """DNS names and IP addresses of a server certificate for `host`."""
    is_address = host.replace(".", "").isdigit() or ":" in host
    return ([], [host]) if is_address else ([host], [])
