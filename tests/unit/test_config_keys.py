"""A config key that Pulumi accepts and this program does not read is rejected, in any way of passing config."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import config_keys, config_source, program, secret_settings, stack_file
from components.config_source import option
from components.shared.mistakes import ConfigError, Mistake
from components.stack import StackConfig, file_values, load_stack, warnings

TARGET = {"context": "lab"}
MATLAB = {"release": "r2026a", "workers": {"max": 4}}
CLEAR = {**MATLAB, "security": {"adminPassword": "hunter2"}}
TWO = {**MATLAB, "security": {"adminPassword": "hunter2"}, "workers": {"max": 4, "password": "hunter3"}}


def found(values: dict[str, Any]) -> list[Mistake]:
    try:
        load_stack("lab", {"kubernetes": TARGET, "matlab": MATLAB, **values}, set())
    except ConfigError as error:
        return list(error.mistakes)
    return []


@pytest.mark.parametrize(
    ("key", "code", "remedy"),
    [
        ("matlab.workers.max", config_keys.FLAT, "pulumi config set --path matlab.workers.max VALUE"),
        ("matlab.security.adminPassword", config_keys.FLAT, "--path --secret matlab.security.adminPassword"),
        ('matlab.workers.nodeSelector["a.b/c"]', config_keys.FLAT, """'matlab.workers.nodeSelector["a.b/c"]' VALUE"""),
        ("matlab[0]", config_keys.FLAT, "Did you forget --path?"),
        ("matlb", "unknown", "Did you mean matlab?"),
        ("matlb.workers.max", config_keys.FLAT, "pulumi config set --path matlab.workers.max VALUE"),
        ("kubernetes.context", config_keys.FLAT, "pulumi config set --path kubernetes.context VALUE"),
        ("qqq", "unknown", "The keys are kubernetes, matlab"),
        ("cluster:matlab", config_keys.NAMESPACE, "Did you mean clusters:matlab?"),
        ("Clusters:matlab", config_keys.NAMESPACE, "Did you mean clusters:matlab?"),
        ("cluster:matlb.workers", config_keys.NAMESPACE, "Did you mean clusters:matlab?"),
        ("matlab:workers.max", config_keys.NAMESPACE, "with --path matlab.workers.max"),
    ],
)
def test_a_key_that_nobody_reads_is_rejected(key: str, code: str, remedy: str) -> None:
    (mistake,) = found({key: "64"})
    assert (mistake.path, mistake.code) == (key, code)
    assert remedy in mistake.remedy


@pytest.mark.parametrize("key", ["aws:region", "kubernetes:context", "pulumi:tags", "other:matlab", "costs:team"])
def test_keys_of_providers_and_of_other_projects_are_theirs(key: str) -> None:
    assert found({key: "64"}) == []


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_key_is_rejected(value: str | None) -> None:
    (mistake,) = found({"matlab": value})
    assert (mistake.path, mistake.code) == ("matlab", config_keys.EMPTY)


@pytest.mark.parametrize("matlab", [None, {}])
def test_a_stack_that_selects_no_system_is_a_warning(matlab: dict[str, Any] | None) -> None:
    values = {"kubernetes": TARGET} | ({"matlab": matlab} if matlab is not None else {})
    (warning,) = warnings(load_stack("lab", values, set()))
    assert "selects no system: set clusters:matlab" in warning
    assert list(warnings(load_stack("lab", {"kubernetes": TARGET, "matlab": MATLAB}, set()))) == []


@pytest.mark.parametrize("value", [[], False, 0])
def test_what_is_no_group_selects_no_system_in_silence(value: Any) -> None:
    (mistake,) = found({"julia": value})
    assert (mistake.path, mistake.code) == ("julia", "not-a-group")


def test_keys_without_an_effect_are_warnings() -> None:
    file = stack_file.parsed(
        b"config:\n  clusters:kubernetes: {context: lab}\n  clusters:matlab: {release: r2026a, workers: {max: 4}}\n"
        b"  clusters:julia: {}\n  kubernetes:context: prod\n"
    )
    provider, empty = warnings(load_stack("lab", *file_values(file), file))
    assert (
        provider
        == "kubernetes:context has no effect on this stack, which deploys to the cluster of clusters:kubernetes."
    )
    assert empty.startswith("julia is an empty map, so it has no effect.")


# Under the CLI


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(program, "PROJECT", tmp_path)
    yield tmp_path
    pulumi.runtime.set_all_config({}, [])


def run(values: dict[str, Any], *secret_keys: str) -> StackConfig:
    """The config of a run, as the CLI gives it to the program."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    pulumi.runtime.set_all_config(texts, [f"clusters:{key}" for key in secret_keys])
    return program.read_config("lab", pulumi.Config("clusters"))


def codes(values: dict[str, Any], *secret_keys: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        run({"clusters:kubernetes": TARGET, **values}, *secret_keys)
    return [mistake.code for mistake in refused.value.mistakes]


def write(path: Path, matlab: dict[str, Any], more: str = "") -> None:
    path.write_text(json.dumps({"config": {"clusters:kubernetes": TARGET, "clusters:matlab": matlab}}) + more)


def encrypted(*path: str, matlab: dict[str, Any] = MATLAB) -> dict[str, Any]:
    """The settings, with an encrypted value at a path."""
    if not path:
        return {"secure": "v1:a:b"}
    return {**matlab, path[0]: encrypted(*path[1:], matlab=matlab.get(path[0], {}))}


def test_the_program_sees_every_key_of_the_run(folder: Path) -> None:
    assert codes({"clusters:matlab": MATLAB, "clusters:matlab.workers.max": "64"}) == [config_keys.FLAT]
    assert codes({"cluster:matlab": MATLAB}) == [config_keys.NAMESPACE]
    assert run({"clusters:kubernetes": TARGET, "clusters:matlab": MATLAB, "aws:region": "x"}).systems.keys() == {
        "matlab"
    }


def test_text_in_place_of_settings_is_no_traceback(folder: Path) -> None:
    assert codes({"clusters:matlab": "hunter2"}) == ["not-a-group"]


def test_a_clear_secret_is_rejected_wherever_the_config_comes_from(folder: Path) -> None:
    """No key of the run is secret, so the password is not, whatever the file says that the CLI did not use."""
    write(folder / "Pulumi.lab.yaml", encrypted("security", "adminPassword"))
    assert codes({"clusters:matlab": CLEAR}) == [secret_settings.CLEAR]
    (folder / "Pulumi.lab.yaml").unlink()
    assert codes({"clusters:matlab": CLEAR}) == [secret_settings.CLEAR]


def test_a_clear_secret_next_to_an_encrypted_one_is_found_in_the_file(folder: Path) -> None:
    write(folder / "Pulumi.lab.yaml", encrypted("workers", "password", matlab=TWO))
    assert codes({"clusters:matlab": TWO}, "matlab") == [secret_settings.CLEAR]


def test_a_placeholder_is_no_secret(folder: Path) -> None:
    """It would be taken for a password, and for a key that nobody has to check."""
    authority = {"certificate": "x", "key": "<secret matlab.security.authority.key>"}
    matlab = {**MATLAB, "security": {"authority": authority}}
    assert secret_settings.PLACEHOLDER in codes({"clusters:matlab": matlab}, "matlab")
    copied = {**MATLAB, "security": {"adminPassword": "<secret matlab.security.adminPassword>"}}
    assert codes({"clusters:matlab": copied}, "matlab") == [secret_settings.PLACEHOLDER]


def test_a_file_that_the_run_does_not_use_is_not_judged(folder: Path) -> None:
    """`--config-file other.yaml` with everything encrypted, while the stack's own file holds a clear secret."""
    write(folder / "Pulumi.lab.yaml", {**CLEAR, "logLevel": 3}, "\n# The next key is outside config.\n")
    values = {"clusters:kubernetes": TARGET, "clusters:matlab": CLEAR}
    assert run(values, "matlab").systems.keys() == {"matlab"}


def test_the_file_of_the_option_is_judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "Pulumi.lab.yaml", encrypted("security", "adminPassword"))
    write(folder / "other.yaml", encrypted("workers", "password", matlab=TWO))
    command = ["/bin/pulumi", "up", "--config-file", "other.yaml", ""]
    monkeypatch.setattr(config_source, "_ancestors", lambda: iter([(["python", "-m", "x"], folder), (command, folder)]))
    assert codes({"clusters:matlab": TWO}, "matlab") == [secret_settings.CLEAR]


def test_an_environment_may_add_values_to_the_file(folder: Path) -> None:
    """The file's own leaves are judged; those of the ESC environment are encrypted there."""
    file = {"release": "r2026a", "workers": {"password": "hunter3"}}
    write(folder / "Pulumi.lab.yaml", file)
    path = folder / "Pulumi.lab.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "environment": ["lab"]}))
    assert codes({"clusters:matlab": TWO}, "matlab") == [secret_settings.CLEAR]
    file["workers"] = {"max": 4}  # type: ignore[assignment]
    write(path, file)
    path.write_text(json.dumps({**json.loads(path.read_text()), "environment": ["lab"]}))
    assert run({"clusters:kubernetes": TARGET, "clusters:matlab": TWO}, "matlab").systems.keys() == {"matlab"}


def test_an_encrypted_setting_that_is_no_secret_is_rejected(folder: Path) -> None:
    write(folder / "Pulumi.lab.yaml", encrypted("workers", "username"))
    matlab = {**MATLAB, "workers": {"max": 4, "username": "hunter2"}}
    assert codes({"clusters:matlab": matlab}, "matlab") == [secret_settings.ENCRYPTED]


def test_keys_outside_config_are_found_in_the_file_of_the_run(folder: Path) -> None:
    (folder / "Pulumi.lab.yaml").write_text(
        "config:\n  clusters:kubernetes: {context: lab}\nclusters:matlab:\n  release: r2026a\n"
    )
    assert codes({"clusters:matlab": {}}) == [config_keys.OUTSIDE]


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["pulumi", "up", "--config-file", "a.yaml", "--yes"], "a.yaml"),
        (["pulumi", "--config-file=a.yaml", "up"], "a.yaml"),
        (["pulumi", "up", "--config-file"], None),
        (["pulumi", "up", "--config", "a=b", ""], None),
    ],
)
def test_the_option_of_the_cli_is_read_in_both_spellings(words: list[str], path: str | None) -> None:
    assert option(words) == path


def test_looking_for_the_cli_finds_no_option_in_a_test_run() -> None:
    assert config_source.config_file(Path("Pulumi.lab.yaml")) == Path("Pulumi.lab.yaml")
