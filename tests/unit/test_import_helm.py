"""Values are merged and --set is read as Helm does it (helm/helm pkg/strvals and pkg/cli)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import CommandError
from ops.import_helm import gather, merge, parse_set, read_values


def _set(text: str, **before: Any) -> dict[str, Any]:
    values: dict[str, Any] = before
    parse_set(text, values)
    return values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("maxWorkers=4", {"maxWorkers": 4}),
        ("a=1,b=two", {"a": 1, "b": "two"}),
        ("a=true,b=FALSE,c=null", {"a": True, "b": False, "c": None}),
        ("a=0,b=007,c=0.5,d=1e3,e=-3,f=+4", {"a": 0, "b": "007", "c": "0.5", "d": "1e3", "e": -3, "f": 4}),
        ("a=99999999999999999999", {"a": "99999999999999999999"}),
        ("a=", {"a": ""}),
        ("a=,b=1", {"a": "", "b": 1}),
        ("a.b.c=1", {"a": {"b": {"c": 1}}}),
        (r"a.example\.org/pool=lab", {"a": {"example.org/pool": "lab"}}),
        (r"a=x\,y", {"a": "x,y"}),
        (r"a=C:\\temp", {"a": r"C:\temp"}),
        ("a=b=c", {"a": "b=c"}),
        ("a={r2024a,r2025b}", {"a": ["r2024a", "r2025b"]}),
        ("a={1,true,x},b=2", {"a": [1, True, "x"], "b": 2}),
        (r"a={x\,y,z}", {"a": ["x,y", "z"]}),
        ("a={}", {"a": [""]}),
        ("a[0]=x,a[2]=z", {"a": ["x", None, "z"]}),
        ("a[0].key=gpu,a[0].operator=Exists", {"a": [{"key": "gpu", "operator": "Exists"}]}),
        ("a[0][1]=x", {"a": [[None, "x"]]}),
        ("a[1]={x,y}", {"a": [None, ["x", "y"]]}),
        ("", {}),
    ],
)
def test_set_reads_what_helm_reads(text: str, values: dict[str, Any]) -> None:
    assert _set(text) == values


@pytest.mark.parametrize(
    "text", ["a", "a,b=1", "a.b", "a={x", "a[x]=1", "a[-1]=1", "a[70000]=1", "a[0]x=1", "a[0]", f"{'a.' * 31}b=1"]
)
def test_set_refuses_what_helm_refuses(text: str) -> None:
    with pytest.raises(CommandError, match="--set"):
        _set(text)


def test_set_refuses_an_index_or_a_name_into_something_else() -> None:
    with pytest.raises(CommandError, match="a is no list"):
        _set("a[0]=1", a="text")
    with pytest.raises(CommandError, match="a is no map"):
        _set("a.b=1", a=None)


def test_a_refused_set_does_not_repeat_its_value() -> None:
    with pytest.raises(CommandError) as caught:
        _set("workerPassword=hunter2,rest")
    assert "hunter2" not in str(caught.value)


def test_set_changes_one_entry_of_what_the_files_say() -> None:
    assert _set("a.x=2,b[1]=z", a={"x": 1, "y": 1}, b=["p", "q"]) == {"a": {"x": 2, "y": 1}, "b": ["p", "z"]}


def test_set_string_makes_everything_text() -> None:
    values: dict[str, Any] = {}
    parse_set("a=4,b=true,c={1,null}", values, typed=lambda word: word)
    assert values == {"a": "4", "b": "true", "c": ["1", "null"]}


plain = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\,.[]=}{" else char for char in text)


@given(name=plain, value=plain)
def test_any_name_and_any_text_can_be_written_with_escapes(name: str, value: str) -> None:
    values: dict[str, Any] = {}
    parse_set(f"{_escaped(name)}={_escaped(value)}", values, typed=lambda word: word)
    assert values == {name: value}


@given(st.lists(plain, min_size=1, max_size=5))
def test_any_list_of_texts_can_be_written(items: list[str]) -> None:
    values: dict[str, Any] = {}
    parse_set(f"a={{{','.join(map(_escaped, items))}}}", values, typed=lambda word: word)
    assert values == {"a": items}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parse_set(text, {})
    except CommandError as error:
        assert str(error).startswith("--set ")  # noqa: PT017 - most texts are accepted


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


def test_later_files_win_maps_merge_lists_are_replaced_and_null_takes_away(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("m: {x: 1, z: 1}\nl: [1, 2]\nd: 5\nk: 1\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("m: {z: 2}\nl: [3]\nd: null\n", encoding="utf-8")
    values, _ = gather([tmp_path / "a.yaml", tmp_path / "b.yaml"], ["k=2", "s=1"], ["s=1"])
    assert values == {"m": {"x": 1, "z": 2}, "l": [3], "d": None, "k": 2, "s": "1"}


def test_yaml_is_read_as_helm_reads_it(tmp_path: Path) -> None:
    """Helm's YAML is 1.1 for booleans and octals, but has no dates and no base 60."""
    file = tmp_path / "values.yaml"
    file.write_text("a: yes\nb: off\nc: 1:30\nd: 2024-01-02\ne: 010\nf: 1e3\ng: ~\n8: x\n", encoding="utf-8")
    assert read_values(file)[0] == {
        "a": True, "b": False, "c": "1:30", "d": "2024-01-02", "e": 8, "f": 1000.0, "g": None, "8": "x",
    }  # fmt: skip


def test_the_heading_of_helm_get_values_is_no_value(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("USER-SUPPLIED VALUES:\nmaxWorkers: 1\n", encoding="utf-8")
    assert gather([file], [], []) == ({"maxWorkers": 1}, [])


def test_a_key_that_stands_twice_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("maxWorkers: 1\nmaxWorkers: 2\n", encoding="utf-8")
    assert gather([file], [], []) == (
        {"maxWorkers": 2},
        ["values.yaml: maxWorkers stands there twice; the last one counts, as with Helm."],
    )


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "text", "\x00"])
def test_a_file_without_values_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"values\.yaml"):
        read_values(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        read_values(tmp_path / "values.yaml")
