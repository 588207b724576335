"""The doctor's report: what comes first, what comes under it, and what is said about what nobody may see."""

from __future__ import annotations

from datetime import UTC, datetime

from components.doctor_settings import Suppression
from components.shared.kube import Json
from components.shared.objects import Key
from ops.doctor import command
from ops.doctor.findings import Finding, diagnoses
from ops.doctor.place import Place
from ops.doctor.report import Report, as_json, lines
from ops.doctor.row import Level
from ops.doctor.rows import ROWS, SYSTEMS
from ops.doctor.snapshot import IN_CLUSTER, IN_NAMESPACE, Snapshot

POD: Key = ("Pod", "mjs-job-manager-0")
CLAIM: Key = ("PersistentVolumeClaim", "mjs-checkpoint")


def snapshot(**objects: list[Json]) -> Snapshot:
    return Snapshot("mjs", None, {**{kind: [] for kind in (*IN_NAMESPACE, *IN_CLUSTER)}, **objects}, datetime.now(UTC))


def test_what_follows_from_a_cause_is_listed_under_it() -> None:
    pending = Finding("MJS010", POD, "cannot be scheduled", needs=frozenset({CLAIM}))
    unbound = Finding("MJS031", CLAIM, "is not bound")
    (diagnosis,) = diagnoses([pending, unbound])
    assert (diagnosis.cause, diagnosis.consequences) == (unbound, (pending,))
    (alone,) = diagnoses([pending])
    assert alone.cause == pending


def test_errors_come_before_warnings_and_nothing_is_said_twice() -> None:
    warning = Finding("MJS014", POD, "has failed")
    error = Finding("MJS051", ("Secret", "mjs-cluster-profile"), "has a certificate of another CA")
    assert ROWS["MJS014"].level == Level.WARNING
    assert [each.cause for each in diagnoses([warning, error, warning])] == [error, warning]


def test_a_circle_of_causes_is_still_reported() -> None:
    one = Finding("MJS023", POD, "needs the claim", needs=frozenset({CLAIM}))
    other = Finding("MJS031", CLAIM, "needs the pod", needs=frozenset({POD}))
    reported = {each for item in diagnoses([one, other]) for each in (item.cause, *item.consequences)}
    assert reported == {one, other}


def test_an_empty_namespace_has_one_finding() -> None:
    (diagnosis,) = command.examined(Place("matlab", "mjs"), snapshot()).diagnoses
    assert diagnosis.cause.code == "MJS002"


def test_the_report_names_what_nobody_may_see() -> None:
    partly = Snapshot("mjs", None, {"Pod": []}, datetime.now(UTC))
    *_, last = lines(Report("namespace", "mjs", [], unseen=partly.unseen))
    assert last.startswith("Not checked, because you are not allowed to list them: Event, Service, ")


def test_a_suppressed_finding_is_listed_with_its_reason_and_does_not_count() -> None:
    normal = Suppression(code="MJS002", reason="Comes on Monday.")
    report = command.examined(Place("matlab", "mjs"), snapshot(), [normal])
    assert report.diagnoses == []
    assert list(lines(report)) == [
        "Namespace mjs: healthy",
        "",
        "suppressed MJS002  Namespace mjs holds no MATLAB cluster",
        "  reason: Comes on Monday.",
    ]
    (listed,) = as_json(report)["suppressed"]
    assert (listed["code"], listed["reason"]) == ("MJS002", "Comes on Monday.")
    other = Suppression(code="MJS053", reason="Comes on Monday.")
    assert command.examined(Place("matlab", "mjs"), snapshot(), [other]).suppressed == []


def test_codes_are_numbered_by_category() -> None:
    """A code is in the runbook's address and in scripts, so it never moves."""
    for chapters in SYSTEMS.values():
        codes = [row.code for rows in chapters.values() for row in rows]
        assert codes == sorted(set(codes))
    assert len(ROWS) == sum(len(rows) for chapters in SYSTEMS.values() for rows in chapters.values())
    assert all(row.remedy.endswith((".", "`.")) and row.cause.endswith(".") for row in ROWS.values())
