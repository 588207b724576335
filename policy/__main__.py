"""The policy pack: `pulumi preview --policy-pack policy`. See docs/policy.md."""

from collections.abc import Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from rules import OPTIONAL, RULES, Resource, Rule

SCHEMAS: Mapping[str, Any] = {"owner-labels": {"labels": {"type": "array", "items": {"type": "string"}, "minItems": 1}}}


def policy(name: str, rule: Rule) -> ResourceValidationPolicy:
    """One rule as Pulumi runs it."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(args.resource_type, args.props, bool(args.opts.protect))
        for sentence in rule(resource, args.get_config()):
            report(sentence, None)

    return ResourceValidationPolicy(
        name=name,
        description=(rule.__doc__ or "").strip(),
        validate=validate,
        enforcement_level=EnforcementLevel.DISABLED if name in OPTIONAL else EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema(SCHEMAS[name]) if name in SCHEMAS else None,
    )


PolicyPack(name="clusters", policies=[policy(name, rule) for name, rule in RULES.items()])
