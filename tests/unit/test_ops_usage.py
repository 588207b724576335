"""A command rejects what was typed, or a file that it cannot use, with a sentence and exit code 2; nothing changes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from ops.__main__ import main

JULIA = "config:\n  clusters:kubernetes: {context: lab}\n  clusters:julia: {sessions: {ana: {}}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with two stack files and no kubeconfig."""
    (tmp_path / "Pulumi.good.yaml").write_text(JULIA)
    (tmp_path / "Pulumi.none.yaml").write_text("config:\n  clusters:kubernetes: {context: lab}\n")
    (tmp_path / "dir").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.json").write_text("[]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr("ops.where.PROJECT", tmp_path)
    return tmp_path


WRONG = [
    ("render --config nosuch.yaml --out out", "nosuch.yaml does not exist"),
    ("render --config dir --out out", "dir cannot be used: Is a directory."),
    ("render --config Pulumi.good.yaml --out binary", "binary is a file"),
    ("doctor --stack nosuch", "does not exist. The stacks of this folder: good, none. `python -m ops init NAME`"),
    ("doctor --stack a/b", "The stacks of this folder: good, none."),
    ("doctor --stack none", "deploys no system"),
    ("doctor --namespace x --before", "--before can be used only with --stack"),
    ("doctor --namespace Bad_Name", "--namespace Bad_Name cannot be the name of a namespace"),
    ("doctor --stack good --context lab", "--context can be used only with --namespace"),
    ("status --stack good", "deploys no MATLAB cluster"),
    ("rights --stack none", "deploys no system"),
    ("rights --stack good --subject User:*", "is not an account"),
    ("rights --stack good --subject ServiceAccount:ci/A_B", "is not an account"),
    ("impact nosuch.json", "nosuch.json cannot be read"),
    ("impact --stack nosuch", "does not exist"),
    ("impact list.json", "is not"),
    ("drift --plan dir", "dir cannot be used: Is a directory."),
    ("drift --stack nosuch", "does not exist"),
    ("adopt --namespace x", "--namespace and --out must be used together"),
    ("adopt --stack good --name other", "--name can be used only with --namespace"),
    ("adopt --stack good --context lab", "--context can be used only with --namespace"),
    ("arkouda-orphans --config Pulumi.good.yaml", "has no server that registers itself"),
    ("arkouda-orphans --config Pulumi.good.yaml --server hpc", "has no server hpc that registers itself"),
    ("init good --out dir/none", "There is no folder dir/none"),
    ("init new --out dir --system julia --release r2026a", "--release has no effect with system julia"),
    ("shared-secret --in binary --out out", "is neither JSON nor a PKCS#12 file"),
    ("move-claim --stack good --claim checkpoint --to Fast_Claim", "--to Fast_Claim cannot be the name of a claim"),
    ("move-claim --stack good --claim checkpoint --to fast --size 20", "size: '20' is only 20 bytes"),
    ("move-claim --stack good --claim checkpoint --to fast --access-modes RWX", "RWX is not an access mode"),
    ("move-claim --stack good --claim checkpoint --to fast --cancel --size 20Gi", "--cancel creates no claim"),
    ("graph --config nosuch.yaml", "nosuch.yaml does not exist"),
]


@pytest.mark.parametrize(("command", "sentence"), WRONG, ids=[command for command, _ in WRONG])
def test_a_command_that_cannot_work_ends_with_2_and_a_sentence(
    command: str, sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the exit codes of doctor and impact, 1 is a finding: a missing file is none."""
    before = sorted(folder.rglob("*"))
    assert main(command.split()) == 2
    written = capsys.readouterr()
    assert sentence in written.err
    assert written.out == ""
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "command",
    [
        "render --config nosuch.yaml --out out --json",
        "doctor --stack nosuch --json",
        "doctor --stack good --json",
        "status --namespace x --json",
        "rights --stack nosuch --json",
        "impact nosuch.json --json",
        "graph --config dir --json",
        "init good --out dir/none --json",
        "arkouda-files --out dir --json",
        "arkouda-orphans --config Pulumi.good.yaml --json",
        "shared-secret --in binary --out out --json",
        "move-claim --stack good --claim checkpoint --to Fast_Claim --json",
    ],
)
def test_with_json_an_error_is_json(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{}"))
    assert main(command.split()) == 2
    assert set(json.loads(capsys.readouterr().out)) == {"error"}


def test_a_cluster_that_cannot_be_reached_ends_with_1_and_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.hpc.yaml").write_text(
        "config:\n  clusters:kubernetes: {context: lab}\n"
        "  clusters:arkouda: {apiServer: 'https://lab.example.org', selfRegistered: [{name: hpc}]}\n"
    )
    assert main(["arkouda-orphans", "--config", "Pulumi.hpc.yaml", "--json"]) == 1
    sentence = json.loads(capsys.readouterr().out)["error"]
    assert sentence.startswith("The cluster cannot be read or changed: the default kubeconfig")


def test_every_command_has_a_form_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"(?m)^    ([a-z-]+) ", capsys.readouterr().out)
    assert len(commands) > 10
    for command in commands:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "  --json " in capsys.readouterr().out, command


def test_what_is_no_text_is_no_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "--plan", "binary", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"error": "binary is not UTF-8 text."}


@pytest.mark.parametrize(
    "words", [["doctor", "--stack", ""], ["impact", "--stack="], ["init", ""], ["drift", "--stack", ""]]
)
def test_a_variable_of_the_shell_that_is_not_set_is_noticed(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`init ""` wrote Pulumi..yaml, and `impact --stack ""` ended in a traceback."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "an argument is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "document",
    ["{}", '{"arkoudaFiles": {}}', '{"hpc": {}}', '{"hpc": {"../../job.sh": "x"}}', '{"../hpc": {"job.sh": "x"}}'],
)
def test_files_of_arkouda_are_written_into_the_folder_and_nowhere_else(
    document: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(document))
    before = sorted(folder.rglob("*"))
    assert main(["arkouda-files", "--out", "dir/files"]) == 2
    assert "is not the stack output arkoudaFiles" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before
