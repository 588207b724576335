"""The impact report: what a plan means, where it is silent, and how it is written down."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.matlab.rules import RULES as CONFIG_RULES
from components.matlab.settings import Settings
from components.matlab.system import SYSTEM
from components.shared.kube import Unreachable
from components.shared.loading import load
from components.shared.manifest import manifest
from components.shared.objects import by_key
from components.shared.passwords import plain_fingerprint
from components.shared.survey import NOTHING
from ops.__main__ import main
from ops.impact.plan import Operation, UnreadablePlanError, read
from ops.impact.report import LIMIT, MARKER, Report, comment, cut
from ops.impact.rules import RULES, Level
from tests.unit import plans
from tests.unit.clusters import SMALLEST, Values, merged

CANARY = "canary-9Qd3"
STORAGE = "clusters:matlab:Cluster$clusters:matlab:Storage"
CLAIM = manifest("v1", "PersistentVolumeClaim", "data", "mjs", spec={"resources": {"requests": {"storage": "1Gi"}}})


def planned(*changes: Values) -> Any:
    settings = load(Settings, merged(SMALLEST, *changes), "matlab", CONFIG_RULES)
    return SYSTEM.objects(settings, plain_fingerprint, NOTHING)


def report_of(before: Values, after: Values, *secrets: str) -> Report:
    return Report(read(plans.between(planned(before), planned(after), plans.MATLAB, set(secrets))))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def single(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, *paths: str, **more: Any) -> Report:
    """The report about one object."""
    states = [plans.state(item, "storage", STORAGE, **more) if item else None for item in (old, new)]
    return Report(read(plans.document(plans.step(op, *states, *paths))))


# What the rules see


def test_a_plan_without_changes_disturbs_nobody() -> None:
    report = report_of({}, {})
    assert (report.code, report.verdict, report.findings) == (0, "nothing changes", [])


def test_a_new_cluster_disturbs_nobody() -> None:
    report = Report(read(plans.between([], planned(), plans.MATLAB, set())))
    assert (report.code, report.findings) == (0, [])
    assert report.plan.counts()["create"] == len(planned())


def test_a_controller_restart_is_listed_and_disturbs_nobody() -> None:
    report = report_of({}, {"workers": {"idleStop": 1234}})
    assert codes(report) == {"controller-restarts"}
    assert (report.code, report.verdict) == (0, "nobody will notice")


def test_a_restart_says_how_long_it_may_take() -> None:
    before = {"jobManager": {"terminationGracePeriod": 77}}
    report = report_of(before, {**before, "workers": {"max": 41}})
    (restart,) = (finding for finding in report.findings if finding.code == "job-manager-restarts")
    assert restart.patience is not None
    template = by_key(planned(before))["Deployment", "mjs-job-manager"].manifest["spec"]["template"]["spec"]
    probe = template["containers"][0]["startupProbe"]
    assert restart.patience.stop == 77
    assert restart.patience.start == probe["initialDelaySeconds"] + probe["periodSeconds"] * probe["failureThreshold"]


def test_another_release_leaves_the_old_jobs_behind() -> None:
    report = report_of({}, {"release": "r2025b"})
    (finding,) = (finding for finding in report.findings if finding.code == "empty-database")
    assert finding.detail == "It is in /mjs/database/r2025b; the old one stays in /mjs/database/r2026a."


def test_another_checkpoint_claim_is_an_empty_database() -> None:
    report = report_of({"storage": {"checkpoint": {"claim": "one"}}}, {"storage": {"checkpoint": {"claim": "two"}}})
    (finding,) = (finding for finding in report.findings if finding.code == "empty-database")
    assert finding.detail.startswith(
        "The checkpoint volume was claim one, and becomes claim two. After `python -m ops mov"
    )


def test_logs_that_move_into_the_claim_of_the_database_leave_it_full() -> None:
    before, after = ({"storage": {"checkpoint": {"claim": "one"}, "log": {"claim": log}}} for log in ("two", "one"))
    found = codes(report_of(before, after))
    assert "job-manager-restarts" in found
    assert "empty-database" not in found


def test_metrics_certificates_that_change_are_for_prometheus() -> None:
    metrics = {"metrics": {"export": True}}
    assert "metrics-certificates" in codes(report_of(metrics, metrics, "mjs-metrics-client-certs"))


def test_a_renewed_leaf_in_the_shared_secret_leaves_profiles_valid() -> None:
    secret = manifest("v1", "Secret", "mjs-shared-secret", "mjs")
    assert codes(single("update", secret, secret, 'data["certificate.json"]')) == set()
    assert codes(single("update", secret, secret, 'data["secret.json"]')) == {"profiles-invalid"}
    assert codes(single("update", secret, secret, "metadata.labels.team")) == set()


MARK, OTHER = "0a1b2c3d", "ffffffff"


@pytest.mark.parametrize(
    ("made", "gone", "stays"),
    [
        ({"mjs-1-client-2": plans.KNOWN}, (), True),
        ({"mjs-1-client-3": plans.KNOWN}, ("mjs-1-client",), True),
        ({"mjs-1-client-2": plans.KNOWN, f"mjs-1-client-2-{MARK}": plans.KNOWN}, (f"mjs-1-client-{MARK}",), True),
        ({"mjs-2-client": plans.UNKNOWN}, ("mjs-1-client",), False),
        ({f"mjs-1-client-{MARK}": plans.KNOWN}, (), False),
        ({f"mjs-1-client-{MARK}": plans.KNOWN}, (f"mjs-1-client-{OTHER}",), False),
        ({"mjs-1-client-2": plans.KNOWN}, (f"mjs-1-client-{MARK}",), False),
        ({"mjs-1-proxy-2": plans.KNOWN}, (), False),
        ({}, (), False),
    ],
)
def test_a_rotation_of_leaves_leaves_profiles_valid(made: dict[str, str], gone: tuple[str, ...], stays: bool) -> None:
    """A preview calls every value of a Secret unknown if one is; `make impact` then announced a new CA."""
    secret = plans.state(manifest("v1", "Secret", "mjs-shared-secret", "mjs"), "credentials", STORAGE)
    steps = [plans.step("update", secret, secret, 'data["certificate.json"]', 'data["secret.json"]')]
    for name, authority in made.items():
        steps.append(plans.step("create", None, plans.certificate(name, authority)))
    steps += [plans.step("delete", plans.certificate(name, plans.KNOWN), None) for name in gone]
    assert (codes(Report(read(plans.document(*steps)))) == set()) == stays


def test_what_somebody_changed_in_the_cluster_counts() -> None:
    """After a refresh old and new inputs are equal, and only the provider's comparison shows the restart."""
    item = by_key(planned())["Deployment", "mjs-job-manager"].manifest
    path = "spec.template.spec.containers[0].image"
    assert "job-manager-restarts" in codes(single("update", item, item, path))
    assert codes(single("update", item, item, "spec.template2")) == set()


def test_a_controller_that_is_replaced_takes_every_worker_along() -> None:
    item = by_key(planned())["Deployment", "mjs-controller"].manifest
    report = single("replace", item, item)
    assert codes(report) == {"controller-restarts", "workers-replaced"}


@pytest.mark.parametrize(
    ("op", "protect", "expected"),
    [
        ("delete", False, {"data-deleted"}),
        ("replace", False, {"data-deleted"}),
        ("delete", True, {"protected-object"}),
        ("create-replacement", True, {"protected-object"}),
        ("update", True, set()),
    ],
)
def test_data_that_is_deleted(op: str, protect: bool, expected: set[str]) -> None:
    larger = {**CLAIM, "spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    assert codes(single(op, CLAIM, None if op == "delete" else larger, protect=protect)) == expected


def test_a_replacement_in_three_steps_is_one_change() -> None:
    old = plans.state(CLAIM, "storage", STORAGE)
    steps = [plans.step("create-replacement", old, old), plans.step("replace", old, old)]
    plan = read(plans.document(*steps, plans.step("delete-replaced", old, None)))
    assert [change.operation for change in plan.changes] == [Operation.REPLACE]


def test_a_refresh_shows_what_it_found_before_what_the_program_does() -> None:
    """A deleted claim that `up` creates again is not replaced: its data is gone already."""
    state = plans.state(CLAIM, "storage", STORAGE, protect=True)
    gone = [plans.step("delete", state, None), plans.step("create", None, state)]
    report = Report(read(plans.document(*gone)))
    assert ([change.operation for change in report.plan.changes], report.findings) == ([Operation.CREATE], [])
    left_alone = [plans.step("update", state, state, "metadata.labels.team"), plans.step("same", state, state)]
    assert read(plans.document(*left_alone)).changes == ()
    undone = [plans.step("update", state, state, "a"), plans.step("update", state, state, "b")]
    (change,) = read(plans.document(*undone)).changes
    assert change.paths == {"b"}


def test_another_cluster_is_the_end_of_this_one() -> None:
    provider = {"urn": "urn:pulumi:lab::clusters::pulumi:providers:kubernetes::kubernetes", "inputs": {}}
    assert codes(Report(read(plans.document(plans.step("replace", provider, provider))))) == {"another-cluster"}


@pytest.mark.parametrize(
    ("before", "after", "narrower"),
    [
        ([], ["192.0.2.0/24"], True),
        (["192.0.2.0/24"], [], False),
        (["192.0.2.0/24"], ["192.0.2.0/24", "198.51.100.0/24"], False),
        (["192.0.2.0/24", "198.51.100.0/24"], ["192.0.2.0/24"], True),
    ],
)
def test_fewer_source_ranges_exclude_clients(before: list[str], after: list[str], narrower: bool) -> None:
    def ranges(given: list[str]) -> Values:
        return {"network": {"loadBalancer": {"sourceRanges": given}}}

    assert ("clients-excluded" in codes(report_of(ranges(before), ranges(after)))) == narrower


def test_policies_that_are_switched_on_may_refuse_connections_and_off_none() -> None:
    off: Values = {"network": {"policies": {"enabled": False}}}
    assert "connections-refused" in codes(report_of(off, {}))
    assert "connections-refused" not in codes(report_of({}, off))


# What nobody can tell


def test_a_plan_that_fails_is_unclear_and_says_why() -> None:
    report = Report(read(plans.document(errors=("The stack config has 1 mistake.",))))
    assert (report.code, report.verdict) == (2, "unclear")
    assert "`up` would fail: The stack config has 1 mistake." in report.text()


def test_what_the_preview_warns_of_is_in_every_form() -> None:
    """In a pull request nobody reads the output of the preview itself."""
    report = Report(read(plans.document(warnings=("Certificate of @everyone ends\n  in 9 days.",))))
    assert report.code == 0
    assert report.json()["warnings"] == ["Certificate of @everyone ends\n  in 9 days."]
    assert "WARNINGS OF THE PREVIEW\n  Certificate of @everyone ends in 9 days.\n" in report.text()
    assert "**Warnings of the preview**\n\n- Certificate of @\N{ZERO WIDTH SPACE}everyone ends" in report.markdown()
    assert "arning" not in Report(read(plans.document())).text() + Report(read(plans.document())).markdown()


def test_pods_of_an_unknown_kind_are_unclear() -> None:
    item = manifest("apps/v1", "DaemonSet", "agent", "mjs", spec={"template": {}})
    report = single("update", item, item, "spec.template")
    assert report.code == 2
    assert "DaemonSet mjs/agent" in report.text()
    assert single("create", None, item).code == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not the output of `pulumi preview --json`"),
        ("Previewing update (dev):\n", "not the output of `pulumi preview --json`"),
        ("[]", "neither steps nor errors"),
        ('{"resources": []}', "neither steps nor errors"),
        ('{"steps": [{}]}', "a step of an unknown form"),
        ('{"steps": [{"op": "teleport", "urn": "urn:pulumi:a::b::c::d"}]}', "step teleport"),
        ('{"steps": [{"op": "update", "urn": "urn:pulumi:a::b::kubernetes:core/v1:Service::d"}]}', "does not say what"),
    ],
)
def test_what_is_not_a_plan_is_rejected(
    text: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadablePlanError, match=re.escape(problem)):
        read(text)
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert main(["impact", str(file)]) == 2
    assert problem in capsys.readouterr().err


def test_a_stack_that_cannot_be_previewed_is_unclear(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: Any) -> None:
        raise Unreachable("the cluster does not answer")

    monkeypatch.setattr("local.run.prepare", unreachable)
    assert main(["impact", "--stack", "dev"]) == 2
    assert main(["drift", "--stack", "dev"]) == 1
    assert capsys.readouterr().err.count("the cluster does not answer\n") == 2


def test_a_stack_file_with_mistakes_is_unclear(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.lab.yaml").write_text(
        "config: {clusters:kubernetes: {embedded: true}, clusters:matlab: {a: 1}}"
    )
    monkeypatch.setattr("ops.where.PROJECT", tmp_path)
    assert main(["impact", "--stack", "lab"]) == 2
    assert "`up` would fail: The stack config has" in capsys.readouterr().out
    assert main(["drift", "--stack", "lab"]) == 1
    assert "could not look for drift" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["impact", "doctor", "status"])
def test_a_stack_that_does_not_exist_is_not_a_finding(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 means that something was found. It was also what a typing error in the stack's name gave."""
    assert main([command, "--stack", "no-such-stack"]) == 2
    assert "Pulumi.no-such-stack.yaml does not exist" in capsys.readouterr().err


# How it is written down


def test_every_form_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = plans.between(planned(), planned({"workers": {"max": 41}}), plans.MATLAB, set())
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert main(["impact", str(file)]) == 1
    plain = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["impact", "-", "--json"]) == 1
    (document,) = json.loads(capsys.readouterr().out)["stacks"]
    assert main(["impact", str(file), "--markdown"]) == 1
    markdown = capsys.readouterr().out
    assert document["verdict"] == "somebody will notice"
    assert document["exitCode"] == 1
    assert markdown.startswith(MARKER)
    for finding in document["findings"]:
        for sentence in (finding["title"], finding["meaning"]):
            assert sentence in plain
            assert sentence in markdown
    assert {one["name"] for one in document["objects"]} >= {"mjs-job-manager", "mjs-controller-config"}


def test_the_worst_comes_first() -> None:
    found = report_of({}, {"release": "r2025b"}).findings
    levels = [list(Level).index(finding.rule.level) for finding in found]
    assert levels == sorted(levels)
    assert len(set(levels)) > 2


def test_a_secret_in_a_plan_stays_there() -> None:
    """Pulumi hides what it knows as secret; the report does not repeat what it does not need either."""
    before = planned()
    document = json.loads(plans.between(before, planned({"release": "r2025b"}), plans.MATLAB, {"mjs-shared-secret"}))
    for step in document["steps"]:
        for state in (step.get("oldState"), step.get("newState")):
            if state and state.get("inputs", {}).get("kind") == "Secret":
                state["inputs"]["data"] = {"profile": CANARY, "secret.json": CANARY}
            for container in (
                (state or {})
                .get("inputs", {})
                .get("spec", {})
                .get("template", {})
                .get("spec", {})
                .get("containers", [])
            ):
                container["env"] = [{"name": "TOKEN", "value": CANARY}]
    document["config"] = {"clusters:matlab": CANARY}
    report = Report(read(json.dumps(document)))
    assert report.findings
    for text in (report.text(), json.dumps(report.json()), report.markdown()):
        assert CANARY not in text


def failing(length: int) -> Report:
    """The report about a plan that fails with a long message."""
    return Report(read(plans.document(errors=("one line of it\n" * (length // 15),))))


def test_a_comment_is_cut_where_github_would_reject_it() -> None:
    text = comment([failing(40_000), failing(40_000)], "https://ci.example.org/run/1")
    assert LIMIT - 1000 < len(text) <= LIMIT
    assert text.startswith(MARKER)
    assert text.endswith("This comment was cut. The full text: https://ci.example.org/run/1\n")


def test_the_list_of_objects_goes_first_when_a_comment_is_long() -> None:
    changed = report_of({}, {"workers": {"max": 41}})
    assert "<details>" in comment([changed, failing(20_000)], "")
    assert "<details>" not in comment([changed, failing(63_500)], "")
    assert "The job manager restarts" in comment([failing(40_000), changed], "")
    assert cut(f"one\ntwo\n{'three' * 10}", "there", limit=54) == "one\n\nThis comment was cut. The full text: there\n"


def test_names_in_a_comment_cannot_mention_people_or_break_out() -> None:
    item = manifest("rbac.authorization.k8s.io/v1", "RoleBinding", "users", "julia-ana")
    old = {**item, "subjects": [{"kind": "User", "name": "@everyone <img src=x> `|"}]}
    text = single("update", old, {**item, "subjects": []}).markdown()
    assert "@everyone" not in text
    assert "<img" not in text


def test_an_error_in_a_comment_stays_in_its_block() -> None:
    report = Report(read(plans.document(errors=("``` </details> @everyone",))))
    lines = report.markdown().splitlines()
    assert [line for line in lines if line.startswith("```")] == ["```text", "```"]
    assert lines.index("```text") < next(i for i, line in enumerate(lines) if "@everyone" in line) < lines.index("```")


QUICK_ACTION = re.compile(r"^```.+?\n```$|^/(?P<command>\w+)", re.MULTILINE | re.DOTALL)
"""GitLab's lib/gitlab/quick_actions/extractor.rb, abridged: what is in a block of three backticks is no command."""


@pytest.mark.parametrize("error", ["/close", "```\n/close\n```", "````\n/close", "a\n```\n/merge"])
def test_an_error_in_a_comment_is_no_command_to_gitlab(error: str) -> None:
    text = comment([Report(read(plans.document(errors=(f"one\n{error}",))))], "")
    assert "/" in text
    assert [found["command"] for found in QUICK_ACTION.finditer(text) if found["command"]] == []


def test_a_long_error_of_one_stack_hides_no_other() -> None:
    text = comment([failing(100_000), report_of({}, {"workers": {"max": 41}})], "https://ci.example.org/run/1")
    assert len(text) <= LIMIT
    assert "The job manager restarts" in text
    before, _, after = text.partition("\n\nThis comment was cut. The full text: https://ci.example.org/run/1\n")
    assert before.endswith("\n```"), "the link is outside of the block of code"
    assert after.count("```") == 0


def test_an_error_has_no_colours_of_a_terminal() -> None:
    plan = read(plans.document(errors=("\x1b[1;31mtoken expired\x1b[0m\r\nat\tline 1\x07",)))
    assert plan.errors == ("token expired\nat\tline 1",)


def test_what_a_forge_takes_for_a_reference_is_none() -> None:
    report = Report(read(plans.document(warnings=("see #1 and lab/x#2, !3, @ana, $a$",))))
    line = next(line for line in report.markdown().splitlines() if line.startswith("- see"))
    # As a forge does: first Markdown's backslashes, then people and numbers.
    assert re.search(r"[@#!]\w", re.sub(r"\\([!-/:-@[-`{-~])", r"\1", line)) is None
    assert r"\$a\$" in line


def test_every_rule_has_words_for_people() -> None:
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
    for rule in RULES.values():
        assert rule.meaning.endswith(".")
        assert rule.sign.endswith(".")
        assert bool(rule.remedy) == (rule.level is not Level.QUIET)
