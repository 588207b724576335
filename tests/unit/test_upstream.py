"""The table of upstream's values is complete, and what it says of each value is true."""

from __future__ import annotations

from typing import Any

import pytest

from components.matlab.settings import Settings
from components.matlab.upstream import GROUPS, KEYS, KEYS_OF_THE_CHART
from components.matlab.upstream_gaps import OURS
from components.matlab.upstream_keys import Key, Kind
from components.shared.mistakes import ConfigError
from generators.settings import every_setting
from generators.values_table import page
from tests.unit.clusters import LDAP
from tests.unit.upstream_objects import ABSENT, field, objects, with_value

NEW: dict[str, Any] = {"release": "r2026a", "workers": {"max": 40}}
COMPATIBLE = {**NEW, "additionalSupportedReleases": ["r2024b"]}
METRICS_OUTSIDE = {**NEW, "metrics": {"export": True, "openPortOutsideKubernetes": True}}
BASES: tuple[dict[str, Any], ...] = (
    NEW,
    COMPATIBLE,
    {"release": "r2024b", "workers": {"max": 40}},
    {**NEW, "metrics": {"export": True}},
    METRICS_OUTSIDE,
    {**NEW, "installation": {"claim": "matlab"}},
    {**NEW, "installation": {"claim": "matlab", "jobManagerUsesClaim": True}},
    {**NEW, "network": {"loadBalancer": {"sourceRanges": ["192.0.2.0/24"]}}},
    {**NEW, **LDAP},
    {**NEW, **LDAP, "ldap": {"securityPrincipalFormat": "[username]@example.org"}},
    {**NEW, "workers": {"max": 40, "resources": {"cpuRequest": None, "memoryRequest": None}}},
)
"""Clusters on which a setting is tried; a place has to change on one of them."""

BY_KIND: dict[Kind, tuple[Any, ...]] = {
    Kind.BOOLEAN: (True, False),
    Kind.INTEGER: (1, 5, 2000, 30100),
    Kind.QUANTITY: ("7", "9Gi", "7Gi"),
    Kind.MAP: ({"example.org/a": "b"}, {"A": "b"}, {"data": "/data"}),
    Kind.TEXT: ("other", "2.3.4", "/opt/other", "Always", "ldaps://ldap.example.org:636"),
    Kind.ITEMS: (["other"], ["r2025a"], ["198.51.100.0/24"], [{"key": "a", "operator": "Exists"}]),
}
SPECIAL: dict[str, tuple[Any, ...]] = {
    "license.networkLicenseManager": ("27000@other.example.org",),
    "ldap.securityPrincipalFormat": ("[username]@other.example.org",),
    "ldap.url": ("ldap://other.example.org",),
    "release": ("r2026b", "r2025a"),
    "fileDescriptorUlimit": (8192,),
    "images.haproxy.digest": (f"sha256:{'0' * 64}",),
    "images.parallelServerProxy.digest": (f"sha256:{'0' * 64}",),
    **{f"storage.{volume}.persistent": (False,) for volume in ("checkpoint", "log", "workerLog")},
}


def _changes(path: str, values: tuple[Any, ...], place: str) -> bool:
    """One of the values, on one of the bases, changes what stands at the place."""
    for base in BASES:
        before = field(objects(base), place) if _accepted(base) else ABSENT
        for value in values:
            config = with_value(base, path, value)
            if _accepted(config) and field(objects(config), place) != before:
                return True
    return False


def _accepted(config: dict[str, Any]) -> bool:
    try:
        objects(config)
    except ConfigError:
        return False
    return True


def test_the_chart_has_106_values_and_the_table_too() -> None:
    assert sum(len(keys) for keys in GROUPS.values()) == len(KEYS) == KEYS_OF_THE_CHART == 106
    assert sum(key.hidden for key in KEYS.values()) == 15


def test_every_setting_is_an_upstream_value_or_ours() -> None:
    model = {setting.path for setting in every_setting(Settings)}
    mapped = {path for key in KEYS.values() for path in key.paths}
    assert mapped <= model
    assert set(OURS) <= model
    assert not mapped & set(OURS)
    assert model == mapped | set(OURS)


def test_a_value_without_a_setting_says_why() -> None:
    assert {name for name, key in KEYS.items() if not key.paths} == {"preserveSecrets", "global"}
    assert all(key.note for key in KEYS.values() if not key.paths)
    assert all(key.places for key in KEYS.values() if key.paths)


@pytest.mark.parametrize("key", [key for key in KEYS.values() if key.paths], ids=lambda key: key.name)
def test_setting_a_path_changes_every_field_that_the_table_names(key: Key) -> None:
    for path in key.paths:
        for place in key.places:
            values = SPECIAL.get(path, BY_KIND[key.kind])
            assert _changes(path, values, place), f"matlab.{path} never changes {place}"


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_defaults_are_the_charts_or_the_table_says_otherwise(key: Key) -> None:
    """A default that silently differed would make an import deploy something else than the chart."""
    if key.default is None or not key.paths or "PVC" in key.name:
        return
    default = _default(key.paths[0])
    if key.name in {"jobManagerUserID", "jobManagerGroupID", "workerPassword"}:
        assert key.note
    elif key.name in {"haproxyImage", "parallelServerProxyImage"}:
        image = key.paths[0].rpartition(".")[0]
        assert f"{_default(f'{image}.repository')}:{_default(f'{image}.tag')}" == key.default
    elif key.name == "controllerImageTag":
        assert default == "2.1.1"
    elif key.name == "poolProxyCPURequest":
        assert (key.default, default) == ("0.5", "500m")
    elif key.kind is Kind.QUANTITY:
        assert (default or "") == str(key.default)
    else:
        assert (list(default) if isinstance(default, tuple) else "" if default is None else default) == key.default


def _default(path: str) -> Any:
    value: Any = Settings.model_validate(NEW)
    for step in path.split("."):
        fields = type(value).model_fields
        value = getattr(value, next(name for name, found in fields.items() if (found.alias or name) == step))
    return value


def test_the_page_of_the_documentation_is_the_table() -> None:
    text = page()
    assert all(f"`{name}`" in text for name in KEYS)
    assert all(f"`{path}`" in text for path in OURS)


def test_the_worker_password_reaches_its_secret_through_the_program() -> None:
    """The Secret is made of Pulumi outputs, so the table's line for it is proven on the rendered program."""
    from components.stack import load_stack
    from ops.render import render

    matlab = with_value(NEW, "workers.password", "given")
    files, _ = render(load_stack("test", {"kubernetes": {"context": "example"}, "matlab": matlab}, {"matlab"}))
    assert "password: given" in files["secret-mjs-worker-user.yaml"]
