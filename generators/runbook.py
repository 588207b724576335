"""docs/runbook.md: everything that `python -m ops doctor` recognises, from the table of its rows."""

from __future__ import annotations

from ops.doctor.rows import ROWS

_INTRODUCTION = """# Runbook

<!-- Written by `python -m generators`. Edit ops/doctor/rows.py instead. -->

`python -m ops doctor --stack NAME` looks at a deployed cluster and says what is wrong, why, and what to do. It only
reads. It needs the right to list the objects of the namespace, and names what it may not see. `--namespace` looks at a
cluster that was deployed in another way. Exit code 0 means healthy, 1 that something is wrong, 2 that it could not
look. `--json` prints the same for programs.

A finding that follows from another one is listed under it: fix the first one first.
"""


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, "| Code | Level | |", "|---|---|---|"]
    lines += [f"| [{row.code}](#{row.code.lower()}) | {row.level} | {row.title} |" for row in ROWS.values()]
    category = ""
    for row in ROWS.values():
        if row.category != category:
            category = row.category
            lines += ["", f"## {category.capitalize()}"]
        lines += ["", f"### {row.code}", "", f"**{row.title}.** {row.cause}", "", f"{row.remedy}"]
    return "\n".join(lines) + "\n"
