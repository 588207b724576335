"""Stack config as Pulumi hands it to the program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.errors import CommandError
from ops.stack_file import read_project, read_stack_file

PROJECT = """
name: clusters
runtime: {name: python, options: {toolchain: pip}}
config:
  matlab: {type: object, default: {}}
  julia: {type: object, default: {}}
  size: {type: integer, default: 3}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path / "Pulumi.prod.yaml"


def read(path: Path) -> tuple[dict[str, str], list[str]]:
    project = read_project(path.parent / "Pulumi.yaml")
    return read_stack_file(path, project, lambda at, _: f"<{at}>")


def test_values_are_texts_and_objects_are_json_and_defaults_fill_in(stack: Path) -> None:
    stack.write_text(
        "config:\n  clusters:matlab: {workers: {max: 64, min: 1.5}, on: [true, no]}\n  other:key: true\n  note: 1:30\n"
    )
    values, secret_keys = read(stack)
    assert values == {
        "clusters:matlab": '{"on":[true,"no"],"workers":{"max":64,"min":1.5}}',
        "clusters:julia": "{}",
        "clusters:size": "3",
        "clusters:note": "1:30",
        "other:key": "true",
    }
    assert secret_keys == []


def test_secret_leaves_are_replaced_and_their_top_level_key_is_secret(stack: Path) -> None:
    stack.write_text(
        "config:\n  clusters:matlab:\n    users:\n    - {secure: v1:a:b}\n  clusters:token: {secure: v1:c:d}\n"
    )
    values, secret_keys = read(stack)
    assert json.loads(values["clusters:matlab"]) == {"users": ["<clusters:matlab.users[0]>"]}
    assert values["clusters:token"] == "<clusters:token>"
    assert secret_keys == ["clusters:matlab", "clusters:token"]


@pytest.mark.parametrize("provider", ["secretsprovider: awskms://alias/x", "encryptedkey: abc"])
def test_a_stack_may_have_its_secrets_from_any_provider(stack: Path, provider: str) -> None:
    """Nothing is decrypted here, so a stack whose secrets come from a cloud's key service is read like any other."""
    stack.write_text(f"{provider}\nconfig: {{clusters:token: {{secure: v1:a:b}}}}\n")
    assert read(stack)[1] == ["clusters:token"]


def test_an_esc_environment_is_refused(stack: Path) -> None:
    """Its values would silently be missing."""
    stack.write_text("environment: [dev]\n")
    with pytest.raises(CommandError, match="ESC environment"):
        read(stack)


def test_all_mistakes_are_named_at_once(stack: Path) -> None:
    stack.write_text("config:\n  clusters:matlab: text\n  clusters:size: three\n")
    with pytest.raises(
        CommandError, match=r"clusters:matlab must be of type object; clusters:size must be of type integer"
    ):
        read(stack)
    project = stack.parent / "Pulumi.yaml"
    project.write_text(PROJECT + "  needed: {type: string}\n  token: {type: string, secret: true}\n")
    stack.write_text("config: {clusters:token: clear}\n")
    with pytest.raises(CommandError, match=r"needed is not set.*token must be encrypted"):
        read(stack)
