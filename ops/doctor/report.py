"""What the doctor found in one place, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.doctor.findings import Diagnosis, Finding

RUNBOOK: Final = "docs/runbook.md"


@dataclass(frozen=True)
class Report:
    """The findings in one place."""

    kind: str
    """`namespace`, `file` for a log file, or `stack` where nothing is deployed yet."""
    name: str
    """Name of the namespace, file or stack."""
    diagnoses: Sequence[Diagnosis]
    """Root causes with their consequences, in the order in which to fix them."""
    suppressed: Sequence[tuple[Finding, str]] = ()
    """Findings that the stack file calls normal, each with its reason."""
    unseen: Sequence[str] = ()
    """Kinds that you may not list."""
    remarks: Sequence[str] = ()
    """What else was not checked, in sentences."""


def lines(report: Report) -> Iterator[str]:
    """The report for a person."""
    found = report.diagnoses
    count = "healthy" if not found else f"{len(found)} problem{'s' if len(found) > 1 else ''}"
    yield f"{report.kind.capitalize()} {report.name}: {count}"
    for diagnosis in found:
        cause = diagnosis.cause
        yield ""
        yield f"{cause.row.level} {cause.code}  {cause.sentence}"
        yield f"  why:  {cause.row.cause}"
        yield f"  fix:  {_remedy(cause, report)}"
        yield f"  more: {RUNBOOK}#{cause.code.lower()}"
        for consequence in diagnosis.consequences:
            yield f"  consequence {consequence.code}: {consequence.sentence}"
    if report.suppressed:
        yield ""
        for finding, reason in report.suppressed:
            yield f"suppressed {finding.code}  {finding.sentence}"
            yield f"  reason: {reason}"
    if report.unseen or report.remarks:
        yield ""
    if report.unseen:
        yield f"Not checked, because you are not allowed to list them: {', '.join(report.unseen)}"
    yield from report.remarks


def _remedy(finding: Finding, report: Report) -> str:
    if finding.remedy is not None:
        return finding.remedy
    return finding.row.remedy.replace("NAMESPACE", report.name).replace("POD", finding.subject[1])


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
            "remedy": _remedy(one, report),
            "runbook": f"{RUNBOOK}#{one.code.lower()}",
        }

    return {
        report.kind: report.name,
        "findings": [
            {**finding(one.cause), "consequences": [finding(each) for each in one.consequences]}
            for one in report.diagnoses
        ],
        "suppressed": [{**finding(one), "reason": reason} for one, reason in report.suppressed],
        "notChecked": [*report.unseen, *report.remarks],
    }


def together(reports: Sequence[Report]) -> dict[str, Any]:
    """All reports for a program: {"namespaces": […]}, with "files" or "stacks" where there are any."""
    found: dict[str, Any] = {}
    for report in reports:
        found.setdefault(f"{report.kind}s", []).append(as_json(report))
    return found
