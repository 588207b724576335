"""What Arkouda servers request unless the stack config says otherwise: images, storage, namespace."""

from __future__ import annotations

from typing import Final

from components.shared.fields import Distinct, DnsName, Model, NamespaceName
from components.shared.groups import AccessMode, AccessModes, Image, Namespace, Volume
from components.shared.image_names import Repository, Tag
from components.shared.quantities import Bytes

NEWEST_TAG: Final = "v2024.04.19"
"""The newest version that upstream's charts name. Images: https://hub.docker.com/u/bearsrus"""


class ArkoudaNamespace(Namespace):
    """The namespace of all Arkouda servers of the stack."""

    name: NamespaceName = "arkouda"


class SingleNodeImage(Image):
    """Image of a server on one node."""

    repository: Repository = "bearsrus/arkouda-smp-server"
    tag: Tag | None = NEWEST_TAG


class MultiLocaleImage(Image):
    """Image of a server with locales. It contains an SSH server, which starts the locales."""

    repository: Repository = "bearsrus/arkouda-udp-server"
    tag: Tag | None = NEWEST_TAG


class ExporterImage(Image):
    """Image of the metrics exporters. Exporters after v2024.10.02 do not understand the metrics port."""

    repository: Repository = "bearsrus/prometheus-arkouda-exporter"
    tag: Tag | None = NEWEST_TAG


class Images(Model):
    """Images that all servers share. Each server in Kubernetes has an image of its own."""

    exporter: ExporterImage = ExporterImage()
    pull_secrets: Distinct[DnsName] = ()
    """Existing image pull Secrets, for every pod."""


class SingleNodeFiles(Volume):
    """Data files, mounted at /arkouda-files."""

    size: Bytes = "10Gi"


class MultiLocaleFiles(Volume):
    """Data files, mounted at /arkouda-files in every pod: ReadWriteMany."""

    size: Bytes = "10Gi"
    access_modes: AccessModes = (AccessMode.READ_WRITE_MANY,)
