"""`python -m ops drift`: its exit codes tell drift from a failure, and its text names objects and fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.shared.manifest import manifest
from ops.__main__ import main
from ops.drift import Drift
from ops.impact.plan import read
from tests.unit import plans

COMPONENT = "clusters:matlab:Cluster$clusters:matlab:JobManager"
STATE = plans.state(manifest("v1", "Service", "mjs-job-manager", "mjs", spec={}), "job-manager", COMPONENT)
FIELDS = [f"spec.ports[{index}].port" for index in range(7)]


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        (plans.document(), 0, "Stack lab: no drift\n"),
        (
            plans.document(plans.step("update", STATE, STATE, *FIELDS)),
            7,
            (
                "Stack lab: 1 object drifted\n  Service mjs/mjs-job-manager differs, and `up` changes it back "
                "(spec.ports[0].port, spec.ports[1].port, spec.ports[2].port, spec.ports[3].port, "
                "spec.ports[4].port and 2 more).\n"
            ),
        ),
        (
            plans.document(plans.step("create", None, STATE)),
            7,
            "Stack lab: 1 object drifted\n  Service mjs/mjs-job-manager is missing, and `up` creates it.\n",
        ),
        (plans.document(errors=("unreachable",)), 1, "Stack lab: could not look for drift.\nunreachable\n"),
    ],
)
def test_drift(text: str, code: int, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert main(["drift", "--plan", str(file)]) == code
    assert capsys.readouterr().out == expected
    assert main(["drift", "--plan", str(file), "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["exitCode"] == code
    assert len(document["objects"]) == (code == 7)


CONFLICT_UNTIL_4_25, CONFLICT = (
    'Preview failed: 1 error occurred:\n\t* the Kubernetes API server reported that "mjs/mjs-job-manager" failed to '
    f"fully initialize or become live: {sentence}\n"
    'The resource managed by field manager "pulumi-kubernetes-d9f1f477" had an apply conflict: Apply failed with 1 '
    'conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'
    for sentence in (
        "Server-Side Apply field conflict detected. See https://www.pulumi.com/ for troubleshooting help.",
        "server-side apply field conflict detected, see https://www.pulumi.com/ for troubleshooting help",
    )
)
"""As Pulumi 3.274 writes it after `kubectl edit`, with provider 4.25 and with later ones."""
CONSEQUENCES = ("preview failed", "Resource monitor has terminated, shutting down")


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ((CONFLICT, *CONSEQUENCES), 7),
        ((CONFLICT_UNTIL_4_25, *CONSEQUENCES), 7),
        ((CONFLICT, "the cluster is unreachable", *CONSEQUENCES), 1),
        (CONSEQUENCES, 1),
    ],
)
def test_a_field_that_somebody_took_over_is_drift(
    errors: tuple[str, ...], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The preview fails then, because `up` would: but nobody may take that for an unreachable cluster."""
    file = tmp_path / "plan.json"
    file.write_text(plans.document(plans.step("update", STATE, STATE, "spec.replicas"), errors=errors))
    assert main(["drift", "--plan", str(file)]) == code
    sentence = (
        '`up` fails until you set this back in the cluster: Apply failed with 1 conflict: conflict with "kubectl-edit"'
    )
    text = capsys.readouterr().out
    assert (sentence in text) == (code == 7)
    assert "changes it back" not in text


ADDED = {"f:spec": {"f:externalIPs": {}}}


def said(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: int = 7) -> str:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert main(["drift", "--plan", str(file)]) == code
    return capsys.readouterr().out


def test_what_somebody_added_is_drift_that_up_leaves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = {"name": "mjs-job-manager", "namespace": "mjs"}
    entries = [{"manager": "kubectl-edit", "operation": "Update", "fieldsV1": ADDED}]
    live = {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "managedFields": entries}}
    step = plans.step("same", {**STATE, "outputs": live}, None)
    assert said(plans.document(step), tmp_path, capsys) == (
        "Stack lab: 1 object drifted\n  Service mjs/mjs-job-manager has fields that the stack did not set, and `up` "
        "leaves them alone: spec.externalIPs, by kubectl-edit.\n"
    )


def test_an_object_that_is_not_ready_is_not_called_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` updates it without a difference, in order to wait for it."""
    errors = ["Resource 'mjs-job-manager' was created but failed to initialize", "Minimum number of Pods not attained"]
    text = said(plans.document(plans.step("update", {**STATE, "initErrors": errors}, STATE)), tmp_path, capsys)
    assert "is not ready, and `up` waits for it: Minimum number of Pods not attained\n" in text
    assert "changes it back" not in text


def test_what_is_no_plan_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.json").write_text("error: no stack selected")
    assert main(["drift", "--plan", str(tmp_path / "plan.json")]) == 1
    assert "not the output" in capsys.readouterr().err


def test_a_message_of_several_lines_is_one_line_of_the_issue() -> None:
    """A paragraph ends the code that it is in, and what comes after it would be Markdown, or `/close` to GitLab."""
    errors = ["created", "0/4 nodes are available\n\n@everyone\n/close\n"]
    plan = plans.document(plans.step("update", {**STATE, "initErrors": errors}, STATE))
    lines = Drift(read(plan)).issue().splitlines()
    assert any(line.startswith("- `") and line.endswith("@everyone /close`") for line in lines)
    assert not any(line.startswith(("@", "/")) for line in lines)


def test_only_a_long_issue_says_that_it_was_cut() -> None:
    """Each one said so."""
    assert "was cut" not in Drift(read(plans.document(plans.step("create", None, STATE)))).issue()
    steps = [
        plans.step("create", None, {**STATE, "urn": f"{STATE['urn']}-{'n' * 200}-{number}"}) for number in range(400)
    ]
    text = Drift(read(plans.document(*steps))).issue()
    assert text.endswith("This comment was cut. The full text: `python -m ops drift --stack lab`\n")
