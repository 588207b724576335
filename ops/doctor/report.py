"""What the doctor found in one namespace, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.doctor.findings import Diagnosis, Finding
from ops.doctor.snapshot import Snapshot

RUNBOOK: Final = "docs/runbook.md"


@dataclass(frozen=True)
class Report:
    """The findings of one system in one namespace."""

    snapshot: Snapshot
    diagnoses: Sequence[Diagnosis]
    """Root causes with their consequences, in the order in which to fix them."""
    suppressed: Sequence[tuple[Finding, str]] = ()
    """Findings that the stack file takes for normal, each with its reason."""


def lines(report: Report) -> Iterator[str]:
    """The report for a person."""
    snapshot, found = report.snapshot, report.diagnoses
    count = "healthy" if not found else f"{len(found)} problem{'s' if len(found) > 1 else ''}"
    yield f"Namespace {snapshot.name}: {count}"
    for diagnosis in found:
        cause = diagnosis.cause
        yield ""
        yield f"{cause.row.level} {cause.code}  {cause.sentence}"
        yield f"  why:  {cause.row.cause}"
        yield f"  fix:  {_remedy(cause, snapshot)}"
        yield f"  more: {RUNBOOK}#{cause.code.lower()}"
        for consequence in diagnosis.consequences:
            yield f"  consequence {consequence.code}: {consequence.sentence}"
    if report.suppressed:
        yield ""
        for finding, reason in report.suppressed:
            yield f"suppressed {finding.code}  {finding.sentence}"
            yield f"  reason: {reason}"
    if snapshot.unseen:
        yield ""
        yield f"Not checked, because you may not list them: {', '.join(snapshot.unseen)}"


def _remedy(finding: Finding, snapshot: Snapshot) -> str:
    return finding.row.remedy.replace("NAMESPACE", snapshot.name).replace("POD", finding.subject[1])


def as_json(report: Report) -> dict[str, Any]:
    """The report for a program."""

    def finding(one: Finding) -> dict[str, Any]:
        return {
            "code": one.code,
            "level": str(one.row.level),
            "kind": one.subject[0],
            "name": one.subject[1],
            "count": one.count,
            "message": one.sentence,
            "cause": one.row.cause,
            "remedy": _remedy(one, report.snapshot),
            "runbook": f"{RUNBOOK}#{one.code.lower()}",
        }

    return {
        "namespace": report.snapshot.name,
        "findings": [
            {**finding(one.cause), "consequences": [finding(each) for each in one.consequences]}
            for one in report.diagnoses
        ],
        "suppressed": [{**finding(one), "reason": reason} for one, reason in report.suppressed],
        "notChecked": report.snapshot.unseen,
    }
