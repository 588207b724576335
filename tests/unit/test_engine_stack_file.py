"""Stack config as the Pulumi CLI would hand it to the program."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.engine import passphrase
from local.engine.errors import EngineError, NeedsCli
from local.engine.stack_file import encryption_salt, read_project, read_stack_file

PROJECT = """
name: clusters
runtime: {name: python, options: {toolchain: pip}}
config:
  matlab: {type: object, default: {}}
  julia: {type: object, default: {}}
  size: {type: integer, default: 3}
"""


def vector(text: str, word: str = "swordfish", salt: bytes = b"12345678", nonce: bytes = b"abcdefghijkl") -> str:
    """A value as pulumi/pulumi sdk/go/common/resource/config/crypt.go describes it, made without our code."""
    key = hashlib.pbkdf2_hmac("sha256", word.encode(), salt, 1_000_000, 32)
    coded = [base64.b64encode(part).decode() for part in (nonce, AESGCM(key).encrypt(nonce, text.encode(), None))]
    return f"v1:{coded[0]}:{coded[1]}"


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path / "Pulumi.prod.yaml"


def read(path: Path, secret: str = "") -> tuple[dict[str, str], list[str]]:
    project = read_project(path.parent / "Pulumi.yaml")
    return read_stack_file(path, project, lambda at, _: secret or f"<{at}>")


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


def test_secret_leaves_are_decrypted_in_place_and_their_top_level_key_is_secret(stack: Path) -> None:
    stack.write_text(
        "config:\n  clusters:matlab:\n    users:\n    - {secure: v1:a:b}\n  clusters:token: {secure: v1:c:d}\n"
    )
    values, secret_keys = read(stack)
    assert json.loads(values["clusters:matlab"]) == {"users": ["<clusters:matlab.users[0]>"]}
    assert values["clusters:token"] == "<clusters:token>"
    assert secret_keys == ["clusters:matlab", "clusters:token"]


def test_a_value_of_the_cli_is_decrypted_with_the_right_passphrase_only(stack: Path) -> None:
    salt = f"v1:{base64.b64encode(b'12345678').decode()}:{vector('pulumi')}"
    stack.write_text(f"encryptionsalt: {salt}\nconfig: {{}}\n")
    assert encryption_salt(stack) == salt
    crypter = passphrase.crypter("swordfish", salt)
    assert crypter.decrypt(vector("s3cret: ü", nonce=b"ABCDEFGHIJKL")) == "s3cret: ü"
    assert crypter.decrypt(crypter.encrypt("again")) == "again"
    assert crypter.encrypt("again") != crypter.encrypt("again")
    with pytest.raises(EngineError, match="passphrase is not the one"):
        passphrase.crypter("guess", salt)
    for broken in ("v1:a", "v2:YQ==:YQ==", vector("x").replace("v1:Y", "v1:Z"), "v1:!:!"):
        with pytest.raises(EngineError):
            crypter.decrypt(broken)


def test_a_new_salt_is_one_that_the_cli_would_accept() -> None:
    salt = passphrase.new_salt("swordfish")
    version, coded, rest = salt.split(":", 2)
    key = hashlib.pbkdf2_hmac("sha256", b"swordfish", base64.b64decode(coded), 1_000_000, 32)
    nonce, text = (base64.b64decode(part) for part in rest.split(":")[1:])
    assert (version, AESGCM(key).decrypt(nonce, text, None)) == ("v1", b"pulumi")


def test_the_passphrase_comes_from_the_variable_or_the_file(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("  from file \n")
    assert passphrase.passphrase_from({"PULUMI_CONFIG_PASSPHRASE": ""}) == ""
    assert passphrase.passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from file"
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE"):
        passphrase.passphrase_from({})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secretsprovider: awskms://alias/x\nconfig: {}\n", "secrets from awskms"),
        ("encryptedkey: abc\nconfig: {}\n", "encryptedkey"),
        ("environment: [dev]\n", "ESC environment"),
    ],
)
def test_what_only_the_cli_can_read_is_refused(stack: Path, text: str, words: str) -> None:
    stack.write_text(text)
    with pytest.raises(NeedsCli, match=words):
        read(stack)


def test_all_mistakes_are_named_at_once(stack: Path) -> None:
    stack.write_text("config:\n  clusters:matlab: text\n  clusters:size: three\n")
    with pytest.raises(
        EngineError, match=r"clusters:matlab must be of type object; clusters:size must be of type integer"
    ):
        read(stack)
    project = stack.parent / "Pulumi.yaml"
    project.write_text(PROJECT + "  needed: {type: string}\n  token: {type: string, secret: true}\n")
    stack.write_text("config: {clusters:token: clear}\n")
    with pytest.raises(EngineError, match=r"needed is not set.*token must be encrypted"):
        read(stack)


def test_a_project_with_another_entry_point_is_refused(stack: Path) -> None:
    project = stack.parent / "Pulumi.yaml"
    project.write_text(PROJECT + "main: elsewhere\n")
    with pytest.raises(NeedsCli, match="main"):
        read_project(project)
