"""A domain's keys by its page: the key is generated while nobody waits for the lock of writers."""

import pytest

from groupware.core import db
from mail.authentication import keys
from mail.services import signing
from tests.panel.people import People, browser_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_data")]


def test_a_key_is_generated_before_the_transaction_that_gives_it_to_the_domain(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate, free = keys.generate, []

    def noted(algorithm: str) -> keys.PrivateKey:
        free.append(db.is_free())
        return generate(algorithm)

    monkeypatch.setattr(keys, "generate", noted)
    domain = people.ann.domain
    page = f"/admin/domains/{domain.pk}/create-key/"
    browser = browser_of(people.admin)
    assert browser.post(page, {"algorithm": keys.RSA}).status_code == 302
    assert free == [True]
    [held] = signing.list_keys(domain.name)
    assert (held.algorithm, held.state) == (keys.RSA, "active")
    assert browser.post(page, {"algorithm": "dsa"}).status_code == 422
    assert free == [True]
