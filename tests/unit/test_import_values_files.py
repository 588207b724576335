"""Values files are read and merged as Helm does it, and files that hold something else are recognized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.errors import CommandError
from ops.helm_import.values_file import merge, read_all, read_values

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
value_maps = st.dictionaries(st.sampled_from("abc"), json_values, max_size=3)


@given(value_maps, value_maps)
def test_merging_keeps_every_upper_value_and_changes_neither_side(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    before = repr((lower, upper))
    merged = merge(lower, upper)
    assert repr((lower, upper)) == before
    assert set(merged) == {*lower, *upper}
    for key, value in merged.items():
        if key not in upper:
            assert value == lower[key]
        elif not (isinstance(upper[key], dict) and isinstance(lower.get(key), dict)):
            assert value == upper[key]
    assert merge(merged, upper) == merged


def test_later_files_win_maps_merge_lists_are_replaced_and_null_removes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("m: {x: 1, z: 1}\nl: [1, 2]\nd: 5\nk: 1\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("m: {z: 2}\nl: [3]\nd: null\n", encoding="utf-8")
    values, _ = read_all([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert values == {"m": {"x": 1, "z": 2}, "l": [3], "d": None, "k": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "values.yaml"


def test_yaml_is_read_as_helm_reads_it(file: Path) -> None:
    """Helm's YAML is 1.1 for booleans and octals, but has no dates and no base 60."""
    file.write_text("a: yes\nb: off\nc: 1:30\nd: 2024-01-02\ne: 010\nf: 1e3\ng: ~\n8: x\n", encoding="utf-8")
    assert read_values(file)[0] == {
        "a": True, "b": False, "c": "1:30", "d": "2024-01-02", "e": 8, "f": 1000.0, "g": None, "8": "x",
    }  # fmt: skip


def test_the_heading_of_helm_get_values_is_not_a_value(file: Path) -> None:
    file.write_text("USER-SUPPLIED VALUES:\nmaxWorkers: 1\n", encoding="utf-8")
    assert read_all([file]) == ({"maxWorkers": 1}, [])


def test_a_key_that_is_defined_twice_is_reported(file: Path) -> None:
    file.write_text("maxWorkers: 1\nmaxWorkers: 2\n", encoding="utf-8")
    assert read_all([file]) == (
        {"maxWorkers": 2},
        ["values.yaml: maxWorkers is defined twice. The last one counts, as with Helm."],
    )


@pytest.mark.parametrize(
    "text", ["[1, 2]", "a: [", "text", "\x00", "&a [*a]", "? {a: b}\n: c", "!!int x", "a: !!timestamp x"]
)
def test_a_file_without_values_is_rejected(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"values\.yaml"):
        read_values(file)


def test_a_missing_file_is_rejected(file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        read_values(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60) | st.text("ab:-{}[]&*!|>'\"#\n \t%?,01.", max_size=60).map(str.encode))
def test_no_content_ends_in_a_traceback(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        read_values(file)
    except CommandError as error:
        assert str(error).startswith(str(file))  # noqa: PT017 - most contents are accepted


CHART = "matlabRelease: r2026a\n{}maxWorkers: 8\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("maxWorkers: ENC[AES256_GCM,data:Zw==,iv:a,tag:b,type:int]\n", "encrypted with SOPS. Decrypt it first"),
        ("maxWorkers: 8\nsops: {version: 3.9.0}\n", "encrypted with SOPS"),
        ("maxWorkers: {{ .Values.max }}\n", "Line 1 looks like a template that is not rendered"),
        ("{{- if .Values.x }}\nmaxWorkers: 8\n{{- end }}\n", "template that is not rendered"),
        (f"mjs:\n  {CHART.format('  ')}", 'under mjs, not at the top level.*.\\["mjs"\\]'),
        (f"charts:\n  mjs:\n    {CHART.format('    ')}", "under charts.mjs, not at the top level"),
        (
            f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    {CHART.format('    ')}",
            "a HelmRelease of Flux.*yq '.spec.values'",
        ),
        (
            f"kind: Application\nspec:\n  source:\n    helm:\n      valuesObject:\n        {CHART.format(' ' * 8)}",
            "an Application of Argo CD.*yq '.spec.source.helm.valuesObject'",
        ),
        (
            "kind: Application\nspec:\n  sources:\n  - helm:\n      values: |\n        maxWorkers: 8\n",
            r"yq '.spec.sources\[0\].helm.values'",
        ),
        ("kind: Application\nspec: 5\n", "an Application of Argo CD"),
        (
            "kind: ApplicationSet\nspec: {template: {spec: {source: {helm: {valuesObject: {maxWorkers: 8}}}}}}\n",
            "an ApplicationSet of Argo CD.*yq '.spec.template.spec.source.helm.valuesObject'",
        ),
        (
            "kind: Application\nspec:\n  source:\n    helm:\n      parameters: [{name: maxWorkers, value: '8'}]\n",
            "also takes values from spec.source.helm.parameters, .* Write all of them into one values file",
        ),
        (
            "kind: HelmRelease\nspec: {valuesFrom: [{kind: Secret, name: mjs}], values: {maxWorkers: 8}}\n",
            "also takes values from spec.valuesFrom, .*helm get values",
        ),
        ("kind: HelmChart\nspec:\n  valuesContent: |\n    maxWorkers: 8\n", "K3s or RKE2.*yq '.spec.valuesContent'"),
        ("releases:\n- name: mjs\n  values:\n  - maxWorkers: 8\n", r"a helmfile.*yq '.releases\[0\].values\[0\]'"),
        ("kind: ConfigMap\ndata:\n  mjs.yaml: |\n    maxWorkers: 8\n", r"""yq '.data\["mjs.yaml"\]'"""),
        ("kind: Secret\ndata:\n  mjs.yaml: bWF4\n", r"""yq '.data\["mjs.yaml"\] \| @base64d'"""),
        (f"helmCharts:\n- valuesInline:\n    {CHART.format('    ')}", "a kustomization"),
    ],
)  # fmt: skip
def test_values_of_another_tool_are_recognized(file: Path, text: str, words: str) -> None:
    """Imported as they are, every key would be unknown, or a ciphertext would become a setting."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=words):
        read_values(file)
