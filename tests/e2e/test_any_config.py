"""The law of the program, by the API server's own word: what a config is accepted for, a cluster takes."""

from __future__ import annotations

from hypothesis import event, given, note

from components.shared.passwords import plain_fingerprint
from tests.configs import accepted, configs, law
from tests.e2e.dry_run import DryRun
from tests.unit.clusters import Values, in_mode, manifests


def test_the_api_server_accepts_objects_and_pods_of_any_accepted_config(dry_runs: dict[str, DryRun]) -> None:
    """A config that is accepted and then refused by the cluster leaves a deployment half done."""

    @law
    @given(configs())
    def holds(config: Values) -> None:
        here = accepted(config)
        event("accepted" if here else "refused")
        if here is None:
            return
        namespace = here.settings.namespace
        # One that exists has whatever level its owner gave it.
        level = namespace.pod_security if namespace.create else "privileged"
        note(f"mode {here.mode}, Pod Security {level}")
        assert dry_runs[level].objections(list(manifests(here, plain_fingerprint).values())) == []

    holds()


def test_an_objection_would_be_seen(dry_runs: dict[str, DryRun]) -> None:
    """Of the object, of an unknown field, of a variable that is there twice, and of the pod that comes only later."""
    found = manifests(in_mode("new-proxy-mode"), plain_fingerprint)
    deployment = found["Deployment", "mjs-controller"]
    spec = deployment["spec"]["template"]["spec"]
    baseline = dry_runs["baseline"]
    assert baseline.objections([deployment]) == []
    (container,) = spec["containers"]
    container["env"] = [{"name": "TWICE", "value": value} for value in ("1", "2")]
    assert 'duplicate entries for key [name="TWICE"]' in baseline.objections([deployment])[0]
    del container["env"]
    spec["hostNetwork"] = True
    (said,) = baseline.objections([deployment])
    assert said.startswith("Pod mjs-controller-0")
    assert "violates PodSecurity" in said
    assert dry_runs["privileged"].objections([deployment]) == []
    spec["hostNetwurk"] = True
    assert "hostNetwurk" in baseline.objections([deployment])[0]
    claim = found["PersistentVolumeClaim", "mjs-checkpoint"]
    claim["spec"]["accessModes"] = ["ReadWriteNever"]
    assert "ReadWriteNever" in baseline.objections([claim])[0]
