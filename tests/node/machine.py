"""Whether a real node can be had on this machine. Each answer comes from trying."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from tests.node.control_groups import ControlGroup
from tests.node.namespaces import ip, own_network

PROGRAMS = ("apt-get", "bash", "dpkg-deb", "mount", "setpriv", "tar", "unshare")
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup")
TRY = """
set -e
mount --make-rprivate /
mkdir -p "$0"/lower "$0"/upper "$0"/work "$0"/merged
mount -t overlay try -o "lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work" "$0"/merged
mount -t proc proc /proc
mount -t sysfs -o ro sysfs "$0"/merged
echo 1 >/proc/sys/net/ipv4/ip_forward
"""


def refusal() -> str | None:
    """Why there can be no node here; None where nothing speaks against it."""
    if sys.platform != "linux":
        return "it needs Linux"
    if os.geteuid() != 0:
        return "it needs root"
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"{', '.join(missing)} is missing"
    try:
        with own_network(), tempfile.TemporaryDirectory() as folder:
            ip("link", "add", "try", "type", "veth", "peer", "name", "tried")
            group = ControlGroup(f"real-node-try-{os.getpid()}")
            try:
                inner = ["unshare", *NAMESPACES, "--fork", "--kill-child", "bash", "-c", TRY, folder]
                tried = subprocess.run(
                    group.entered_by(inner),
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=30,
                )
            finally:
                group.remove()
    except subprocess.CalledProcessError as error:
        return f"the kernel refuses: {error.stderr.strip()}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the kernel refuses: {error}"
    return f"the kernel refuses: {tried.stderr.strip()}" if tried.returncode else None
