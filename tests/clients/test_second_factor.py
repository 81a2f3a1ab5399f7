"""No protocol goes around the second factor: each against the running server, by its own client."""

import base64
import imaplib
import poplib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyotp
import pytest
import requests

from groupware.core import limits
from groupware.core.clock import epoch
from tests.clients.people import PASSWORD, create_people
from tests.serve.running import Running, serving

ADDRESS = "careful@example.test"
ROLES = ("web", "imap", "pop3", "smtp")


@dataclass(frozen=True)
class Careful:
    """A person with a second factor, and a server that she signs in to."""

    server: Running
    tls: ssl.SSLContext
    secret: str
    recovery_code: str
    app_password: str

    def url(self, path: str) -> str:
        return f"https://localhost:{self.server.ports['HTTPS']}{path}"


@pytest.fixture(scope="module")
def careful(
    tmp_path_factory: pytest.TempPathFactory, module_database_url: str
) -> Iterator[Careful]:
    """Set up a second factor with a browser, as people do, and an app password."""
    data = tmp_path_factory.mktemp("careful") / "data"
    variables = {
        "GROUPWARE_DATABASE_URL": module_database_url,
        "GROUPWARE_LOG_LEVEL": "WARNING",
        # Whatever fails here fails for the second factor, not for all that failed before.
        f"GROUPWARE_{limits.FREE_FAILURES.name}": "1000",
    }
    with serving(data, *ROLES, **variables) as server:
        create_people(server, [ADDRESS], GROUPWARE_DATABASE_URL=module_database_url)
        with requests.Session() as browser:
            browser.trust_env = False  # it would name other authorities
            browser.verify = str(server.trusted)
            yield set_up(server, browser)
    assert "Traceback" not in server.output.read_text()


def set_up(server: Running, browser: requests.Session) -> Careful:
    root = f"https://localhost:{server.ports['HTTPS']}/account"

    def act(path: str, **fields: str) -> str:
        fields["csrfmiddlewaretoken"] = browser.cookies.get("csrftoken") or ""
        answer = browser.post(f"{root}/{path}/", fields, headers={"Referer": root}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    browser.get(f"{root}/login/", timeout=30)
    act("login", login=ADDRESS, password=PASSWORD)
    page = act("security/begin-second-factor")
    secret = found(r"<code>([A-Z2-7 ]{39})</code>", page).replace(" ", "")
    page = act("security/confirm-second-factor", code=pyotp.TOTP(secret).at(epoch()))
    recovery_code = found(r"<code>((?:[a-z0-9]{4}-){3}[a-z0-9]{4})</code>", page)
    scopes = ["imap", "pop3", "smtp", "dav", "api"]
    page = act("security/create-app-password", label="All", scopes=scopes)  # type: ignore[arg-type]
    app_password = found(r"<code class=\"secret\">([0-9a-f]{8}-[0-9a-f]{32})</code>", page)
    tls = ssl.create_default_context(cafile=str(server.trusted))
    return Careful(server, tls, secret, recovery_code, app_password)


def found(pattern: str, page: str) -> str:
    return str(re.findall(pattern, page)[0])


def imap_login(careful: Careful, password: str) -> bool:
    with imaplib.IMAP4_SSL(
        "localhost", careful.server.ports["IMAPS"], ssl_context=careful.tls
    ) as it:
        try:
            it.login(ADDRESS, password)
        except imaplib.IMAP4.error:
            return False
        return True


def imap_plain(careful: Careful, password: str) -> bool:
    with imaplib.IMAP4_SSL(
        "localhost", careful.server.ports["IMAPS"], ssl_context=careful.tls
    ) as it:
        try:
            it.authenticate("PLAIN", lambda _: f"\0{ADDRESS}\0{password}".encode())
        except imaplib.IMAP4.error:
            return False
        return True


def pop3_pass(careful: Careful, password: str) -> bool:
    it = poplib.POP3_SSL(
        "localhost", careful.server.ports["POP3S"], context=careful.tls, timeout=30
    )
    try:
        it.user(ADDRESS)
        it.pass_(password)
    except poplib.error_proto:
        return False
    finally:
        it.quit()
    return True


def pop3_plain(careful: Careful, password: str) -> bool:
    it = poplib.POP3_SSL(
        "localhost", careful.server.ports["POP3S"], context=careful.tls, timeout=30
    )
    plain = base64.b64encode(f"\0{ADDRESS}\0{password}".encode()).decode()
    try:
        it._shortcmd(f"AUTH PLAIN {plain}")  # type: ignore[attr-defined]
    except poplib.error_proto:
        return False
    finally:
        it.quit()
    return True


def smtp_auth(mechanism: str) -> Callable[[Careful, str], bool]:
    def open_session(careful: Careful, password: str) -> bool:
        port = careful.server.ports["SUBMISSIONS"]
        with smtplib.SMTP_SSL("localhost", port, context=careful.tls, timeout=30) as it:
            it.ehlo()
            it.user, it.password = ADDRESS, password
            method = it.auth_plain if mechanism == "PLAIN" else it.auth_login
            try:
                it.auth(mechanism, method)
            except smtplib.SMTPAuthenticationError:
                return False
            return True

    return open_session


def http_basic(method: str, path: str) -> Callable[[Careful, str], bool]:
    def open_session(careful: Careful, password: str) -> bool:
        auth, verify = (ADDRESS, password), str(careful.server.trusted)
        headers = {"Depth": "0"} if method == "PROPFIND" else {}
        with requests.Session() as program:
            program.trust_env = False
            program.verify, program.auth = verify, auth
            answer = program.request(method, careful.url(path), headers=headers, timeout=30)
        assert answer.status_code in {200, 207, 401}, answer.text
        return answer.status_code != 401

    return open_session


WAYS: dict[str, Callable[[Careful, str], bool]] = {
    "IMAP LOGIN": imap_login,
    "IMAP AUTHENTICATE PLAIN": imap_plain,
    "POP3 PASS": pop3_pass,
    "POP3 AUTH PLAIN": pop3_plain,
    "SMTP AUTH PLAIN": smtp_auth("PLAIN"),
    "SMTP AUTH LOGIN": smtp_auth("LOGIN"),
    "DAV": http_basic("PROPFIND", "/dav/"),
    "REST": http_basic("GET", "/api/v1/mailboxes"),
}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_password_opens_nothing_with_or_without_a_code(careful: Careful, way: str) -> None:
    open_session = WAYS[way]
    code = pyotp.TOTP(careful.secret).at(epoch() + 30)
    for password in (PASSWORD, f"{PASSWORD}{code}", code, careful.recovery_code):
        assert not open_session(careful, password)
    assert open_session(careful, careful.app_password)


def test_no_way_was_left_out(careful: Careful) -> None:
    """Every mechanism that takes a password and is offered is one of those that were tried."""
    with imaplib.IMAP4_SSL(
        "localhost", careful.server.ports["IMAPS"], ssl_context=careful.tls
    ) as imap:
        offered = {f"IMAP {name}" for name in imap.capabilities if name.startswith("AUTH=")}
    pop3 = poplib.POP3_SSL(
        "localhost", careful.server.ports["POP3S"], context=careful.tls, timeout=30
    )
    offered |= {f"POP3 {name}" for name in pop3.capa()["SASL"]}
    pop3.quit()
    port = careful.server.ports["SUBMISSIONS"]
    with smtplib.SMTP_SSL("localhost", port, context=careful.tls, timeout=30) as client:
        client.ehlo()
        offered |= {f"SMTP {name}" for name in client.esmtp_features["auth"].split()}
    tokens = ("OAUTHBEARER", "XOAUTH2")
    assert {name for name in offered if not name.endswith(tokens)} == {
        "IMAP AUTH=PLAIN", "POP3 PLAIN", "SMTP PLAIN", "SMTP LOGIN",
    }  # fmt: skip
