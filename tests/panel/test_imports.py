"""Accounts by a file: shown, confirmed, worked off, and the passwords loaded once."""

import csv
import io
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from groupware.core import auth, directory, limits
from groupware.core.administration import csvfiles
from groupware.core.models import Account, AccountImport, AuditEntry
from tests.conftest import SetLimit
from tests.panel.people import People, browser_of
from tests.services.leaving.conftest import cheap_hashes

__all__ = ["cheap_hashes"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data", "cheap_hashes")]

FILE = (
    "indirizzo;nome;alias;password;reparto\r\n"
    "ann@example.test;<b>Anna</b>;;;x\r\n"
    "new@example.test;Nuovo;n@example.test;;x\r\n"
    "own@example.test;;;parola segretissima;x\r\n"
    "eve@other.test;;;;x\r\n"
)


def upload(client: Client, text: str | bytes = FILE, **more: str) -> Any:
    octets = text.encode() if isinstance(text, str) else text
    sent = {"file": SimpleUploadedFile("people.csv", octets), **more}
    return client.post("/admin/imports/", sent)


def shown(client: Client, path: str) -> str:
    return unescape(client.get(path).content.decode())


def table_of(response: Any, delimiter: str = ",") -> list[list[str]]:
    assert "attachment" in response.headers["Content-Disposition"]
    assert "no-store" in response.headers["Cache-Control"]
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_a_file_is_shown_then_done_and_the_passwords_are_loaded_once(people: People) -> None:
    client = browser_of(people.admin)
    page = upload(client).headers["Location"]
    told = client.get(page).content.decode()
    assert "&lt;b&gt;Anna&lt;/b&gt;" in told
    assert "n@example.test" in told
    assert "no domain other.test that you administer" in told
    assert "reparto" in told
    assert "segretissima" not in told
    assert not Account.objects.filter(login="new@example.test").exists()

    assert client.post(page, {"action": "confirm"}).headers["Location"] == page
    assert "0 of 3" in shown(client, page)
    assert csvfiles.work_off() == 3
    told = shown(client, page)
    assert "3 accounts were worked at." in told
    assert "Load the passwords" in told
    answer = client.post(page, {"action": "passwords"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, row = table_of(answer)
    assert head == ["address", "name", "password"]
    assert row[:2] == ["new@example.test", "Nuovo"]
    proven = auth.authenticate(row[0], row[2], protocol="imap", network="::1")
    assert proven.login == "new@example.test"
    assert "Load the passwords" not in shown(client, page)
    assert row[2] not in client.post(page, {"action": "passwords"}).content.decode()


def test_the_page_is_in_italian_for_who_reads_it(people: People) -> None:
    client = browser_of(people.admin)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "it"
    told = shown(client, upload(client).headers["Location"])
    assert "Che cosa cambierebbe" in told
    assert "Importa questi account" in told
    head = table_of(client.get("/admin/accounts.csv"), ";")[0]
    assert head == ["indirizzo", "nome", "tipo", "quota", "attivo", "alias", "gruppi"]


def test_links_are_loaded_where_people_are_invited(people: People) -> None:
    client = browser_of(people.admin)
    page = upload(client, "address\nnew@example.test\n", invites="on").headers["Location"]
    client.post(page, {"action": "confirm"})
    csvfiles.work_off()
    _, (_, _, url) = table_of(client.post(page, {"action": "passwords"}))
    assert Client().get(url).status_code == 200


def test_a_preview_that_would_lie_is_refused_and_says_so(people: People) -> None:
    client = browser_of(people.admin)
    page = upload(client).headers["Location"]
    directory.rename_account(people.ann.login, people.ann.login, name="Another")
    client.post(page, {"action": "confirm"})
    assert "Somebody changed what is in the file after this preview" in shown(client, page)
    assert csvfiles.work_off() == 0


@pytest.mark.parametrize("action", ["confirm", "passwords", "drop"])
def test_what_is_done_wants_a_fresh_sign_in(people: People, action: str) -> None:
    page = upload(browser_of(people.admin)).headers["Location"]
    before = AuditEntry.objects.count()
    answer = browser_of(people.admin, is_fresh=False).post(page, {"action": action})
    assert answer.headers["Location"].startswith("/account/login/?next=")
    assert AuditEntry.objects.count() == before


def test_an_import_is_forgotten(people: People) -> None:
    client = browser_of(people.admin)
    page = upload(client).headers["Location"]
    assert client.post(page, {"action": "drop"}).headers["Location"] == "/admin/imports/"
    assert not AccountImport.objects.exists()
    assert client.get(page).status_code == 404


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no column"),
        (b"name\nAnn\n", "no column"),
        (b"address\n", "names nobody"),
        (b"address\n\x81", "no text"),
        (b"address\n" + b"x" * 100, "more than 50 octets"),
    ],
)
def test_what_is_no_file_of_accounts_is_said_beside_the_form(
    people: People, set_limit: SetLimit, text: bytes, reason: str
) -> None:
    set_limit(limits.ACCOUNT_FILE_SIZE, 50)
    answer = upload(browser_of(people.admin), text)
    assert answer.status_code == 422
    assert reason in unescape(answer.content.decode())
    assert browser_of(people.admin).post("/admin/imports/", {}).status_code == 422


def test_many_rows_are_shown_by_pages_and_by_outcome(people: People) -> None:
    client = browser_of(people.admin)
    rows = "".join(f"p{n}@example.test\n" for n in range(150))
    page = upload(client, f"address\n{rows}wrong\n").headers["Location"]
    told = shown(client, page)
    assert "p99@example.test" in told
    assert "p100@example.test" not in told
    assert "p149@example.test" in shown(client, f"{page}?start=100")
    faults = shown(client, f"{page}?only=fault")
    assert "is not an address" in faults
    assert "p1@example.test" not in faults


def test_what_is_exported_imports_back_without_a_change(people: People) -> None:
    client = browser_of(people.admin)
    answer = client.get("/admin/accounts.csv")
    assert len(table_of(answer)) == Account.objects.filter(domain=people.domain).count() + 1
    page = upload(client, answer.content).headers["Location"]
    assert "There is nothing to be done" in shown(client, page)
    assert '"/admin/accounts.csv"' in shown(client, "/admin/accounts/")
