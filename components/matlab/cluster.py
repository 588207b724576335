"""A MATLAB Parallel Server cluster, composed of its parts."""

from __future__ import annotations

from typing import Any

import pulumi

from components.matlab import names, profile
from components.matlab.controller import Controller
from components.matlab.credentials import Credentials
from components.matlab.ingress_proxy import IngressProxy
from components.matlab.job_manager import JobManager
from components.matlab.load_balancer import LoadBalancer
from components.matlab.manifests.network_policies import network_policies
from components.matlab.outputs import kept_on_destroy, readme
from components.matlab.passwords import Passwords
from components.matlab.profile import Certificate
from components.matlab.settings import Settings
from components.matlab.storage import Storage
from components.matlab.topology import Topology
from components.matlab.workers import Workers
from components.shared.address import ExternalAddress
from components.shared.component import PATCH_FORCE, Context, Part
from components.shared.namespace import NamespacePart


class NetworkPolicies(Part):
    """What may talk to what."""

    def __init__(self, cluster: Topology, context: Context, parent: pulumi.Resource) -> None:
        """Register one policy per component."""
        super().__init__("clusters:matlab:NetworkPolicies", "network-policies", context, parent)
        for policy in network_policies(cluster):
            self.add(policy)


class MatlabCluster(pulumi.ComponentResource):
    """MATLAB Job Scheduler on Kubernetes: job manager, workers on demand, and a way in.

    Order: namespace, then everything without pods, then the pods; the controller comes last, because it would make
    credentials and profile itself if it did not find them (facts §4.2).
    """

    def __init__(self, settings: Settings, context: Context, address: ExternalAddress) -> None:
        """Register the cluster; `address` finds the external one."""
        super().__init__("clusters:matlab:Cluster", "matlab")
        cluster = Topology(settings)
        namespace = NamespacePart("clusters:matlab:Namespace", settings.namespace, context, self)
        inside = Context(context.stack, context.provider, after=namespace.objects)

        NetworkPolicies(cluster, inside, self)
        storage = Storage(cluster, inside, self)
        passwords = Passwords(cluster, inside, self)
        credentials = Credentials(cluster, inside, self)
        workers = Workers(cluster, inside, self)
        load_balancer = LoadBalancer(cluster, inside, self, address)
        host = load_balancer.host
        if cluster.secure_metrics and not settings.metrics.bring_own_certificates:
            outside = settings.metrics.open_port_outside_kubernetes
            credentials.metrics(cluster, host if outside else cluster.service_host(names.JOB_MANAGER))
        profiles = self._profiles(cluster, credentials, host)

        secrets = [*passwords.secrets, *credentials.secrets]
        JobManager(cluster, inside, self, after=[*storage.objects, *secrets])
        IngressProxy(cluster, inside, self, after=secrets)
        Controller(cluster, inside, self, after=[*secrets, *profiles, *workers.objects, *load_balancer.objects])

        self.outputs = self._outputs(cluster, host, passwords)
        self.register_outputs({})

    def _profiles(self, cluster: Topology, credentials: Credentials, host: pulumi.Output[str]) -> list[pulumi.Resource]:
        """The profile Secrets; the controller keeps them as long as they say what it would say (facts §5.4)."""
        inputs = pulumi.Output.all(host=host, leaf=credentials.client)

        def document(index: int) -> pulumi.Output[str]:
            return pulumi.Output.secret(
                inputs.apply(lambda known: _document(cluster, known["host"], known["leaf"], index))
            )

        # The host is known only to the cluster, which profiles there are is not.
        entries = enumerate(profile.profiles(cluster, ""))
        self.profile_documents = {entry.secret: document(index) for index, entry in entries}
        return [
            # The controller rewrites a profile whose host is outdated; the next `up` takes it back.
            credentials.secret(name, {names.PROFILE_KEY: text}, protect=False, annotations=PATCH_FORCE)
            for name, text in self.profile_documents.items()
        ]

    def _outputs(self, cluster: Topology, host: pulumi.Output[str], passwords: Passwords) -> dict[str, Any]:
        settings = cluster.settings
        ports = {port.name: port.number for port in cluster.load_balancer_ports or cluster.job_manager_ports}
        outputs: dict[str, Any] = {
            "externalAddress": {"host": host, "ports": ports},
            "profile": self.profile_documents[names.PROFILE_SECRET],
            "namespace": cluster.namespace,
            "adminUser": settings.security.admin_user,
            "adminPassword": passwords.administrator,
            "release": settings.release,
            "proxyMode": str(cluster.mode),
            "maxWorkers": settings.workers.max,
            "keptOnDestroy": kept_on_destroy(cluster),
            "readme": host.apply(lambda address: readme(cluster, address)),
        }
        if older := self.profile_documents.get(names.PROFILE_PRE_R2026A_SECRET):
            outputs["profileBeforeR2026a"] = older
        return outputs


def _document(cluster: Topology, host: str, leaf: Certificate, index: int) -> str:
    entry = profile.profiles(cluster, host)[index]
    return profile.profile(cluster.settings.job_manager.name, entry.host, leaf if entry.with_certificate else None)
