"""The report: what a plan means, for a person, a program, and a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ops.exit_codes import DONE, FINDINGS, UNCLEAR
from ops.impact import access, data, pods
from ops.impact.findings import Finding
from ops.impact.plan import Change, Operation, Plan
from ops.impact.rules import RULES, Level

FINDERS: Final = (data.findings, pods.findings, access.findings)
DOCUMENT: Final = "docs/impact.md"
MARKER: Final = "<!-- clusters: impact -->"
HEADING: Final = f"{MARKER}\n## What this change does\n"
"""How a comment begins: by its first line it is found again."""
"""First line of the comment on a pull request: by it the comment is found again."""
WARNINGS: Final = "Warnings of the preview"
FENCE: Final = "```"
LIMIT: Final = 64_000
"""Characters of a comment. GitHub rejects more than 65,536 of them, or 262,144 bytes."""
LOCAL: Final = "`python -m ops impact --stack NAME`"
"""Where the full text is, if no job's log has it."""
_DONE: Final = {
    Operation.CREATE: "created",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "replaced",
    Operation.DELETE: "deleted",
}


@dataclass(frozen=True)
class Report:
    """What a plan means."""

    plan: Plan

    @cached_property
    def findings(self) -> list[Finding]:
        """Every consequence, the worst first."""
        found = [finding for find in FINDERS for finding in find(self.plan)]
        order = list(RULES)
        return sorted(found, key=lambda finding: order.index(finding.code))

    @cached_property
    def unclear(self) -> list[str]:
        """Why nobody can tell from this plan alone."""
        reasons = [f"`up` would fail: {error}" for error in self.plan.errors]
        return reasons + [
            f"{change.title} changes, but this command does not know its pods." for change in pods.unknown(self.plan)
        ]

    @property
    def code(self) -> int:
        """Exit code: 0 nobody notices, 1 somebody does, 2 unclear."""
        if self.unclear:
            return UNCLEAR
        return FINDINGS if any(finding.rule.level is not Level.QUIET for finding in self.findings) else DONE

    @property
    def verdict(self) -> str:
        """The report in one line."""
        if self.unclear:
            return "unclear"
        if not self.plan.objects and not self.findings:
            return "nothing changes"
        return "somebody will notice" if self.code else "nobody will notice"

    @property
    def summary(self) -> str:
        """Number of Kubernetes objects by operation, in words."""
        counts = self.plan.counts()
        parts = [f"{counts[word]} {done}" for word, done in _DONE.items() if counts[word]]
        if self.plan.errors and not parts:
            return "Nobody knows which Kubernetes objects change"
        return f"Kubernetes objects: {', '.join(parts)}" if parts else "No Kubernetes object changes"

    def text(self) -> str:
        """For a terminal."""
        lines = [f"Stack {self.plan.stack}: {self.verdict}", self.summary]
        lines += [str(self.plan.cost)] if str(self.plan.cost) else []
        for reason in self.unclear:
            lines += ["", reason]
        for level, groups in _grouped(self.findings):
            lines += ["", level.upper()]
            for group in groups:
                rule = group[0].rule
                lines += [f"  {rule.title} [{rule.code}]", f"    {rule.meaning}"]
                lines += [f"    {_subject(finding)}" for finding in group]
                lines += [f"    → {rule.remedy}"] if rule.remedy else []
        if self.plan.warnings:
            lines += ["", WARNINGS.upper(), *(f"  {' '.join(warning.split())}" for warning in self.plan.warnings)]
        return "\n".join(lines) + "\n"

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "stack": self.plan.stack,
            "verdict": self.verdict,
            "exitCode": self.code,
            "unclear": self.unclear,
            "counts": self.plan.counts(),
            "costPerHour": self.plan.cost.json(),
            "warnings": list(self.plan.warnings),
            "findings": [_finding(finding) for finding in self.findings],
            "objects": [change.json() for change in self.plan.objects],
        }

    def markdown(self, *, objects: bool = True) -> str:
        """A section of a comment; `objects` also lists every object."""
        lines = [f"### Stack `{_code(self.plan.stack)}`: {self.verdict}", "", f"{self.summary}."]
        lines += ["", f"{_escaped(str(self.plan.cost))}."] if str(self.plan.cost) else []
        for reason in self.unclear:
            # GitLab takes only a fence of three for one: behind another, a line such as `/close` is a command to it.
            lines += ["", f"{FENCE}text", reason.replace(FENCE, "'''"), FENCE]
        for level, groups in _grouped(self.findings):
            lines += ["", f"**{level.capitalize()}**", ""]
            for group in groups:
                rule = group[0].rule
                lines.append(f"- **{rule.title}.** {rule.meaning}{f' *{rule.remedy}*' if rule.remedy else ''}")
                lines += [f"  - {_escaped(_subject(finding))}" for finding in group]
        if self.plan.warnings:
            lines += ["", f"**{WARNINGS}**", "", *(f"- {_escaped(warning)}" for warning in self.plan.warnings)]
        if objects and self.plan.objects:
            lines += ["", f"<details><summary>{len(self.plan.objects)} objects</summary>", ""]
            lines += [f"- {_DONE[change.operation]}: `{_code(change.title)}`" for change in _sorted(self.plan.objects)]
            lines += ["", "</details>"]
        return "\n".join(lines) + "\n"


def comment(reports: Sequence[Report], full_text: str) -> str:
    """The comment on a pull request; `full_text` says where the rest is, if it has to be cut."""

    def whole(sections: Iterable[str]) -> str:
        return "\n".join((HEADING, *sections))

    text = whole(report.markdown() for report in reports)
    if len(text) > LIMIT:
        sections = [report.markdown(objects=False) for report in reports]
        text = whole(sections)
    if len(text) > LIMIT:
        # The long error of one stack does not hide what happens to the next.
        share = (LIMIT - len(whole(()))) // len(sections) - 1
        text = whole(cut(part, full_text, share) for part in sections)
    return text


def cut(text: str, full_text: str, limit: int = LIMIT) -> str:
    """The text, or as many of its lines as fit, and where the full text is."""
    if len(text) <= limit:
        return text
    end = f"\n\nThis comment was cut. The full text: {full_text}\n"
    kept, size = [], len(f"\n{FENCE}{end}")
    for line in text.splitlines():
        size += len(line) + 1
        if size > limit:
            break
        kept.append(line)
    if sum(line.startswith(FENCE) for line in kept) % 2:
        kept.append(FENCE)
    return "\n".join(kept) + end


def _grouped(findings: Sequence[Finding]) -> Iterator[tuple[Level, list[list[Finding]]]]:
    for level in Level:
        by_code: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.rule.level is level:
                by_code.setdefault(finding.code, []).append(finding)
        if by_code:
            yield level, list(by_code.values())


def _subject(finding: Finding) -> str:
    parts = [finding.detail, str(finding.patience) if finding.patience else ""]
    more = " ".join(part for part in parts if part)
    return f"{finding.change.title}: {more}" if more else finding.change.title


def _finding(finding: Finding) -> dict[str, Any]:
    rule, change, patience = finding.rule, finding.change, finding.patience
    return {
        "code": rule.code,
        "level": str(rule.level),
        "system": rule.system,
        "kind": change.kind,
        "namespace": change.namespace,
        "name": change.name,
        "pod": finding.pod,
        "title": rule.title,
        "meaning": rule.meaning,
        "detail": finding.detail,
        "remedy": rule.remedy,
        "seconds": {"stop": patience.stop, "start": patience.start} if patience else None,
        "more": f"{DOCUMENT}#{rule.code}",
    }


def _sorted(changes: Sequence[Change]) -> list[Change]:
    order = list(Operation)
    return sorted(changes, key=lambda change: (-order.index(change.operation), change.title))


def _escaped(text: str) -> str:
    """Text that Markdown and HTML leave alone, and that mentions nobody."""
    safe = html.escape(" ".join(text.split()), quote=False)
    for character in "\\`*_[]|~#$":
        safe = safe.replace(character, f"\\{character}")
    # The forges look for people, issues and merge requests in what Markdown has become, without its backslashes.
    return re.sub(r"([@#!])(?=\w)", "\\1\N{ZERO WIDTH SPACE}", safe)


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
