"""A small Debian in a folder: the file system of the node, and of the containers that run on it.

Only the machine's own package sources are asked. Packages are unpacked and not configured, which needs no second root.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from local.go_build import Progress, cache_directory
from local.locks import locked
from tests.tools.debian import ToolError, download

NODE = ("runc", "containernetworking-plugins", "nftables", "iptables", "conntrack", "iproute2", "mount", "kmod")
CONTAINERS = (
    "bash",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "sed",
    "hostname",
    "passwd",
    "procps",
    "util-linux",
    "python3",
    "haproxy",
)
BASE = ("base-files", "base-passwd", "libc-bin", "libpam-modules", "ca-certificates")
MERGED = ("bin", "sbin", "lib", "lib64")
"""Links into /usr, which packages rely on (https://wiki.debian.org/UsrMerge)."""
LEFT_OUT = ("doc", "man", "locale", "info", "lintian", "perl")
PAM = {
    "auth": "auth required pam_unix.so nullok\n",
    "account": "account required pam_unix.so\n",
    "password": "password required pam_unix.so yescrypt\n",
    "session": "session required pam_unix.so\n",
    "session-noninteractive": "session required pam_unix.so\n",
}
"""What libpam-runtime writes when it is configured."""
FILES = {
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/resolv.conf": "",
    **{f"etc/pam.d/common-{name}": text for name, text in PAM.items()},
}


def debian_root(progress: Progress) -> Path:
    """Return the folder, made once; raises ToolError where there are no packages of Debian's."""
    packages = (*NODE, *CONTAINERS, *BASE)
    digest = hashlib.sha256(repr((packages, MERGED, LEFT_OUT, FILES)).encode()).hexdigest()[:16]
    cache = cache_directory() / "debian"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / digest
    with locked(cache / "lock", lambda: progress("Waiting for another download of Debian's packages")):
        if not folder.is_dir():
            progress("Unpacking Debian's packages for the node, once")
            with tempfile.TemporaryDirectory(dir=cache) as work:
                root = Path(work) / "root"
                root.mkdir()
                _make(packages, root, Path(work))
                root.chmod(0o755)
                root.rename(folder)
    return folder


def _make(packages: tuple[str, ...], root: Path, work: Path) -> None:
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    exclude = [f"--exclude=./usr/share/{name}/*" for name in LEFT_OUT]
    # As if nothing were installed here, so that everything comes along that the packages need.
    for archive in download(packages, work / "downloads", beside_nothing=True):
        content = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE)
        command = ["tar", "--extract", "--keep-directory-symlink", *exclude, "--directory", str(root)]
        unpacked = subprocess.run(command, stdin=content.stdout, capture_output=True, text=True, check=False)
        if content.wait() or unpacked.returncode:
            raise ToolError(f"{archive.name} cannot be unpacked: {unpacked.stderr}")
    for name in ("passwd", "group"):
        shutil.copy(root / "usr/share/base-passwd" / f"{name}.master", root / "etc" / name)
    users = [line.partition(":")[0] for line in (root / "etc/passwd").read_text().splitlines()]
    for path, text in FILES.items():
        (root / path).write_text(text)
    shadow = root / "etc/shadow"
    shadow.write_text("".join(f"{user}:*:19000:0:99999:7:::\n" for user in users))
    shadow.chmod(0o640)
    for folder in ("proc", "sys", "dev", "run", "tmp", "old", "opt/matlab"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
