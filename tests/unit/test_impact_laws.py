"""The law of the impact report: for any change of any config, it and docs/restarts.md name the same restarts.

docs/restarts.md compares the objects of two configs; the report reads a plan.
"""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, note
from hypothesis import strategies as st
from pydantic import BaseModel

from components.arkouda.objects import SERVER_TYPE
from components.arkouda.system import SYSTEM as ARKOUDA
from components.arkouda.topology import Topology as Servers
from components.julia.objects import SESSION_TYPE
from components.julia.settings import Settings as JuliaSettings
from components.julia.system import SYSTEM as JULIA
from components.matlab import rotation
from components.matlab.access_settings import Security
from components.matlab.system import SYSTEM as MATLAB
from components.matlab.topology import Topology
from components.shared.passwords import plain_fingerprint
from components.shared.survey import NOTHING
from components.system import System
from generators import arkouda_changes, julia_changes, matlab_changes
from generators.changes import CLAIM, NAMESPACE, Effects
from generators.settings import Setting
from ops.impact.plan import read
from ops.impact.pods import OUTDATED, RESTARTS
from ops.impact.report import Report
from tests.configs import law
from tests.unit import plans
from tests.unit.test_any_change import changes
from tests.unit.test_arkouda_any_change import SINGLE, replaced
from tests.unit.test_arkouda_any_config import ANY, accepted, stacks
from tests.unit.test_julia_laws import changes as julia_changes_of_one

POD_CODES = {*RESTARTS.values(), *OUTDATED.values()}


def report(
    system: System[Any], before: BaseModel, after: BaseModel, parents: dict[str, str], *further: dict[str, Any]
) -> Report:
    """The report about a change of the settings of one system; `further` are steps of what is no Kubernetes object."""
    one, other = (list(system.objects(settings, plain_fingerprint, NOTHING)) for settings in (before, after))
    old, new = system.secret_sources(before), system.secret_sources(after)
    secrets = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    return Report(read(plans.between(one, other, parents, secrets, *further)))


def restarts(found: Report) -> set[str]:
    """The pods that restart; a session that waits for the deletion of its pod counts as well."""
    waiting = "Only if"
    return {
        finding.pod
        for finding in found.findings
        if finding.code in POD_CODES and not finding.detail.startswith(waiting)
    }


def restarted(effects: Effects) -> set[str]:
    return {pod for pod, count in effects.restarted.items() if count}


@law
@given(changes())
def test_matlab(change: tuple[Setting, Topology, Topology]) -> None:
    setting, before, after = change
    seen = Effects(matlab_changes.PODS)
    matlab_changes.ClusterState(before.settings).compare(matlab_changes.ClusterState(after.settings), seen)
    assume(NAMESPACE not in seen.notes)
    steps = renewed(before.settings.security, after.settings.security)
    found = report(MATLAB, before.settings, after.settings, plans.MATLAB, *steps)
    codes = {finding.code for finding in found.findings}
    note(f"{setting.path}: {seen.notes}, {restarted(seen)}, {codes}")
    assert restarts(found) == restarted(seen)
    invalid = bool(seen.notes & {matlab_changes.INVALID, matlab_changes.AUTHORITY})
    assert ("profiles-invalid" in codes) == invalid
    if matlab_changes.BALANCER in seen.notes:
        assert "address-changes" in codes
    if CLAIM in seen.notes:
        assert "protected-object" in codes
    if "new-profile" in codes:
        assert matlab_changes.NEW_PROFILE in seen.notes
    if "profile-renewed" in codes:
        assert matlab_changes.LEAVES in seen.notes, "a new leaf is in a new profile"
    moved = before.settings.release != after.settings.release and before.settings.storage.checkpoint.persistent
    if moved:
        assert "empty-database" in codes


def renewed(before: Security, after: Security) -> list[dict[str, Any]]:
    """The steps of the certificates in profiles. A preview knows every CA but one that is yet to be made."""
    old, new = profile_certificates(before), profile_certificates(after)
    same = before.credentials_generation == after.credentials_generation
    made = [
        plans.step("create", None, plans.certificate(name, plans.KNOWN if same or mark else plans.UNKNOWN))
        for name, mark in new.items()
        if name not in old
    ]
    return made + [plans.step("delete", plans.certificate(name, plans.KNOWN), None) for name in old if name not in new]


def profile_certificates(security: Security) -> dict[str, str]:
    """Their names in the state, each with the mark of the authority in the settings that signs it."""
    ours = rotation.authority_name(security.credentials_generation)
    marks = {"", rotation.given_mark(security.authority)}
    return {rotation.leaf_name(ours, rotation.CLIENT, security.leaf_generation, mark): mark for mark in marks}


@law
@given(julia_changes_of_one())
def test_julia(change: tuple[Setting, JuliaSettings, JuliaSettings]) -> None:
    setting, before, after = change
    seen = Effects(julia_changes.PODS)
    julia_changes.SessionsState(before).compare(julia_changes.SessionsState(after), seen)
    assume(julia_changes.NAMESPACE not in seen.notes)
    found = report(JULIA, before, after, _parents(before, after))
    note(f"{setting.path}: {restarted(seen)}, {[finding.code for finding in found.findings]}")
    assert restarts(found) == restarted(seen)


def _parents(*every: JuliaSettings) -> dict[str, str]:
    return {f"julia-{name}": f"clusters:julia:Sessions${SESSION_TYPE}" for one in every for name in one.sessions}


@law
@given(stacks(), st.sampled_from(SINGLE), st.data(), st.integers(0, 2))
def test_arkouda(config: Any, setting: Setting, data: st.DataObject, index: int) -> None:
    other = replaced(config, setting, data.draw(ANY[setting.path]), index)
    assume(other is not None)
    assert other is not None
    before, after = accepted(config), accepted(other)
    assume(before is not None and after is not None)
    assert before is not None
    assert after is not None
    seen = Effects(arkouda_changes.PODS)
    arkouda_changes.ServersState(before.settings).compare(arkouda_changes.ServersState(after.settings), seen)
    assume(NAMESPACE not in seen.notes)
    found = report(ARKOUDA, before.settings, after.settings, _server_parents(before, after))
    note(f"{setting.path}: {restarted(seen)}, {[finding.code for finding in found.findings]}")
    assert restarts(found) == restarted(seen)


def _server_parents(*every: Servers) -> dict[str, str]:
    own = {f"arkouda-{server.name}": SERVER_TYPE for one in every for server in one.servers}
    shared = {"namespace": "clusters:arkouda:Namespace", "network-policies": "clusters:arkouda:NetworkPolicies"}
    return {name: f"clusters:arkouda:Servers${kind}" for name, kind in {**own, **shared}.items()}
