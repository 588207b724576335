"""A small client for the REST APIs of GitHub and GitLab."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ops.errors import CommandError

TIMEOUT: Final = 30
"""Seconds for one request."""
BUSY: Final = {502, 503, 504}
"""Statuses of a forge that does not answer now, and may have done what it was asked."""
WAITS: Final = (2, 4, 8)
"""Seconds before each further attempt, where the forge does not say how long."""
LONGEST_WAIT: Final = 60
"""Also how long GitHub asks for, where it limits the rate and sends no Retry-After:
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
_NEXT: Final = re.compile(r'<([^>]+)>;[^,]*\brel="next"')


class GoneError(CommandError):
    """What the path names does not exist, or not for this token."""


class _BusyError(CommandError):
    """A request that may succeed later. `wait` is how many seconds the forge asks for; None: it does not say."""

    def __init__(self, text: str, wait: int | None = None, *, refused: bool = False) -> None:
        super().__init__(text)
        self.wait = wait
        self.refused = refused
        """Nothing was done. Otherwise the request may have had its effect, and only the answer is lost."""


class _NoRedirect(HTTPRedirectHandler):
    """The standard library would send the token to wherever a redirect leads."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - the standard library's signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing: the redirect is an error like any other status."""


@dataclass(frozen=True)
class Api:
    """One API and the credentials for it."""

    url: str
    headers: Mapping[str, str]

    def __post_init__(self) -> None:
        """Raise CommandError for an address over which the token would be readable."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise CommandError(f"{self.url} is not an https:// URL, so the token is not sent there.")

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, from all of its pages."""
        bare, _, query = path.partition("?")
        while True:
            items, headers = self._send("GET", f"{self.url}{bare}?{query}")
            yield from items
            following = _NEXT.search(headers.get("Link", ""))
            if following is None:
                return
            # Behind a reverse proxy, the link may name another host or http://. The token goes to the API only.
            query = urlsplit(following[1]).query

    def get(self, path: str) -> Any:
        """One object."""
        return self._send("GET", f"{self.url}{path}")[0]

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Create, change or delete something; returns the answer."""
        return self._send(method, f"{self.url}{path}", body)[0]

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> tuple[Any, HTTPMessage]:
        for wait in WAITS:
            try:
                return self._once(method, url, body)
            except _BusyError as error:
                if method == "POST" and not error.refused:
                    raise
                time.sleep(wait if error.wait is None else min(error.wait, LONGEST_WAIT))
        return self._once(method, url, body)

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Any, HTTPMessage]:
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data else {}
        request = Request(url, data, {**self.headers, **kind}, method=method)  # noqa: S310 - checked above
        try:
            with build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read() or b"null"), answer.headers
        except HTTPError as error:
            raise _refusal(error, f"{method} {url}") from error
        except (OSError, HTTPException) as error:
            raise _BusyError(f"{method} {url}: {error}") from error
        except ValueError as error:
            raise CommandError(f"{method} {url}: {error}") from error


def _refusal(error: HTTPError, request: str) -> CommandError:
    """What an answer with an error status means. GitHub limits the rate with 403 as well as 429."""
    text = f"{request}: {error.code} {error.read(300).decode(errors='replace')}"
    asked = error.headers.get("Retry-After", "")
    wait = int(asked) if asked.isdigit() else None
    denied = error.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if error.code == HTTPStatus.TOO_MANY_REQUESTS or (denied and (asked or "rate limit" in text)):
        return _BusyError(text, LONGEST_WAIT if wait is None else wait, refused=True)
    if error.code in BUSY:
        return _BusyError(text, wait)
    if error.code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return GoneError(text)
    return CommandError(f"{text} docs/pull-requests.md says what the token must be allowed." if denied else text)
