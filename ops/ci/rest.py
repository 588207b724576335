"""A small client for the REST APIs of GitHub and GitLab."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ops.errors import CommandError

TIMEOUT: Final = 30
"""Seconds for one request."""
RETRIED: Final = {429, 502, 503, 504}
"""Statuses of a forge that is busy."""
WAITS: Final = (2, 4, 8)
"""Seconds before each further attempt, where the forge does not say how long."""
LONGEST_WAIT: Final = 60
LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
_NEXT: Final = re.compile(r'<([^>]+)>;[^,]*\brel="next"')


class _BusyError(CommandError):
    """A request that may succeed later; `wait` is how many seconds the forge asks for."""

    def __init__(self, text: str, wait: str = "") -> None:
        super().__init__(text)
        self.wait = min(int(wait), LONGEST_WAIT) if wait.isdigit() else None


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
        where: str | None = f"{self.url}{path}"
        while where:
            if urlsplit(where)[:2] != urlsplit(self.url)[:2]:
                raise CommandError(
                    f"The next page is at {where}, which is not the API, so the token is not sent there."
                )
            items, headers = self._send("GET", where)
            yield from items
            following = _NEXT.search(headers.get("Link", ""))
            where = following[1] if following else None

    def get(self, path: str) -> Any:
        """One object."""
        return self._send("GET", f"{self.url}{path}")[0]

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Create or change something; returns the answer."""
        return self._send(method, f"{self.url}{path}", body)[0]

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> tuple[Any, HTTPMessage]:
        # A POST whose answer was lost may have created what it should.
        for wait in () if method == "POST" else WAITS:
            try:
                return self._once(method, url, body)
            except _BusyError as error:
                time.sleep(wait if error.wait is None else error.wait)
        return self._once(method, url, body)

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Any, HTTPMessage]:
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if data else {}
        request = Request(url, data, {**self.headers, **kind}, method=method)  # noqa: S310 - checked above
        try:
            with build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read() or b"null"), answer.headers
        except HTTPError as error:
            text = f"{method} {url}: {error.code} {error.read(300).decode(errors='replace')}"
            if error.code in RETRIED:
                raise _BusyError(text, error.headers.get("Retry-After", "")) from error
            raise CommandError(text) from error
        except (URLError, TimeoutError) as error:
            raise _BusyError(f"{method} {url}: {error}") from error
        except ValueError as error:
            raise CommandError(f"{method} {url}: {error}") from error
