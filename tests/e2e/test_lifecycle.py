"""The life of the dev stack on a real API server: given its stack file, when a command runs, these objects exist."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.e2e.checkout import NAMESPACE, STACK, Checkout

DEPLOYMENTS = ("mjs-job-manager", "mjs-controller", "mjs-ingress-proxy")
CLAIMS = ("mjs-checkpoint", "mjs-log", "mjs-worker-log")
KEPT_SECRETS = ("mjs-admin-password", "mjs-worker-user", "mjs-shared-secret", "mjs-parallel-server-proxy-secret")


def test_a_stack_lives_through_everything(checkout: Checkout) -> None:
    """Preview, up, up again, a changed setting, a refused one, a lost controller, destroy, up: the profile stays."""
    preview_touches_nothing(checkout)
    outputs = everything_is_ready_after_up(checkout)
    a_second_up_writes_nothing(checkout, outputs)
    a_reader_that_goes_away_is_no_error(checkout)
    a_changed_setting_restarts_only_what_reads_it(checkout)
    a_refused_config_touches_nothing(checkout)
    the_profile_survives_the_controller(checkout, outputs)
    a_protected_claim_cannot_be_dropped(checkout)
    destroy_leaves_data_and_credentials(checkout)
    after_another_up_the_profile_is_the_same(checkout, outputs)
    purge_removes_everything(checkout)


def preview_touches_nothing(checkout: Checkout) -> None:
    before = len(checkout.writes())
    text = checkout.run("preview")
    assert "mjs-job-manager" in text
    assert len(checkout.writes()) == before
    assert checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}") is None


def everything_is_ready_after_up(checkout: Checkout) -> dict[str, Any]:
    printed = checkout.run("up")
    for name in DEPLOYMENTS:
        conditions = {item["type"]: item["status"] for item in checkout.deployment(name)["status"]["conditions"]}
        assert conditions["Available"] == "True", name
    for name in CLAIMS:
        claim = checkout.get("persistentvolumeclaims", name)
        assert claim is not None, name
        assert claim["status"]["phase"] == "Bound", name
    service = checkout.get("services", "mjs-ingress-proxy")
    assert service is not None
    outputs = checkout.outputs()
    address = service["status"]["loadBalancer"]["ingress"][-1]["ip"]
    assert outputs["externalAddress"] == {"host": address, "ports": {"tcp-parallel-server-proxy": 1080}}
    profile = json.loads(outputs["profile"])
    assert profile == json.loads(checkout.secret("mjs-cluster-profile")["profile"])
    assert profile["SchedulerComponent"]["Host"] == f"mjs-job-manager:27350?proxy=socks5s://{address}:1080"
    assert outputs["adminPassword"] == checkout.secret("mjs-admin-password")["password"]
    certificates_fit(checkout, profile["SchedulerComponent"])
    for text in (outputs["adminPassword"], profile["SchedulerComponent"]["ClientPrivateKey"]):
        assert text not in printed
    return outputs


def certificates_fit(checkout: Checkout, scheduler: dict[str, str]) -> None:
    """Every leaf is signed by the CA of the shared secret and belongs to its key; extensions are upstream's."""
    shared = checkout.secret("mjs-shared-secret")
    authority = json.loads(shared["secret.json"])
    ca = x509.load_pem_x509_certificate(authority["serverCert"].encode())
    assert authority["serverKey"].startswith("-----BEGIN PRIVATE KEY-----")
    assert extensions(ca) == {"basicConstraints", "subjectKeyIdentifier"}
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (ca.not_valid_after_utc - ca.not_valid_before_utc).total_seconds() == 87_600 * 3600
    leaves = [
        json.loads(shared["certificate.json"]),
        json.loads(checkout.secret("mjs-parallel-server-proxy-secret")["certificate.json"]),
        {
            "serverCert": scheduler["Certificate"],
            "clientCert": scheduler["ClientCertificate"],
            "clientKey": scheduler["ClientPrivateKey"],
        },
    ]
    for leaf in leaves:
        assert leaf["serverCert"] == authority["serverCert"]
        certificate = x509.load_pem_x509_certificate(leaf["clientCert"].encode())
        certificate.verify_directly_issued_by(ca)
        assert extensions(certificate) == {"basicConstraints", "authorityKeyIdentifier"}
        key = load_pem_private_key(leaf["clientKey"].encode(), None)
        public = certificate.public_key()
        assert isinstance(key, rsa.RSAPrivateKey)
        assert isinstance(public, rsa.RSAPublicKey)
        assert key.key_size == 4096
        public.verify(
            key.sign(b"", padding.PKCS1v15(), certificate.signature_hash_algorithm),  # type: ignore[arg-type]
            b"",
            padding.PKCS1v15(),
            certificate.signature_hash_algorithm,  # type: ignore[arg-type]
        )


def a_second_up_writes_nothing(checkout: Checkout, outputs: dict[str, Any]) -> None:
    before = len(checkout.writes())
    checkout.run("up")
    assert checkout.writes()[before:] == []
    assert checkout.outputs() == outputs


def a_reader_that_goes_away_is_no_error(checkout: Checkout) -> None:
    """`make preview | head -1` used to end with a traceback."""
    for action in ("preview", "outputs"):
        command = f"set -o pipefail; {sys.executable} -m local.run {action} --stack {STACK} | head -c 1"
        answer = subprocess.run(
            ["bash", "-c", command],
            cwd=checkout.root, env=checkout.environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (answer.returncode, len(answer.stdout)) == (0, 1), answer.stderr
        assert "Traceback" not in answer.stderr
        assert "Broken" not in answer.stderr


def a_changed_setting_restarts_only_what_reads_it(checkout: Checkout) -> None:
    before = {name: checkout.deployment(name)["metadata"] for name in DEPLOYMENTS}
    checkout.matlab["workers"]["max"] = 6
    checkout.write()
    assert "mjs-controller-config" in checkout.run("preview")
    checkout.run("up")
    after = {name: checkout.deployment(name)["metadata"] for name in DEPLOYMENTS}
    changed = {name for name in DEPLOYMENTS if after[name]["generation"] != before[name]["generation"]}
    assert changed == {"mjs-job-manager", "mjs-controller"}
    assert all(after[name]["uid"] == before[name]["uid"] for name in DEPLOYMENTS)
    config = checkout.get("configmaps", "mjs-controller-config")
    assert config is not None
    assert json.loads(config["data"]["config.json"])["Network"]["MaxWorkers"] == 6


def a_refused_config_touches_nothing(checkout: Checkout) -> None:
    before = len(checkout.writes())
    checkout.matlab["workers"]["max"] = "many"
    checkout.matlab["relaese"] = "r2026a"
    checkout.write()
    text = checkout.run("up", code=2)
    assert "matlab.workers.max: the value is not a whole number" in text
    assert "matlab.relaese: is not a setting. Did you mean matlab.release?" in text
    assert "Traceback" not in text
    assert checkout.writes()[before:] == []
    checkout.matlab["workers"]["max"] = 6
    del checkout.matlab["relaese"]
    checkout.write()


def the_profile_survives_the_controller(checkout: Checkout, outputs: dict[str, Any]) -> None:
    pods = checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods", query={"labelSelector": "app=mjs-controller"})
    assert pods is not None
    for pod in pods["items"]:
        checkout.api.request("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")
    checkout.run("up")
    assert checkout.outputs()["profile"] == outputs["profile"]
    assert checkout.secret("mjs-cluster-profile")["profile"] == outputs["profile"]


def a_protected_claim_cannot_be_dropped(checkout: Checkout) -> None:
    before = len(checkout.writes())
    storage = checkout.matlab["storage"]
    checkout.matlab["storage"] = {**storage, "log": {"persistent": False}, "checkpoint": {"size": "1Mi"}}
    checkout.write()
    text = checkout.run("up", code=1)
    assert "matlab.storage.log: no longer uses PersistentVolumeClaim mjs-log" in text
    assert "matlab.storage.checkpoint.size: claim mjs-checkpoint has 1Gi, and a claim cannot shrink" in text
    assert checkout.writes()[before:] == []
    checkout.matlab["storage"] = storage
    checkout.write()


def destroy_leaves_data_and_credentials(checkout: Checkout) -> None:
    text = checkout.run("destroy")
    for name in DEPLOYMENTS:
        assert checkout.get("deployments", name, "/apis/apps/v1") is None
    assert checkout.get("services", "mjs-ingress-proxy") is None
    for name in CLAIMS:
        assert checkout.get("persistentvolumeclaims", name) is not None
        assert name in text
    for name in KEPT_SECRETS:
        assert checkout.secret(name)
        assert name in text
    assert "make destroy PURGE=1 STACK=dev" in text


def after_another_up_the_profile_is_the_same(checkout: Checkout, outputs: dict[str, Any]) -> None:
    checkout.run("up")
    again = checkout.outputs()
    assert again["profile"] == outputs["profile"]
    assert again["adminPassword"] == outputs["adminPassword"]


def purge_removes_everything(checkout: Checkout) -> None:
    assert "Nothing was deleted" in checkout.run("destroy", "--purge", code=1, CONFIRM="prod")
    checkout.run("destroy", "--purge", CONFIRM="dev")
    assert checkout.api.get(f"/api/v1/namespaces/{NAMESPACE}") is None


def extensions(certificate: x509.Certificate) -> set[str]:
    return {extension.oid._name for extension in certificate.extensions}
