"""docs/impact.md: everything that `python -m ops impact` announces, from the table of its rules."""

from __future__ import annotations

from ops.impact.report import LIMIT
from ops.impact.rules import RULES, Level

_INTRODUCTION = f"""# What a change means for your users

<!-- Written by `python -m generators`. Edit ops/impact/rules.py and generators/impact_page.py instead. -->

```console
$ python -m ops impact --stack prod                     # runs the preview itself: make impact STACK=prod
$ pulumi preview --json > plan.json && python -m ops impact plan.json
```

The command reads the plan of an `up` and says which pods restart, whether running jobs are interrupted, what is lost,
and what you have to do. It compares the objects in the state with the ones that the program describes now, so it is
right about this plan, whatever led to it: a changed setting, a new version of this program, or a change that somebody
made in the cluster (with `pulumi preview --refresh --show-sames --json`). [restarts.md](restarts.md) lists the same
effects by setting, before you change one.

With [prices](costs.md), a line says how the change affects the cost per hour.

`--json` prints the report for programs. `--markdown` prints a comment for a pull request, of at most {LIMIT:,}
characters; [pull-requests.md](pull-requests.md) has the workflows that post it. Several plans make one report.

| Exit code | |
|---|---|
| 0 | nobody notices |
| 1 | somebody does: something is lost, interrupted, or needs action |
| 2 | the plan does not say, or `up` would fail |

The report never contains secrets: Pulumi hides their values in the plan, and the report repeats names, addresses, ports
and folders only.

## How long it takes

The report gives the times that are in the manifests: how long a pod may take to stop
(`terminationGracePeriodSeconds`) and to start (its startup probe) before Kubernetes intervenes. They are limits, not
a forecast. How long it takes to pull an image or attach a volume is not in a plan.

## What a plan does not show

- Whether a job runs or a user is connected right now.
- Files that you handed out for Arkouda servers outside Kubernetes. Write them again with `python -m ops arkouda-files`
  after a change of such a server, and submit its job again.
- What a load balancer does with its annotations.
- Pods that do not belong to the stack.

## Rules

`tests/e2e/test_impact.py` makes these changes on a real API server and compares what was announced with what happened.
`tests/unit/test_impact_laws.py` compares the report with restarts.md for thousands of configs.
"""


def page() -> str:
    """The whole page."""
    lines = [_INTRODUCTION, "| Code | System | |", "|---|---|---|"]
    lines += [f"| [{rule.code}](#{rule.code}) | {rule.system or 'any'} | {rule.title} |" for rule in RULES.values()]
    for level in Level:
        lines += ["", f"## {level.capitalize()}"]
        for rule in RULES.values():
            if rule.level is level:
                lines += ["", f"### {rule.code}", "", f"**{rule.title}.** {rule.meaning}"]
                lines += ["", f"{rule.remedy.rstrip('.')}."] if rule.remedy else []
                lines += ["", f"*Announced when:* {rule.sign}"]
    return "\n".join(lines) + "\n"
