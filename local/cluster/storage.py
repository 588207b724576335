"""What the hostpath provisioner leaves behind outside the control plane's folder."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Final

# pkg/volume/hostpath/host_path.go: fmt.Sprintf("/tmp/%s/%s", "hostpath_pv", uuid). Not configurable.
PROVISIONED: Final = re.compile(rb"/tmp/hostpath_pv/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def remove_provisioned_folders(etcd: Path) -> None:
    """Remove the empty folders of this control plane's PersistentVolumes.

    Other control planes' folders are there too, so ours are found by their names in etcd's files, which needs no
    running API server. Hollow nodes write nothing into volumes: a folder that is not empty is not only ours, and stays.
    """
    folders = {match for path in etcd.rglob("*") if path.is_file() for match in PROVISIONED.findall(path.read_bytes())}
    for folder in sorted(folders):
        with contextlib.suppress(OSError):
            Path(folder.decode("ascii")).rmdir()
    for parent in {Path(folder.decode("ascii")).parent for folder in folders}:
        with contextlib.suppress(OSError):
            parent.rmdir()
