"""Which words in a log show which row of the runbook."""

from __future__ import annotations

from typing import Final, NamedTuple


class LogRow(NamedTuple):
    """A row, and what a line of a log has when it is true."""

    code: str
    pattern: str
    """A regular expression that is searched in one line."""
    starting: bool = False
    """It prevents a start: in a pod that is Ready, it is over."""


_QUOTA: Final = r"forbidden: exceeded quota|violates PodSecurity|forbidden: \[?(minimum|maximum) "
_DENIED: Final = r'is forbidden: User ".*" cannot '
_FULL: Final = r"No space left on device"

LOG_ROWS: Final = (
    LogRow("MJS012", _QUOTA),
    LogRow("MJS060", r"error: no MATLAB Parallel Server in ", starting=True),
    LogRow("MJS061", r"error: user \d+ cannot write ", starting=True),
    LogRow("MJS062", r"waiting for another job manager", starting=True),
    LogRow("MJS063", r"keytool ended with exit code", starting=True),
    LogRow("MJS064", r"(startjobmanager|bin/mjs) ended with exit code", starting=True),
    LogRow("MJS065", r"startworker ended with exit code", starting=True),
    LogRow("MJS066", r"error: \d+ open files are not allowed here", starting=True),
    LogRow("MJS067", _FULL),
    LogRow("MJS068", r"the volume of the job database \S+ is \d+ % full"),
    LogRow("MJS070", r"^(?!.*error unmarshaling JSON).*json: unknown field", starting=True),
    LogRow("MJS071", r'deployments\.apps "mjs-controller" not found', starting=True),
    LogRow("MJS072", r"open \S*controller\.log: ", starting=True),
    LogRow("MJS073", _DENIED),
    LogRow("MJS074", r"(?i)\b(several|multiple|more than one) job ?managers\b", starting=True),
    LogRow("MJS075", r'secrets "mjs-metrics-client-certs" already exists', starting=True),
    LogRow("MJS076", r"error unmarshaling JSON: .*unknown field|strict decoding error"),
    LogRow("MJS080", r"(?i)licen[cs]e checkout failed|License Manager Error -\d+"),
    LogRow("JUL012", _QUOTA),
    LogRow("JUL060", r"KubeError: Warning: "),
    LogRow("JUL061", r'pods "[^"]*" not found'),
    LogRow("JUL062", r"uses multiple containers"),
    LogRow("JUL063", r"TimeoutException: timed out after waiting for worker "),
    LogRow("JUL064", r"was terminated due to: OOMKilled"),
    LogRow("JUL065", r"(?i)\bdeserializ\w* error|error \w*deserializ|deserialization checks failed"),
    LogRow("JUL066", r"Unsatisfiable requirements detected for package"),
    LogRow("JUL067", r"Unable to determine the pod name from"),
    LogRow("JUL068", r"Waited for .*client-side throttling"),
    LogRow("JUL069", r"must be no more than 63 (bytes|characters)"),
    LogRow("JUL070", _FULL),
    LogRow("JUL073", _DENIED),
    LogRow("ARK060", r"returned error code (6|7)\b"),
    LogRow("ARK061", r"error in HTTP request|returned error code 22\b"),
    LogRow("ARK062", r"returned error code 28\b"),
    LogRow("ARK063", r"returned error code 35\b"),
    LogRow("ARK064", r"returned error code (36|58)\b"),
    LogRow("ARK065", r"returned error code 60\b"),
    LogRow("ARK066", r"returned error code 77\b"),
    LogRow("ARK067", r"invalid hostname -> ip address entry in /etc/hosts"),
    LogRow("ARK068", r"access to arkouda requires a token|does not match server token"),
    LogRow("ARK069", r"bytes of memory exceeds .* limit"),
    LogRow("ARK070", r"Permission denied \(publickey"),
    LogRow("ARK071", r"Version mismatch between client and server"),
    LogRow("ARK072", _FULL),
)
"""In the order of their codes within each system."""
