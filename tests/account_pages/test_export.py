"""A person fetches everything of the account in one file, and nobody else does."""

import io
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.leaving import exports
from groupware.core.models import Account, AccountExport, AuditEntry
from tests.account_pages.signing import SignIn
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db
PAGE, FILE, REMOVE = "/account/export/", "/account/export/file/", "/account/export/remove/"


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    settings.GROUPWARE_DATA = tmp_path


def make(browser: Client) -> AccountExport:
    """Ask for an export, and let it be made."""
    assert browser.post(PAGE).status_code == 302
    assert exports.work_off() == 1
    return AccountExport.objects.latest("pk")


def test_it_is_asked_for_made_fetched_and_removed(ann: Account, browser: Client) -> None:
    made = make(browser)
    assert 'class="badge good"' in browser.get(PAGE).content.decode()
    response = browser.post(FILE, {"id": str(made.pk)})
    assert response["Content-Disposition"].startswith('attachment; filename="ann@example.test-')
    assert "no-store" in response["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        names = archive.namelist()
    assert any(name.startswith("ann@example.test/mail/") for name in names)
    assert AuditEntry.objects.filter(action="account.export", actor_id=ann.pk).exists()
    assert browser.post(REMOVE, {"id": str(made.pk)}).status_code == 302
    assert browser.post(FILE, {"id": str(made.pk)}).status_code == 404
    assert list(exports.directory_of().iterdir()) == []


def test_somebody_elses_is_neither_seen_nor_fetched_nor_removed(
    ann: Account, ben: Account, browser: Client, sign_in: SignIn
) -> None:
    made = make(browser)
    other = sign_in(ben)
    assert "badge" not in other.get(PAGE).content.decode()
    for path in (FILE, REMOVE):
        assert other.post(path, {"id": str(made.pk)}).status_code == 404
    assert exports.path_of(made).exists()


def test_a_file_that_is_gone_is_told(browser: Client) -> None:
    made = make(browser)
    exports.path_of(made).unlink()
    assert browser.post(FILE, {"id": str(made.pk)}).status_code == 404


def test_too_many_are_refused(browser: Client, set_limit: SetLimit) -> None:
    set_limit(limits.EXPORTS, 1)
    make(browser)
    response = browser.post(PAGE)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
