"""The component package: its schema, and what becomes of arguments on their way from another language."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.errors import InputPropertiesError
from pulumi.provider.server import ComponentInitError, ProviderServicer
from pulumi.runtime.proto import status_pb2
from pulumi.runtime.proto.provider_pb2 import ConstructRequest
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from components.registry import SYSTEMS
from components.shared.kube import Unreachable
from components.shared.mistakes import ConfigError
from components.stack import load_stack
from generators.arguments import COMPONENTS, KEYWORD
from package import values
from package.arguments import SECRETS
from package.host import Host
from tests.conftest import PROJECT

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TOKEN = "clusters:index:MatlabCluster"
ARGUMENTS: dict[str, Any] = {
    "kubernetes": {"context": "lab"},
    "release": "r2026a",
    "workers": {"max": 64, "resources": {"cpuRequest": "500m"}},
    "network": {"loadBalancer": {"className": "example.org/nlb"}},
}


def properties() -> dict[str, set[str]]:
    schema = json.loads(host().schema or "")
    return {name: set(group.get("properties", {})) for name, group in schema["types"].items()}


@cache
def host() -> Host:
    return Host()


def secret(value: Any) -> dict[str, Any]:
    return {_special_sig_key: _special_secret_sig, "value": value}


def arrived(arguments: dict[str, Any], *computed: str) -> dict[str, Any]:
    """The arguments as the SDK hands them to the host; other resources have `computed` some of them."""
    message = Struct()
    message.update(arguments)
    urn = "urn:pulumi:lab::lab::random:index/randomPassword:RandomPassword::other"
    dependencies = {name: ConstructRequest.PropertyDependencies(urns=[urn]) for name in computed}
    return asyncio.run(ProviderServicer._construct_inputs(message, dependencies))


def test_csharp_has_no_output_with_the_name_of_its_class() -> None:
    """The compiler rejects it: CS0542, member names cannot be the same as their enclosing type."""
    for token, resource in json.loads(host().schema or "")["resources"].items():
        names = {
            output.get("language", {}).get("csharp", {}).get("name", name[0].upper() + name[1:])
            for name, output in resource["properties"].items()
        }
        assert names
        assert token.rsplit(":", maxsplit=1)[-1] not in names


def test_go_gets_every_type() -> None:
    """By default, Pulumi's generator for Go omits the arguments of `declared`, and the SDK does not compile."""
    assert json.loads(host().schema or "")["language"]["go"]["generateExtraInputTypes"]


def test_every_description_is_one_line() -> None:
    """Generators of SDKs copy it as it is, and show an indented line as a block of code."""
    assert "\\n" not in (host().schema or "")


def construct(monkeypatch: pytest.MonkeyPatch, *computed: str, **arguments: Any) -> dict[str, Any]:
    """The values of the stack file that arguments become; nothing is registered."""
    seen: dict[str, Any] = {}

    def stop(self: Any, name: str, kind: str, inputs: Any, options: Any) -> None:
        mapped = self.map_inputs(inputs, self._component_defs["MatlabCluster"])
        seen.update(values.as_settings(mapped, SECRETS["MatlabCluster"]))

    monkeypatch.setattr("package.host.ComponentProvider.construct", stop)
    host().construct("mjs", TOKEN, arrived({**ARGUMENTS, **arguments}, *computed))
    return seen


def refusal(monkeypatch: pytest.MonkeyPatch, *computed: str, **arguments: Any) -> dict[str, str]:
    with pytest.raises(InputPropertiesError) as caught:
        construct(monkeypatch, *computed, **arguments)
    return {error["property_path"]: error["reason"] for error in caught.value.errors or ()}


def test_integers_arrive_as_floats_and_count_as_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first trap: the settings are strict, and 64.0 is no integer to them."""
    assert isinstance(arrived(ARGUMENTS)["workers"]["max"], float)
    found = construct(monkeypatch)
    assert repr(found["workers"]["max"]) == "64"
    stack = load_stack("lab", {"kubernetes": found.pop("kubernetes"), "matlab": found}, set())
    assert stack.systems["matlab"].workers.max == 64  # type: ignore[attr-defined]


def test_a_secret_inside_a_group_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second trap: the SDK would hand over an empty group, and its defaults would be deployed."""
    problem = refusal(monkeypatch, workers={"max": 64, "resources": {"cpuRequest": secret("4")}})
    assert list(problem) == ["workers"]
    assert problem["workers"].startswith("contains a secret")


def test_a_secret_number_is_rejected_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third trap: the SDK would raise a TypeError that names no argument."""
    assert list(refusal(monkeypatch, logLevel=secret(3))) == ["logLevel"]


def test_a_value_that_is_not_known_yet_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(refusal(monkeypatch, release=UNKNOWN)) == ["release"]
    assert list(refusal(monkeypatch, "release", release="r2026a")) == ["release"]


def test_a_secret_argument_has_to_be_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    found = construct(monkeypatch, securityAdminPassword=secret("pw"), security={"level": 2})
    assert found["security"] == {"level": 2, "adminPassword": "pw"}
    for computed in ((), ("securityAdminPassword",)):
        assert "is not a secret" in refusal(monkeypatch, *computed, securityAdminPassword="pw")["securityAdminPassword"]


def test_a_cluster_that_does_not_answer_ends_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's server used to fail on an error without properties, and so its own failure was all that one read."""

    def construct(*_: Any) -> None:
        raise ComponentInitError(Unreachable("no answer"))

    monkeypatch.setattr("package.host.ComponentProvider.construct", construct)
    with pytest.raises(InputPropertiesError) as caught:
        host().construct("mjs", TOKEN, {})
    server = ProviderServicer(host(), [], "127.0.0.1:1")
    status = server.create_grpc_invalid_properties_status(caught.value.message, caught.value.errors)
    [(_, packed)] = status.trailing_metadata
    assert status_pb2.Status.FromString(packed).message == "no answer"


def test_a_preview_goes_on_with_a_secret_that_is_not_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    found = construct(monkeypatch, securityAdminPassword=secret(UNKNOWN))
    assert found["security"] == {"adminPassword": "<secret securityAdminPassword>"}


def test_a_setting_that_python_reserves_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert construct(monkeypatch)["network"]["loadBalancer"] == {"class": "example.org/nlb"}
    assert all(name == f"{setting}{KEYWORD}" for (_, name), setting in values.RENAMED.items())
    groups = {definition.rpartition(":")[2]: names for definition, names in properties().items()}
    named = {group for group, names in groups.items() if any(name.endswith(f"class{KEYWORD}") for name in names)}
    assert len(named) == len(values.RENAMED), "every group with such a setting is in the table"


def test_names_that_people_choose_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of this name became `class` without a word."""
    workers = {"max": 4, "env": {"className": "Solver"}, "affinity": None}
    assert construct(monkeypatch, workers=workers)["workers"]["env"] == {"className": "Solver"}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"workrs": {"max": 64}}, "matlab.workrs"),
        ({"workers": {"max": 64, "mim": 4}}, "matlab.workers.mim"),
        ({"workers": "64"}, "matlab.workers"),
        (
            {"workers": {"max": 64, "tolerations": [{"kye": "gpu", "operator": "Exists"}]}},
            "matlab.workers.tolerations[0].kye",
        ),
        ({"workers": {"max": 64.5}}, "matlab.workers.max"),
        ({"workers": {"max": "64"}}, "matlab.workers.max"),
        ({"workers": {}}, "matlab.workers.max"),
        ({"kubernetes": {"contxt": "lab"}}, "kubernetes.contxt"),
    ],
)
def test_what_no_argument_is_reaches_the_settings_and_is_rejected(
    arguments: dict[str, Any], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK used to drop it, and to make an empty group of text: the defaults were deployed."""
    found = construct(monkeypatch, **arguments)
    with pytest.raises(ConfigError) as refused:
        load_stack("lab", {"kubernetes": found.pop("kubernetes"), "matlab": found}, set())
    assert path in [mistake.path for mistake in refused.value.mistakes]


@pytest.mark.parametrize("component", ["MatlabCluster", "JuliaSessions", "ArkoudaServers"])
@pytest.mark.parametrize("arguments", [{}, {"kubernetes": {"context": "lab"}}])
def test_a_component_without_settings_is_rejected(component: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputPropertiesError) as caught:
        host().construct("one", f"clusters:index:{component}", arrived(arguments))
    reasons = [error["reason"] for error in caught.value.errors or ()]
    assert reasons
    assert not any("pulumi config" in reason for reason in reasons), "a component has no stack file"


def test_the_schema_names_arguments_as_the_settings_do() -> None:
    """So the host may hand them over as they are."""
    assert all(name == given for one in host()._component_defs.values() for name, given in one.inputs_mapping.items())
    assert all(name == given for one in host()._type_defs.values() for name, given in one.properties_mapping.items())


def test_the_schema_is_the_committed_one() -> None:
    """A change of the schema is a change for every program that uses the package: it has to show in a review."""
    assert json.loads((PROJECT / "package" / "schema.json").read_text()) == json.loads(host().schema or "")


def test_every_system_is_a_component_with_all_of_its_settings() -> None:
    schema = json.loads(host().schema or "")
    assert COMPONENTS.keys() == SYSTEMS.keys()
    for key, component in COMPONENTS.items():
        inputs = schema["resources"][f"clusters:index:{component}"]["inputProperties"]
        fields = {field.alias or name for name, field in SYSTEMS[key].settings.model_fields.items()}
        assert inputs.keys() == {"kubernetes", *fields, *SECRETS[component]}
        for name in SECRETS[component]:
            assert not inputs[name].get("plain"), "a plain argument cannot be a secret"


def test_no_argument_that_shapes_objects_takes_an_output() -> None:
    schema = json.loads(host().schema or "")
    groups = [*schema["types"].values(), *schema["resources"].values()]
    secrets = {name for listed in SECRETS.values() for name in listed}
    for group in groups:
        for name, one in (group.get("inputProperties") or group.get("properties") or {}).items():
            assert one.get("plain") or name in secrets, name
