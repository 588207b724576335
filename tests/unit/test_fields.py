"""Field types by themselves, and the word that a person may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.matlab.fields import Domain, LdapUrl, LicenseManager, LocalQueue, ProxyUrl, UserName
from components.shared.fields import DnsName, EnvValue, LabelKey, NameText, SchedulerName
from components.shared.hosts import Cidr, Host, share
from components.shared.image_names import Repository
from components.shared.mistakes import did_you_mean, dotted
from components.shared.paths import AbsolutePath, MountPath

HOSTS_OF_NOBODY = (
    *("localhost", "LOCALHOST", "a.localhost", "localhost.localdomain", "127.0.0.1", "127.8.8.8", "0.0.0.0"),  # noqa: S104
    *("169.254.1.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "10.0.0.256", "0x7f000001", "127.1", "a.1", "1"),
    *("mjs.example.org.", "a..b", "-a.example.org", "a_b.example.org", "ü.example.org", "a" * 64, "::1"),
    ".".join(["a" * 50] * 5),
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Workers", "workers"),
        ("worker", "workers"),
        ("jobmanager", "jobManager"),
        ("job_manager", "jobManager"),
        ("storge", "storage"),
        ("zzz", None),
        ("", None),
    ],
)
def test_a_near_word_is_offered_and_a_far_one_is_not(word: str, meant: str | None) -> None:
    assert did_you_mean(word, ["workers", "jobManager", "storage"]) == meant


@given(st.lists(st.sampled_from(["workers", "jobManager", "storage", "network"]), unique=True), st.text())
def test_only_known_words_are_offered(words: list[str], word: str) -> None:
    assert did_you_mean(word, words) in {*words, None}
    assert all(did_you_mean(known.upper(), words) == known for known in words)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        (["matlab", "workers", "max"], "matlab.workers.max"),
        (["matlab", "workers", "tolerations", 0, "key"], "matlab.workers.tolerations[0].key"),
        (["matlab", "workers", "nodeSelector", "example.org/pool"], 'matlab.workers.nodeSelector["example.org/pool"]'),
        ([0], "[0]"),
    ],
)
def test_a_path_is_written_as_pulumi_config_set_takes_it(steps: list[str | int], path: str) -> None:
    assert dotted(steps) == path


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (Host, "mjs.example.org", "mjs.example.org"),
        (Host, "192.0.2.7", "192.0.2.7"),
        (Cidr, "192.0.2.0/24", "192.0.2.0/24"),
        (Cidr, "192.0.2.7", "192.0.2.7/32"),
        (Cidr, "2001:DB8::/32", "2001:db8::/32"),
        (AbsolutePath, "/data/", "/data"),
        (DnsName, "matlab.r2026a", "matlab.r2026a"),
        (DnsName, "c" * 253, "c" * 253),
        (LabelKey, "example.org/pool", "example.org/pool"),
        (LabelKey, "pool", "pool"),
        (Host, "MJS.example.org", "MJS.example.org"),
        (Host, "h" * 63 + ".example.org", "h" * 63 + ".example.org"),
        (Cidr, "::/0", "::/0"),
        (Cidr, "2001:db8::1", "2001:db8::1/128"),
        (MountPath, "/data", "/data"),
        (MountPath, "/usr/local/data", "/usr/local/data"),
        (MountPath, "/var/data/", "/var/data"),
        (MountPath, "/home/shared", "/home/shared"),
        (MountPath, "/etcetera", "/etcetera"),
        (NameText, "Job manager's `name` — $(1)", "Job manager's `name` — $(1)"),
        (EnvValue, "two\nlines", "two\nlines"),
        (Repository, "haproxy", "haproxy"),
        (Repository, "my_registry/my__image-x", "my_registry/my__image-x"),
        (Repository, "Registry.example.org:5000/a/b.c", "Registry.example.org:5000/a/b.c"),
        (Repository, "localhost:5000/mjs", "localhost:5000/mjs"),
        (Repository, "[2001:db8::1]:5000/mjs", "[2001:db8::1]:5000/mjs"),
        (LdapUrl, "ldap://ldap.example.org", "ldap://ldap.example.org"),
        (
            LdapUrl,
            "ldaps://dc_1.example.org/  ldaps://10.0.0.2:1636",
            "ldaps://dc_1.example.org/ ldaps://10.0.0.2:1636",
        ),
        (LdapUrl, "ldap://[2001:db8::1]:389", "ldap://[2001:db8::1]:389"),
        (LicenseManager, "27000@license", "27000@license"),
        (LicenseManager, "@license", "@license"),
        (LicenseManager, "27000@a,27000@b,27000@c:1711@d", "27000@a,27000@b,27000@c:1711@d"),
        (UserName, "matlab", "matlab"),
        (UserName, "_svc-1", "_svc-1"),
        (Domain, "cluster.local", "cluster.local"),
        (ProxyUrl, "http://proxy_1:3128", "http://proxy_1:3128"),
        (ProxyUrl, "http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
        (LocalQueue, "team.a", "team.a"),
        (SchedulerName, "gke.io/optimize-utilization-scheduler", "gke.io/optimize-utilization-scheduler"),
    ],
)
def test_what_is_right_is_accepted(kind: object, value: str, kept: str) -> None:
    assert TypeAdapter(kind).validate_python(value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Host, "mjs.example.org:443"),
        (Host, ""),
        (Host, "1.2.3"),
        (Cidr, "192.0.2.0/33"),
        (AbsolutePath, "/"),
        (AbsolutePath, "/data\n"),
        (AbsolutePath, ""),
        (DnsName, "c" * 254),
        (DnsName, "a..b"),
        (DnsName, "-a"),
        (LabelKey, "/pool"),
        (LabelKey, "a/b/c"),
        (LabelKey, "p" * 64),
        *((ProxyUrl, f"http://{host}:3128") for host in ("[::1]", "[::g]", "[192.0.2.7:3", "2001:db8::1", "127.0.0.1")),
        (LocalQueue, "q" * 64),
        *((Host, value) for value in HOSTS_OF_NOBODY),
        *((Cidr, value) for value in ("fe80::%eth0/64", "::ffff:192.0.2.0/120", "10.0.0.0/255.0.0.0", "10.0.0.1/8")),
        *(
            (MountPath, value)
            for value in ("/usr", "/var", "/usr/local", "/etc/x", "/var/run/secrets", "/root/x", "/lib64")
        ),
        *((NameText, value) for value in ("-clean", " x", "x ", "", "x" * 256, "x\u2028y", "x\x85y", "x\ud800")),
        *((EnvValue, value) for value in ("\0", "x" * 2**17)),
        *((Repository, value) for value in ("a/", "/a", "a..b", "a/b-", "UPPER", "http://a/b", "a:1@sha256:0", "")),
        *(
            (LdapUrl, value)
            for value in ("ldap://", "LDAP://x", "ldap://x:0", "ldap://localhost", "ldap://x/dc=y", " ")
        ),
        *((LdapUrl, value) for value in ("ldap://[::1]", "ldap://[::g]", "ldap://x,ldap://y", "http://x")),
        *(
            (LicenseManager, value)
            for value in ("license", "27000@", "27000@a;27000@b", "27000@a:", "/data/license.lic")
        ),
        *((LicenseManager, value) for value in ("65536@a", "x@a", "27000@localhost", "27000@127.0.0.1", "1@2")),
        *((UserName, value) for value in ("root", "nobody", "systemd-network", "Matlab", "1a", "a" * 33, "a$")),
        *((Domain, value) for value in ("cluster.local.", "Cluster.local", "a" * 64, ".local", "")),
    ],
)
def test_what_is_wrong_is_refused(kind: object, value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("networks", "version", "covered"),
    [
        (["0.0.0.0/0"], 4, 1),
        (["0.0.0.0/1", "128.0.0.0/1"], 4, 1),
        (["0.0.0.0/1", "0.0.0.0/2", "10.0.0.0/8"], 4, 0.5),
        (["::/0"], 4, 0),
        (["8000::/1", "::/1", "192.0.2.0/24"], 6, 1),
        ([], 6, 0),
    ],
)
def test_the_share_of_networks_is_the_one_of_their_union(networks: list[str], version: int, covered: float) -> None:
    assert share(networks, version) == covered
