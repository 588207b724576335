"""The state file and its lock."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from local.engine import state as state_module
from local.engine.errors import EngineError
from local.engine.lock import locked
from local.engine.state import Resource, State
from local.engine.values import Secret, plain


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "swordfish")


def resource(name: str, *needs: str, protect: bool = False, parent: str = "") -> Resource:
    return Resource(name, "t", name, custom=True, dependencies=list(needs), protect=protect, parent=parent)


def load(path: Path) -> State:
    return State.load(path, "clusters", "dev")


def test_secrets_are_encrypted_one_by_one_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "states" / "dev.json"
    kept = resource("a")
    kept.inputs = {"clear": 1, "hidden": Secret({"password": "canary"}), "list": [Secret("canary")]}
    load(path).put(kept)
    assert "canary" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    again = load(path).resources["a"]
    assert isinstance(again.inputs["hidden"], Secret)
    assert plain(again.inputs) == {"clear": 1, "hidden": {"password": "canary"}, "list": ["canary"]}
    assert repr(again.inputs["hidden"]) == "[secret]"


def test_an_unchanged_state_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    kept = resource("a")
    kept.inputs = {"hidden": Secret("canary")}
    load(path).put(kept)
    before = path.stat().st_mtime_ns, path.read_bytes()
    state = load(path)
    state.put(state.resources["a"])
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_reading_needs_the_passphrase_only_for_secret_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dev.json"
    kept = resource("a")
    kept.outputs = {"hidden": Secret("canary"), "clear": 1}
    load(path).put(kept)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    state = load(path)
    assert state.resources["a"].outputs["clear"] == 1
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE"):
        plain(state.resources["a"].outputs)


def test_a_write_that_breaks_off_leaves_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dev.json"
    state = load(path)
    state.put(resource("a"))

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state_module.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        state.put(resource("b"))
    assert list(load(path).resources) == ["a"]
    assert list(tmp_path.iterdir()) == [path]


def test_many_threads_write_one_state(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    state = load(path)
    threads = [threading.Thread(target=state.put, args=(resource(str(number)),)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(load(path).resources) == {str(number) for number in range(40)}


def test_a_state_of_another_stack_or_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev.json"
    load(path).put(resource("a"))
    with pytest.raises(EngineError, match="of stack dev"):
        State.load(path, "clusters", "prod")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(EngineError, match="version 99"):
        load(path)
    path.write_text("{")
    with pytest.raises(EngineError, match="damaged"):
        load(path)


def test_what_a_protected_resource_stands_on_is_kept(tmp_path: Path) -> None:
    """--exclude-protected: parents, providers and dependencies of what is protected, all the way up."""
    state = load(tmp_path / "dev.json")
    secret = resource("secret", "namespace", protect=True, parent="component")
    secret.provider = "provider::some-id"
    for entry in (resource("provider"), resource("namespace"), resource("stack"), resource("component", parent="stack"),
                  secret, resource("pod", "secret", parent="component")):  # fmt: skip
        state.resources[entry.urn] = entry
    assert state.in_use(["secret"]) == {"secret", "namespace", "provider", "component", "stack"}


def test_deletion_goes_from_the_dependent_to_what_it_needs(tmp_path: Path) -> None:
    state = load(tmp_path / "dev.json")
    for entry in (resource("a"), resource("b", "a"), resource("c", "b"), resource("d", "a"), resource("kept")):
        state.resources[entry.urn] = entry
    order = state.deletion_order(["a", "b", "c", "d"])
    first = set(order.get_ready())
    assert first == {"c", "d"}
    order.done("c")
    assert set(order.get_ready()) == {"b"}
    order.done("b")
    assert order.get_ready() == ()
    order.done("d")
    assert set(order.get_ready()) == {"a"}


def _hold(path: Path, held: threading.Event, release: threading.Event) -> None:
    with locked(path, "up", print):
        held.set()
        release.wait()


def test_a_lock_names_its_living_owner_and_is_taken_over_from_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "dev.lock"
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    owner = context.Process(target=_hold, args=(path, held, release))
    owner.start()
    assert held.wait(30)
    with pytest.raises(EngineError, match=rf"up, process {owner.pid} on "), locked(path, "preview", print):
        pass
    owner.kill()
    owner.join()
    notes: list[str] = []
    with locked(path, "preview", notes.append):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert [f"process {owner.pid}" in note for note in notes] == [True]
    with locked(path, "preview", notes.append):
        pass
    assert len(notes) == 1


def test_a_lock_of_another_host_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "dev.lock"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "user": "eve", "command": "up"}))
    with (
        pytest.raises(EngineError, match=r"eve, up, process 1 on elsewhere.*remove dev\.lock"),
        locked(path, "up", print),
    ):
        pass
