"""`ops render --out`: what happens to the files that are in the folder already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops import rendering_folder
from ops.__main__ import main
from ops.errors import CommandError
from ops.rendering_folder import RECORD, UNFINISHED, write
from tests.conftest import PROJECT


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.name not in {RECORD, UNFINISHED}}


def test_files_that_are_no_longer_rendered_are_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "rendering"
    write({"service-one.yaml": "1", "service-two.yaml": "2"}, folder)
    write({"service-two.yaml": "2b"}, folder)
    assert contents(folder) == {"service-two.yaml": "2b"}


def test_files_of_other_people_stay(tmp_path: Path) -> None:
    """It used to delete every `*-*.yaml`, sealed secrets and stack files included."""
    write({"service-one.yaml": "1"}, tmp_path)
    (tmp_path / "Pulumi.eu-prod.yaml").write_text("config: {}")
    (tmp_path / "kustomization.yaml").write_text("resources: []")
    write({"service-two.yaml": "2"}, tmp_path)
    assert contents(tmp_path) == {
        "service-two.yaml": "2",
        "Pulumi.eu-prod.yaml": "config: {}",
        "kustomization.yaml": "resources: []",
    }


@pytest.mark.parametrize("name", ["Pulumi.eu-prod.yaml", "service-one.yaml", ".gitignore"])
def test_a_folder_with_files_of_unknown_origin_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(CommandError, match=f"no earlier rendering wrote: `{name}`"):
        write({"service-one.yaml": "1"}, tmp_path)
    assert contents(tmp_path) == {name: "precious"}


def test_a_secret_that_was_filled_in_is_neither_replaced_nor_deleted(tmp_path: Path) -> None:
    write({"secret-one.yaml": "placeholder", "service-one.yaml": "1"}, tmp_path)
    (tmp_path / "secret-one.yaml").write_text("sealed")
    for files in ({"secret-one.yaml": "placeholder", "service-one.yaml": "changed"}, {"service-one.yaml": "changed"}):
        with pytest.raises(CommandError, match=r"changed after they were rendered.*`secret-one\.yaml`"):
            write(files, tmp_path)
    assert contents(tmp_path) == {"secret-one.yaml": "sealed", "service-one.yaml": "1"}


def test_a_file_that_appeared_under_the_name_of_a_new_object_is_not_replaced(tmp_path: Path) -> None:
    write({"service-one.yaml": "1"}, tmp_path)
    (tmp_path / "service-two.yaml").symlink_to(tmp_path / "service-one.yaml")
    with pytest.raises(CommandError, match=r"`service-two\.yaml`"):
        write({"service-one.yaml": "1b", "service-two.yaml": "2"}, tmp_path)
    assert (tmp_path / "service-one.yaml").read_text() == "1"


@pytest.mark.parametrize("record", ["", "[]", '{"service-one.yaml": 1}'])
def test_a_damaged_record_is_refused(tmp_path: Path, record: str) -> None:
    (tmp_path / RECORD).write_text(record)
    with pytest.raises(CommandError, match="is damaged"):
        write({"service-one.yaml": "1"}, tmp_path)


def test_a_record_reaches_no_other_folder(tmp_path: Path) -> None:
    folder = tmp_path / "rendering"
    write({"service-one.yaml": "1"}, folder)
    (tmp_path / "precious").write_text("")
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps({**record, "../precious": [rendering_folder._digest(b"")]}))
    write({"service-one.yaml": "2"}, folder)
    assert (tmp_path / "precious").exists()


def test_an_interrupted_run_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a-1.yaml": "old", "b-1.yaml": "old", "c-1.yaml": "old"}, tmp_path)
    new = {"a-1.yaml": "new", "b-1.yaml": "new"}
    replace = Path.replace

    def fail(file: Path, target: Path) -> Path:
        if target.name == "b-1.yaml":
            raise KeyboardInterrupt
        return replace(file, target)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(Path, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            write(new, tmp_path)
    assert contents(tmp_path) == {"a-1.yaml": "new", "b-1.yaml": "old"}
    write(new, tmp_path)
    assert contents(tmp_path) == new


def test_a_first_run_that_was_interrupted_is_repeated(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).write_text("half a rec")
    write({"a-1.yaml": "new"}, tmp_path)
    assert contents(tmp_path) == {"a-1.yaml": "new"}


def test_the_command_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deployment-mine.yaml").write_text("precious")
    assert main(["render", "--config", str(PROJECT / "Pulumi.dev.yaml"), "--out", str(tmp_path)]) == 2
    assert "`deployment-mine.yaml`" in capsys.readouterr().err
