"""The plan of a stack, from a preview that runs now."""

from __future__ import annotations

import sys

from components.shared.mistakes import ConfigError
from ops import where
from ops.errors import CommandError
from ops.impact.plan import Plan, read


def preview(name: str, *options: str) -> Plan:
    """Run `pulumi preview` on the stack. Raises CommandError or UnreadablePlanError if there is no plan.

    A stack file with mistakes gives a plan that would fail, as it does in Pulumi.
    """
    # Imported here: a plan from a file needs no Pulumi.
    from local.run import PROBLEMS, prepare

    try:
        stack = where.load_stack(name)
    except ConfigError as error:
        return Plan(name, (), (str(error),))
    print(f"Previewing stack {name} …", file=sys.stderr)
    try:
        answer = prepare(stack).answer("preview", "--json", "--non-interactive", *options)
    except PROBLEMS as error:
        raise CommandError(str(error)) from error
    plan = read(answer.stdout, name) if answer.stdout.lstrip().startswith("{") else None
    if plan is None or (answer.returncode and not plan.errors):
        raise CommandError(f"`pulumi preview` failed: {answer.stderr or answer.stdout}".strip())
    return plan
