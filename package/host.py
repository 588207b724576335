"""Pulumi's component provider host with the components of this package, and the rules that it needs at run time."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.runtime.rpc import contains_unknowns

from components.shared.kube import ApiError, Unreachable
from components.shared.mistakes import ConfigError, Mistake
from components.shared.placeholders import unread_secret
from components.shared.target import PROJECT
from package.arguments import SECRETS
from package.components import ArkoudaServers, JuliaSessions, MatlabCluster

NAME: Final = "clusters"
VERSION: Final[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
PLAIN: Final = (
    "contains a secret, or a value that another resource computes. Pass a plain value: it decides which objects exist."
)
REMEDY: Final = (
    "is not a secret. Pass pulumi.secret(…), or fn::secret in YAML, and use a new value, because this one has been "
    "disclosed."
)


class Host(ComponentProvider):
    """Rejects what the host would lose or pass on in clear, before anything is registered."""

    def __init__(self) -> None:
        """Infer the schema."""
        super().__init__([MatlabCluster, JuliaSessions, ArkoudaServers], NAME, version=VERSION)
        schema = json.loads(self.schema or "")
        outputs = schema["resources"][f"{NAME}:index:{JuliaSessions.__name__}"]["properties"]
        # In C#, a member cannot have the name of its class (CS0542).
        outputs["juliaSessions"]["language"] = {"csharp": {"name": "Sessions"}}
        # Without it, Pulumi's generator for Go omits types that are used only in plain lists.
        schema["language"]["go"]["generateExtraInputTypes"] = True
        self.schema = json.dumps(schema)

    def map_inputs(self, inputs: pulumi.Inputs, component_def: ComponentDefinition) -> pulumi.Inputs:  # noqa: ARG002
        """The arguments as they are. The SDK would drop what the schema does not have, and the settings reject it."""
        return inputs

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Register one component. Raises InputPropertiesError with every mistake, by argument."""
        secrets = SECRETS.get(resource_type.rsplit(":", maxsplit=1)[-1], {})
        wrong = {
            argument: problem for argument, value in inputs.items() if (problem := _problem(argument in secrets, value))
        }
        if wrong:
            raise _rejected(wrong)
        known = {each: _text(each, value) if each in secrets else value for each, value in inputs.items()}
        try:
            return super().construct(name, resource_type, known, options)
        except Exception as error:
            cause = getattr(error, "inner", error)
            if isinstance(cause, ConfigError):
                raise _rejected({each.path: _reason(each) for each in cause.mistakes}) from error
            if isinstance(cause, Unreachable | ApiError):
                # Without a list, the SDK ends the request with an AttributeError of its own (3.272).
                raise InputPropertiesError(str(cause), []) from error
            raise


def _problem(secret: bool, value: Any) -> str | None:
    if not secret:
        return PLAIN if isinstance(value, pulumi.Output) or contains_unknowns(value) else None
    return None if isinstance(value, pulumi.Output) and _now(value.is_secret()) else REMEDY


def _text(argument: str, secret: pulumi.Output[str]) -> str:
    """The value of a secret argument; a placeholder in a preview that cannot know it."""
    text: str | None = _now(secret.future())
    return unread_secret(argument) if text is None else text


def _now(pending: Awaitable[Any]) -> Any:
    """What an argument's future has to say. The SDK sets it before it constructs, so nothing is pending."""
    try:
        next(iter(pending.__await__()))
    except StopIteration as end:
        return end.value
    raise RuntimeError("an argument is still pending")


def _reason(mistake: Mistake) -> str:
    """Problem and remedy. A component has no stack file to which a command could add a setting."""
    remedy = "Pass it to the component." if "pulumi config set" in mistake.remedy else mistake.remedy
    return f"{mistake.problem}. {remedy}"


def _rejected(reasons: Mapping[str, str]) -> InputPropertiesError:
    return InputPropertiesError(
        f"{len(reasons)} mistakes. Nothing was changed." if len(reasons) > 1 else "One mistake. Nothing was changed.",
        [{"property_path": path, "reason": reason} for path, reason in reasons.items()],
    )


def serve(words: list[str]) -> None:
    """Serve the engine until it ends this process."""
    main(Host(), words)
