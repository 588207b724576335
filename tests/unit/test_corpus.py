"""Every wrong stack file of tests/corpus is refused with exactly the mistakes that its first lines expect.

A file's name says the field at fault and the error: `workers-min__is-more-than-max.yaml`.
"""

from __future__ import annotations

import ast
import functools
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from components import config_keys, secret_settings, stack_file
from components.shared import fields, loading, mistakes
from components.shared.fields import Model
from components.shared.loading import load
from components.shared.mistakes import ConfigError, Mistake
from components.stack import file_values, load_file, load_stack
from components.stack_file import StackFile
from tests.pem import pair

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
FILES = sorted(CORPUS.glob("*.yaml"))
EXPECT = re.compile(r"# expect: (?P<path>.*?) \| (?P<words>.*)")
CHECKERS = (
    "components.config_keys",
    "components.doctor_settings",
    "components.price_settings",
    "components.secret_settings",
    "components.stack",
    "components.stack_file",
    "components.arkouda.fields",
    "components.arkouda.rules",
    "components.arkouda.rules_jobs",
    "components.arkouda.sbatch",
    "components.julia.effects",
    "components.julia.fields",
    "components.julia.rules",
    "components.julia.rules_packages",
    "components.julia.rules_people",
    "components.julia.rules_project",
    "components.julia.settings",
    "components.matlab.effects",
    "components.matlab.rules",
    "components.matlab.fields",
    "components.matlab.rules_access",
    "components.matlab.rules_annotations",
    "components.matlab.rules_environment",
    "components.matlab.rules_network",
    "components.matlab.rules_pods",
    "components.matlab.rules_storage",
    "components.matlab.settings",
    "components.shared.effects",
    "components.shared.fields",
    "components.shared.floors",
    "components.shared.groups",
    "components.shared.hosts",
    "components.shared.kubernetes_types",
    "components.shared.loading",
    "components.shared.mistakes",
    "components.shared.network_policy",
    "components.shared.pem",
    "components.shared.paths",
    "components.shared.placement",
    "components.shared.quantities",
    "components.shared.rules_pods",
)
"""Modules that refuse a config before a cluster is asked."""


class Expected(NamedTuple):
    """One mistake: its config path, and words of its sentence."""

    path: str
    words: str

    def fits(self, mistake: Mistake) -> bool:
        return mistake.path == self.path and self.words in f"{mistake.problem}. {mistake.remedy}"


class Site(NamedTuple):
    """A place in the code that makes a mistake."""

    module: str
    line: int


def expectations(file: Path) -> list[Expected]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Expected(match["path"], match["words"]) for line in lines if (match := EXPECT.fullmatch(line))]


@functools.cache
def content_of(file: Path) -> StackFile | None:
    """The content of a file; None if it cannot be read."""
    with suppress(ConfigError):
        return stack_file.read(file)
    return None


@functools.cache
def found_in(file: Path) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigError) as refused:
        load_file(file, "lab")
    return refused.value.mistakes


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_stack_file_is_refused_with_exactly_these_mistakes(file: Path) -> None:
    expected, found = expectations(file), found_in(file)
    assert expected, "the file's first line must be `# expect: <path> | <words>`"
    missing = [item for item in expected if not any(item.fits(mistake) for mistake in found)]
    surplus = [str(mistake) for mistake in found if not any(item.fits(mistake) for item in expected)]
    assert (missing, surplus) == ([], [])
    assert len(found) == len(expected)


def test_corpus_files_are_named_after_the_field_at_fault() -> None:
    for file in FILES:
        path = expectations(file)[0].path.removeprefix("matlab.")
        assert file.stem.partition("__")[0] == re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_program_finds_what_the_file_check_finds(file: Path) -> None:
    """Pulumi hands the program values without the file: what is encrypted where, and where not, escapes it."""
    content = content_of(file)
    if content is None:
        return
    values, secret_keys = file_values(content)
    with_the_file = set(found_in(file))
    try:
        load_stack("corpus", values, secret_keys, decrypted=False)
        found: set[Mistake] = set()
    except ConfigError as error:
        found = set(error.mistakes)
    assert found <= with_the_file
    only_in_the_file = {mistake.code for mistake in with_the_file - found}
    assert only_in_the_file <= {secret_settings.CLEAR, secret_settings.ENCRYPTED, config_keys.OUTSIDE, "environment"}
    assert secret_keys or not only_in_the_file & {secret_settings.CLEAR, secret_settings.ENCRYPTED}


def _with_authority(authority: dict[str, str]) -> dict[str, Any]:
    return {"release": "r2026a", "workers": {"max": 4}, "security": {"authority": authority}}


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (pair("one").key, None),
        (pair("other").key, "belongs to another certificate"),
        (" ".join(pair("one").key.splitlines()), "is not a private key in PEM (PKCS#8)"),
        (pair("one").key.replace("\n", "\\n"), "is not a private key in PEM (PKCS#8)"),
        (pair("one").key.replace("PRIVATE", "RSA PRIVATE"), "is a PKCS#1 key, and MJS reads only PKCS#8"),
        (pair("one").key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "is encrypted with a passphrase"),
        ("\n".join(pair("one").key.splitlines()[:5] + pair("one").key.splitlines()[-1:]), "cut off or damaged"),
    ],
    ids=["its-own", "of-another", "folded", "escaped", "pkcs1", "encrypted", "truncated"],
)
def test_the_key_of_an_authority_is_the_one_that_mjs_can_read(key: str, problem: str | None) -> None:
    """Each of these was accepted, and ended in the middle of an `up` or in a job manager that never started."""
    config = {
        "kubernetes": {"context": "lab"},
        "matlab": _with_authority({"certificate": pair("one").certificate, "key": key}),
    }
    if problem is None:
        load_stack("corpus", config, {"matlab"})
        return
    with pytest.raises(ConfigError) as refused:
        load_stack("corpus", config, {"matlab"})
    (mistake,) = refused.value.mistakes
    assert mistake.path == "matlab.security.authority.key"
    assert problem in mistake.problem
    assert not any(line in str(refused.value) for line in key.splitlines()[1:-1])


MAKERS = {"Mistake", "no_effect", "refuse"}


class NotYet(Model):
    """Kinds of values that no setting has: their sentences wait for the first one."""

    since: date
    items: list[str]


def sites(module: ModuleType) -> Iterator[Site]:
    """Every call in the module that makes a Mistake or refuses a value."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            yield Site(module.__name__, node.lineno)


def load_everything_wrong() -> None:
    """The corpus, and what is not in this repository: private keys, and texts of hundreds of kilobytes."""
    for file in FILES:
        with suppress(ConfigError):
            load_file(file, "lab")
    others_key = {"certificate": pair("one").certificate, "key": pair("other").key}
    for matlab in (
        _with_authority(others_key),
        {**_with_authority({}), "security": {"adminPassword": "<secret matlab.security.adminPassword>"}},
        {"release": "r2026a", "workers": {"max": 4, "env": {"TEXT": "x" * 2**17}}},
        {
            "release": "r2026a",
            "workers": {"max": 4},
            "network": {"loadBalancer": {"annotations": {"text": "x" * 2**18}}},
        },
    ):
        with suppress(ConfigError):
            load_stack("corpus", {"kubernetes": {"context": "lab"}, "matlab": matlab}, {"matlab"})
    julia = {"sessions": {"night": {"kind": "script", "script": {"text": "println(1);" * 2**17}}}}
    with suppress(ConfigError):
        load_stack("corpus", {"kubernetes": {"context": "lab"}, "julia": julia}, set())
    with suppress(ConfigError):
        load_stack("corpus-", {}, set())


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("eu-prod", True), ("Lab_1.0", True), ("n" * 63, True), ("n" * 64, False), ("lab-", False), ("-lab", False)],
)
def test_the_name_of_a_stack_is_the_value_of_a_label(name: str, allowed: bool) -> None:
    """Pulumi allows all of these; the API server used to reject the first object, after keys were made."""
    config = {"kubernetes": {"context": "lab"}, "matlab": {"release": "r2026a", "workers": {"max": 4}}}
    if allowed:
        assert load_stack(name, config, set()).name == name
        return
    with pytest.raises(ConfigError) as refused:
        load_stack(name, config, set())
    (mistake,) = refused.value.mistakes
    assert mistake.path == "stack"
    assert f"`{name}`" in mistake.problem
    assert "pulumi stack rename" in mistake.remedy


def test_every_refusal_in_the_code_has_a_corpus_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without a file here is a rule whose sentence nobody has read."""
    modules = [importlib.import_module(name) for name in CHECKERS]
    reached: set[Site] = set()
    kinds: set[str] = set()

    def mark() -> None:
        caller = sys._getframe(2)
        reached.add(Site(caller.f_globals["__name__"], caller.f_lineno))

    class Marked(Mistake):
        def __init__(self, path: str, problem: str, remedy: str, code: str = "refused") -> None:
            mark()
            super().__init__(path, problem, remedy, code)

    def refuse(problem: str, remedy: str) -> None:
        mark()
        original(problem, remedy)

    def no_effect(path: str, reason: str, remedy: str = "Remove it.") -> Mistake:
        mark()
        return mistakes_no_effect(path, reason, remedy)

    def explain(model: Any, detail: Any, at: str) -> Mistake:
        kinds.add(detail["type"])
        return real_explain(model, detail, at)

    original, real_explain, mistakes_no_effect = fields.refuse, loading._explain, mistakes.no_effect
    replacements = {"Mistake": Marked, "refuse": refuse, "no_effect": no_effect, "_explain": explain}
    for module in modules:
        for name, replacement in replacements.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, replacement)
    load_everything_wrong()
    with suppress(ConfigError):
        load(NotYet, {"since": "tomorrow", "items": "one"}, "later")
    assert sorted({site for module in modules for site in sites(module)} - reached) == []
    assert sorted(set(loading._KINDS) - kinds) == []


def ops_render(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", "render", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_a_refused_config_ends_the_command_with_2_and_a_sentence_and_writes_nothing(
    project: Path, tmp_path: Path
) -> None:
    file = CORPUS / "workers-min__is-more-than-max.yaml"
    out = tmp_path / "out"
    done = ops_render(project, "--config", str(file), "--out", str(out))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "The stack config has 1 mistake. Nothing was changed.\n"
        "  matlab.workers.min: 5 is more than matlab.workers.max, 4. Lower min or raise max.\n"
    )
    assert not out.exists()


def test_a_refused_config_is_json_on_standard_output_when_asked_for(project: Path, tmp_path: Path) -> None:
    file = CORPUS / "kubernetes__all-keys-at-once.yaml"
    out = tmp_path / "out"
    done = ops_render(project, "--config", str(file), "--out", str(out), "--json")
    assert done.returncode == 2
    assert done.stderr == ""
    found = json.loads(done.stdout)["mistakes"]
    assert [mistake["path"] for mistake in found] == ["arkouda.workers", "kubernetes", "matlab.workers.min", "matlap"]
    assert all(set(mistake) == {"path", "problem", "remedy", "code"} for mistake in found)
    assert not out.exists()
