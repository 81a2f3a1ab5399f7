"""A program that gets tokens with Authlib, and the browser of the person whom it asks.

Runs in an environment of its own: reads what to do as JSON, one line for each step, and answers so.
It finds every address in the server's own document (RFC 8414), as a program does that is told a
server's name alone.
"""

import json
import re
import sys
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests
from authlib.integrations.requests_client import OAuth2Session

TIMEOUT = 60


class Form(HTMLParser):
    """The first form of a page: where it goes, and what its hidden fields hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.forms = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form, and each field that holds something."""
        named = {name: value or "" for name, value in attrs}
        self.forms += tag == "form"
        if self.forms > 1:
            return
        if tag == "form":
            self.action = named.get("action", "")
        elif tag == "input" and named.get("name"):
            self.fields[named["name"]] = named.get("value", "")


class Browser:
    """Somebody's browser: it keeps cookies, follows the server, and stops where an answer goes."""

    def __init__(self, trusted: str) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # a bundle named there would be trusted in place of ours
        self.session.verify = trusted

    def allow(self, address: str, login: str, password: str) -> tuple[str, str]:
        """Sign in, read who asks, and allow it; return the page and where its answer is sent."""
        page = self.session.get(address, timeout=TIMEOUT)
        page = self._send(page, {"login": login, "password": password})
        assert "/oauth/authorize/" in page.url, (page.url, page.text)
        sent = self._send(page, {"allow": "True"}, follow=False)
        assert sent.status_code == 302, sent.text
        return page.text, sent.headers["Location"]

    def _send(self, page: requests.Response, said: dict[str, str], *, follow: bool = True) -> requests.Response:  # fmt: skip
        assert page.status_code == 200, page.text
        form = Form(page.text)
        return self.session.post(
            urljoin(page.url, form.action),
            data={**form.fields, **said},
            headers={"Referer": page.url, "Origin": re.match("https://[^/]+", page.url)[0]},  # type: ignore[index]
            allow_redirects=follow,
            timeout=TIMEOUT,
        )


def main() -> None:
    """Do the steps that come."""
    told = json.loads(sys.stdin.readline())
    trusted = told["trusted"]
    document = f"{told['server']}/.well-known/oauth-authorization-server"
    metadata = requests.get(document, verify=trusted, timeout=TIMEOUT).json()
    assert metadata["issuer"] == told["server"]
    program = OAuth2Session(
        told["client_id"],
        scope=told["scope"],
        redirect_uri=told["redirect_uri"],
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
        revocation_endpoint_auth_method="none",
    )
    program.trust_env = False
    program.verify = trusted
    steps = Steps(program, metadata, told)
    for line in sys.stdin:
        step = json.loads(line)
        answer = getattr(steps, step["do"])(**step.get("with", {}))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class Steps:
    """What the program does when it is told to."""

    def __init__(self, program: Any, metadata: dict[str, Any], told: dict[str, Any]) -> None:
        self.program = program
        self.metadata = metadata
        self.told = told

    def sign_in(self) -> dict[str, Any]:
        """Get tokens by way of the person's browser."""
        verifier = "program-" + "x" * 43
        address, state = self.program.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=verifier
        )
        browser = Browser(self.told["trusted"])
        page, location = browser.allow(address, self.told["login"], self.told["password"])
        token = self.program.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=location,
            code_verifier=verifier,
            state=state,
        )
        return {"page": page, "token": dict(token)}

    def renew(self) -> dict[str, Any]:
        """Get new tokens for the refresh token."""
        return dict(self.program.refresh_token(self.metadata["token_endpoint"]))

    def revoke(self) -> int:
        """Take the access token back."""
        token = self.program.token["access_token"]
        response = self.program.revoke_token(
            self.metadata["revocation_endpoint"], token=token, token_type_hint="access_token"
        )
        return int(response.status_code)

    def ask(self, method: str, path: str) -> list[Any]:
        """Ask the server something with the token; return the status and what was said."""
        response = self.program.request(
            method, self.told["server"] + path, headers={"Depth": "0"}, timeout=TIMEOUT
        )
        return [response.status_code, response.headers.get("WWW-Authenticate", ""), response.text]


if __name__ == "__main__":
    main()
