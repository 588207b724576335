"""Environment variables of the stack config: expanded as Kubernetes documents it, and none that is set anyway."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.matlab import job_manager, workers
from components.matlab.rules import warnings
from components.matlab.rules_environment import SETTINGS_OF_VARIABLES, reserved_variables
from components.matlab.settings import Settings
from components.matlab.topology import Topology
from components.shared.manifest import env
from components.shared.mistakes import ConfigError
from components.shared.references import circular, references
from generators.settings import every_setting
from tests.unit.clusters import EVERYTHING, MODES, Values, cluster, mode_values

NAMES = st.sampled_from(["A", "B", "C", "D"])
TEXTS = st.lists(st.one_of(st.sampled_from(["$", "$$", "(", ")", "x"]), NAMES, NAMES.map("$({})".format)), max_size=4)


def expanded(variables: list[dict[str, str]]) -> dict[str, str]:
    """What Kubernetes makes of them (k8s.io/kubernetes/third_party/forked/golang/expansion)."""
    known: dict[str, str] = {}
    for variable in variables:
        text, rest = "", variable["value"]
        while rest:
            before, dollar, rest = rest.partition("$")
            text += before
            name, closed, after = rest[1:].partition(")") if rest.startswith("(") else ("", "", "")
            if dollar and rest.startswith("$"):
                text, rest = f"{text}$", rest[1:]
            elif closed:
                text, rest = text + known.get(name, f"$({name})"), after
            else:
                text += dollar
        known[variable["name"]] = text
    return known


def test_a_reference_is_expanded_and_a_double_dollar_escapes_it() -> None:
    given_ = {"DATA": "/data", "INPUT": "$(DATA)/in", "TEXT": "$$(DATA)", "PRICE": "5$", "CLIENT": "$CLIENT"}
    assert env(given_) == [{"name": name, "value": value} for name, value in given_.items()]
    assert expanded(env(given_)) == {**given_, "INPUT": "/data/in", "TEXT": "$(DATA)"}


def test_a_variable_may_refer_to_one_that_comes_later_in_the_alphabet() -> None:
    """Kubernetes leaves a reference to a later variable as it is, and upstream's chart sorts them."""
    pod = workers.pod_template(cluster({"workers": {"env": {"A": "$(Z)/a", "Z": "/z", "M": "$(A)/m"}}}), "")
    own = [item for item in pod["spec"]["containers"][0]["env"] if item["name"] in {"A", "M", "Z"}]
    assert expanded(own) == {"Z": "/z", "A": "/z/a", "M": "/z/a/m"}


@given(st.dictionaries(NAMES, TEXTS.map("".join)))
def test_every_reference_to_a_known_variable_is_resolved(values: dict[str, str]) -> None:
    if circular(values):
        return
    ordered = env(values)
    assert {item["name"]: item["value"] for item in ordered} == values
    seen: set[str] = set()
    for item in ordered:
        assert {name for name in references(item["value"]) if name in values} <= seen
        seen.add(item["name"])


@pytest.mark.parametrize(
    "variables", [{"PATH": "/data/bin:$(PATH)"}, {"A": "$(B)", "B": "$(A)"}, {"A": "$(B)", "B": "$(C)", "C": "$(A)"}]
)
def test_a_variable_that_refers_to_itself_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        cluster({"jobManager": {"env": variables}})
    assert [mistake.path for mistake in refused.value.mistakes] == [
        f"matlab.jobManager.env.{name}" for name in variables
    ]


@pytest.mark.parametrize(
    ("settings", "unknown"),
    [
        ({"workers": {"env": {"A": "$(NOWHERE)"}}}, "NOWHERE"),
        ({"workers": {"env": {"A": "$(WORKER_NAME)"}}}, "WORKER_NAME"),
        ({"jobManager": {"env": {"A": "$(USER)"}}}, "USER"),
        ({"workers": {"env": {"A": "$(OTHER_SERVICE_HOST)"}}}, "OTHER_SERVICE_HOST"),
        ({"workers": {"env": {"A": "$(OTHER_SERVICE_HOST)"}}, "enableServiceLinks": True}, None),
        ({"workers": {"env": {"A": "$(USER) $(KUBERNETES_SERVICE_HOST) $$(NOWHERE)"}}}, None),
    ],
)
def test_a_reference_to_nothing_is_a_warning(settings: Values, unknown: str | None) -> None:
    found = [text for text in warnings(cluster(settings).settings) if ".env." in text]
    assert len(found) == (unknown is not None)
    assert all(f"$({unknown})" in text and f"$$({unknown})" in text for text in found)


def names_in(template: Any) -> set[str]:
    return {item["name"] for container in template["spec"]["containers"] for item in container.get("env", [])}


@pytest.mark.parametrize(("mode", "more", "user"), [*itertools.product(MODES, [{}, EVERYTHING], [0, 1000])])
def test_no_variable_of_a_pod_can_be_set_twice(mode: str, more: Values, user: int) -> None:
    """A second one of the same name passes the first `up`, and every later one fails with `duplicate entries`."""
    values = mode_values(mode, more, {"jobManager": {"userID": user}, "workers": {"env": {}}})
    values["jobManager"]["env"] = values["workers"]["env"] = {}
    here = Topology(Settings.model_validate(values))
    in_workers, in_job_manager = reserved_variables()
    assert names_in(workers.pod_template(here, "")) <= in_workers.in_pod
    assert names_in(job_manager.deployment(here, "")["spec"]["template"]) <= in_job_manager.in_pod


@pytest.mark.parametrize(
    ("group", "name", "remedy"),
    [
        ("jobManager", "HOME", "another name"),
        ("workers", "MATLAB_JAVA", "matlab.installation.javaClaim"),
        ("workers", "MLM_LICENSE_FILE", "matlab.license.networkLicenseManager"),
        ("workers", "LM_LICENSE_FILE", "matlab.license.networkLicenseManager"),
        ("jobManager", "MLM_LICENSE_FILE", "matlab.license.networkLicenseManager"),
        ("workers", "SHELL", "another name"),
        ("workers", "LOGBASE", "another name"),
        ("workers", "HOSTNAME", "another name"),
        ("jobManager", "SECURITY_LEVEL", "matlab.security.level"),
        ("workers", "BASE_PORT", "matlab.network.basePort"),
        ("workers", "CLUSTER_LOG_LEVEL", "another name"),
        ("workers", "MJS_ANYTHING", "another name"),
    ],
)
def test_a_variable_that_is_set_anyway_is_refused_with_its_setting(group: str, name: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cluster({group: {"env": {name: "x"}}})
    (mistake,) = refused.value.mistakes
    assert mistake.path == f"matlab.{group}.env.{name}"
    assert remedy in mistake.remedy


def test_every_remedy_names_a_setting() -> None:
    assert {*SETTINGS_OF_VARIABLES.values()} <= {f"matlab.{setting.path}" for setting in every_setting(Settings)}


def test_a_name_of_a_persons_own_is_free() -> None:
    assert cluster({"workers": {"env": {"CLUSTER_NAME": "lab", "HOME": "/data"}}}).settings.workers.env
