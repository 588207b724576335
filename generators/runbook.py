"""docs/runbook.md: everything that `python -m ops doctor` recognises, from the table of its rows."""

from __future__ import annotations

from ops.doctor.rows import ROWS, SYSTEMS

_INTRODUCTION = """# Runbook

<!-- Written by `python -m generators`. Edit ops/doctor/rows.py instead. -->

`python -m ops doctor --stack NAME` looks at every system of a deployed stack and says what is wrong, why, and what to
do. It only reads. It needs the right to list the objects of the namespace: ClusterRole `view` covers most of them, and
the report names what could not be checked. Exit code 0 means healthy, 1 that something is wrong, 2 that it could not
look.

A finding that follows from another one is listed under it: fix the first one first.

| Option | |
|---|---|
| `--stack NAME` | the systems of a stack |
| `--namespace NAME` | a MATLAB cluster that was deployed in another way |
| `--before` | what would go wrong if you deployed the stack now: missing objects and rights, quotas, nodes |
| `--log FILE` | also look into a log file, such as that of a Slurm job with an Arkouda server |
| `--bundle FILE` | also write objects, events and logs, without secrets, to a tar.gz for support |
| `--json` | print JSON on standard output |

Codes begin with MJS for MATLAB, JUL for Julia, ARK for Arkouda, and PRE for `--before`.

If a finding is normal for you, put its code into the stack file: it then no longer counts. The doctor still lists it,
with your reason:

```yaml
  clusters:doctor:
    suppress:
      - {code: MJS053, reason: The rotation is planned for May.}
```
"""


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, "| Code | Level | |", "|---|---|---|"]
    lines += [f"| [{row.code}](#{row.code.lower()}) | {row.level} | {row.title} |" for row in ROWS.values()]
    for system, chapters in SYSTEMS.items():
        for title, rows in chapters.items():
            lines += ["", f"## {system}: {title}"]
            for row in rows:
                lines += ["", f"### {row.code}", "", f"**{row.title}.** {row.cause}", "", f"{row.remedy}"]
    return "\n".join(lines) + "\n"
