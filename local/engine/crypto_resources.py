"""What the providers random and tls make, computed here and kept in the state: the table of all of it."""

from __future__ import annotations

import datetime as dt
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from local.engine import tls_resources
from local.engine.errors import EngineError
from local.engine.tls_resources import Computed
from local.engine.values import Json


def needs_renewal(outputs: Mapping[str, Any], early_renewal_hours: float) -> bool:
    """True inside the renewal window, where the provider plans a new certificate."""
    if "validityEndTime" not in outputs:
        return False
    end = dt.datetime.fromisoformat(outputs["validityEndTime"])
    return dt.datetime.now(dt.UTC) >= end - dt.timedelta(hours=early_renewal_hours)


def random_password(inputs: Json) -> Computed:
    """random.RandomPassword, without bcryptHash."""
    numeric = inputs.get("numeric", inputs.get("number"))
    special = inputs.get("overrideSpecial") or "!@#$%&*()-_=+[]{}<>:?"
    alphabets = {
        "Lower": (string.ascii_lowercase, inputs.get("lower")),
        "Upper": (string.ascii_uppercase, inputs.get("upper")),
        "Numeric": (string.digits, numeric),
        "Special": (special, inputs.get("special")),
    }
    minimum = {kind: int(inputs.get(f"min{kind}") or 0) for kind in alphabets}
    length = int(inputs["length"])
    if sum(minimum.values()) > length:
        raise EngineError(f"length {length} is less than the sum of the minima {sum(minimum.values())}")
    everything = "".join(alphabet for alphabet, wanted in alphabets.values() if wanted is not False)
    if not everything:
        raise EngineError("every kind of character is switched off")
    letters = [secrets.choice(alphabets[kind][0]) for kind, count in minimum.items() for _ in range(count)]
    letters += [secrets.choice(everything) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    switches = {kind.lower(): wanted is not False for kind, (_, wanted) in alphabets.items()}
    minima = {f"min{kind}": count for kind, count in minimum.items()}
    return "none", {**inputs, **switches, "number": switches["numeric"], **minima, "result": "".join(letters)}


RESOURCES: Mapping[str, tuple[Callable[[Json], Computed], frozenset[str]]] = {
    "random:index/randomPassword:RandomPassword": (random_password, frozenset({"result"})),
    "tls:index/privateKey:PrivateKey": (
        tls_resources.private_key,
        frozenset({"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}),
    ),
    "tls:index/selfSignedCert:SelfSignedCert": (tls_resources.self_signed_cert, frozenset({"privateKeyPem"})),
    "tls:index/locallySignedCert:LocallySignedCert": (
        tls_resources.locally_signed_cert,
        frozenset({"caPrivateKeyPem"}),
    ),
    "tls:index/certRequest:CertRequest": (tls_resources.cert_request, frozenset({"privateKeyPem"})),
}
"""How each type is computed, and which of its outputs are secret."""
