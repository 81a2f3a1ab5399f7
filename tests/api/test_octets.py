"""The octets of a message over REST: raw, parts, pictures, and text that is fit to be shown."""

import base64
import os
from typing import Any

import pytest

from groupware.core import rights
from groupware.core.models import Account
from groupware.core.rights import find_grantee, parse_rights
from mail import contents
from mail.services.content import prepare_message
from tests.api.speaking import Api, problem
from tests.services.store import append, collection_of, mailbox

pytestmark = pytest.mark.django_db

PNG = base64.b64decode("iVBORw0KGgo=")
LARGE = os.urandom(300_000)
LETTER = b"""\
From: a@outside.test
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p onclick=3D"x()">Gr=FC=DFe <img src=3D"cid:logo@outside.test">
<img src=3D"https://track.outside.test/p.gif"><script>alert(1)</script>
--r
Content-Type: image/png; name=logo.png
Content-ID: <logo@outside.test>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--m
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename*=utf-8''B%C3%BCro%22.html

<script>alert(1)</script>
--m
Content-Type: image/svg+xml; name=x.svg
Content-ID: <svg@outside.test>

<svg onload="alert(1)"/>
--m
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

LARGE
--m--
""".replace(b"\n", b"\r\n").replace(b"LARGE", base64.encodebytes(LARGE).replace(b"\n", b"\r\n"))


def put(account: Account, data: bytes = LETTER, **fields: Any) -> str:
    appended = append(account, data=prepare_message(data), **fields)
    return f"/messages/{mailbox(account).object_id}-{appended.uid}"


def octets(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_a_message_is_downloaded_as_it_was_delivered(api: Api, ann: Account) -> None:
    url = put(ann, prefix=b"Return-Path: <a@outside.test>\r\n")
    response = api.get(f"{url}/raw")
    data = octets(response)
    assert data == b"Return-Path: <a@outside.test>\r\n" + LETTER
    assert response["Content-Type"] == "message/rfc822"
    assert response["Content-Length"] == str(len(data))
    assert response["Content-Disposition"] == 'attachment; filename="message.eml"'
    assert octets(api.get(f"{url}/raw", Accept="message/rfc822")) == data


def test_parts_are_decoded(api: Api, ann: Account) -> None:
    url = put(ann)
    assert octets(api.get(f"{url}/parts/1.2")) == PNG
    assert octets(api.get(f"{url}/parts/4")) == LARGE
    assert "Grüße" in octets(api.get(f"{url}/parts/1.1")).decode("latin-1")
    assert octets(api.get(f"{put(ann, b'x')}/parts/1")) == b"x"


@pytest.mark.parametrize("section", ["1", "5", "1.3", "1.2.1", "1.1.1.1.1"])
def test_what_is_no_part_is_not_found(api: Api, ann: Account, section: str) -> None:
    problem(api.get(f"{put(ann)}/parts/{section}"), 404, "not-found")


@pytest.mark.parametrize("section", ["0", "1.0", "a", "1.", ".1", "1..2", "-1"])
def test_what_is_no_section_leads_nowhere(api: Api, ann: Account, section: str) -> None:
    problem(api.get(f"{put(ann)}/parts/{section}"), 404, "not-found")


@pytest.mark.parametrize(
    ("section", "inline", "kind", "shown"),
    [
        ("1.2", "true", "image/png", True),
        ("1.2", "false", "application/octet-stream", False),
        ("2", "true", "application/octet-stream", False),
        ("3", "true", "application/octet-stream", False),
        ("1.1", "true", "application/octet-stream", False),
    ],
)
def test_a_browser_shows_pictures_and_nothing_that_runs(
    api: Api, ann: Account, section: str, inline: str, *, kind: str, shown: bool
) -> None:
    response = api.get(f"{put(ann)}/parts/{section}?inline={inline}", Accept="image/*")
    assert response.status_code == 200
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"].startswith("inline" if shown else "attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-cache"


def test_the_name_of_a_file_is_told_whatever_it_is(api: Api, ann: Account) -> None:
    told = api.get(f"{put(ann)}/parts/2")["Content-Disposition"]
    assert told == "attachment; filename*=utf-8''B%C3%BCro%22.html"
    hostile = b'Content-Type: application/x; name="a\\"; x=y/../b\r\n\r\nx'
    header = api.get(f"{put(ann, hostile)}/parts/1")["Content-Disposition"]
    assert "\r" not in header
    assert "\n" not in header


def test_html_is_clean_and_its_pictures_lead_to_the_parts(api: Api, ann: Account) -> None:
    url = put(ann)
    body = api.get(f"{url}/body").json()
    picture = f"/api/v1{url}/parts/1.2?inline=true"
    assert f'src="{picture}"' in body["html"]
    assert octets(api.get(picture)) == PNG
    assert "Grüße" in body["html"]
    assert "track.outside.test" not in body["html"]
    assert "alert" not in body["html"]
    assert "onclick" not in body["html"]
    assert body["blocked"] == 1
    assert body["text"] == "Grüße"
    assert body["is_cut"] is False
    remote = api.get(f"{url}/body?remote=true").json()
    assert "https://track.outside.test/p.gif" in remote["html"]
    assert remote["blocked"] == 0


def test_plain_text_is_told_as_it_is(api: Api, ann: Account) -> None:
    data = b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n<b>"
    body = api.get(f"{put(ann, data)}/body").json()
    assert body == {"html": None, "text": "Grüße\r\n<b>", "blocked": 0, "is_cut": False}


def test_a_message_without_text_has_none(api: Api, ann: Account) -> None:
    url = put(ann, b"Content-Type: image/png\r\n\r\nx")
    body = api.get(f"{url}/body").json()
    assert (body["html"], body["text"]) == (None, "")


def test_of_a_long_text_the_beginning_is_told(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MAX_TEXT", 10)
    url = put(ann, b"A: b\r\n\r\n" + b"x" * 11)
    body = api.get(f"{url}/body").json()
    assert (body["text"], body["is_cut"]) == ("x" * 10, True)
    url = put(ann, b"A: b\r\n\r\n" + b"x" * 10)
    body = api.get(f"{url}/body").json()
    assert (body["text"], body["is_cut"]) == ("x" * 10, False)


@pytest.mark.parametrize("what", ["raw", "body", "parts/1.2"])
def test_reading_needs_the_right_to_read(bens: Api, ann: Account, ben: Account, what: str) -> None:
    url = f"{put(ann)}/{what}"
    problem(bens.get(url), 404, "not-found")
    grantee = find_grantee(ben.login)
    rights.grant(ann, collection_of(ann), grantee, parse_rights("l"))
    problem(bens.get(url), 403, "not-allowed")
    rights.grant(ann, collection_of(ann), grantee, parse_rights("lr"))
    assert bens.get(url).status_code == 200
