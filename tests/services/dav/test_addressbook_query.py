"""CARDDAV:addressbook-query (RFC 6352 §8.6): filters, limits, and what is refused."""

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.dav.names import carddav, dav
from groupware.dav.reports.card_filters import MAX_CONDITIONS
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, put
from tests.services.dav.client import Answer, DavClient

pytestmark = pytest.mark.django_db


class Asking:
    """A client with a few cards."""

    def __init__(self, account: Account, client: DavClient) -> None:
        self.path = f"/{account.pk}/contacts/"
        self.client = client
        self.account = account
        book = book_of(account)
        put(account, book, "Ann Smith", "EMAIL;TYPE=work:ann@example.test", "NICKNAME:Ännchen")
        put(account, book, "Ben Jones", "TEL;TYPE=home:123", "EMAIL;TYPE=home:ben@other.test")
        put(account, book, "Cat Smith", "NOTE:none")

    def ask(self, inner: str, *, path: str = "", test: str = "anyof", **headers: str) -> Answer:
        filtered = f"<CR:filter test='{test}'>{inner}</CR:filter>"
        return self.raw(filtered, path=path, **headers)

    def raw(self, inner: str, *, path: str = "", **headers: str) -> Answer:
        prop = "<D:prop><D:getetag/></D:prop>"
        headers.setdefault("Depth", "1")
        return self.client.report(
            path or self.path, "CR:addressbook-query", prop + inner, **headers
        )

    def names(self, inner: str, *, test: str = "anyof") -> set[str]:
        """Return the names of the cards that are found."""
        paths = self.ask(inner, test=test).responses()
        return {path.removeprefix(self.path).removesuffix(".vcf") for path in paths}


@pytest.fixture
def asking(ann: Account, anns: DavClient) -> Asking:
    return Asking(ann, anns)


ANN, BEN, CAT = "Ann Smith", "Ben Jones", "Cat Smith"


@pytest.mark.parametrize(
    ("inner", "test", "found"),
    [
        ("", "anyof", {ANN, BEN, CAT}),
        ("<CR:prop-filter name='EMAIL'/>", "anyof", {ANN, BEN}),
        ("<CR:prop-filter name='tel'/>", "anyof", {BEN}),
        ("<CR:prop-filter name='EMAIL'><CR:is-not-defined/></CR:prop-filter>", "anyof", {CAT}),
        (
            "<CR:prop-filter name='FN'><CR:text-match>smith</CR:text-match></CR:prop-filter>",
            "anyof",
            {ANN, CAT},
        ),
        (
            (
                "<CR:prop-filter name='FN'><CR:text-match>smith</CR:text-match></CR:prop-filter>"
                "<CR:prop-filter name='EMAIL'/>"
            ),
            "allof",
            {ANN},
        ),
        (
            (
                "<CR:prop-filter name='FN'><CR:text-match match-type='starts-with'>ben"
                "</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            {BEN},
        ),
        (
            (
                "<CR:prop-filter name='FN'><CR:text-match match-type='ends-with'>smith"
                "</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            {ANN, CAT},
        ),
        (
            (
                "<CR:prop-filter name='FN'><CR:text-match match-type='equals' collation='i;octet'>"
                "ben jones</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            set(),
        ),
        (
            (
                "<CR:prop-filter name='FN'><CR:text-match negate-condition='yes'>smith"
                "</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            {BEN},
        ),
        (
            (
                "<CR:prop-filter name='NICKNAME'><CR:text-match>\u00e4NNCHEN</CR:text-match>"
                "</CR:prop-filter>"
            ),
            "anyof",
            {ANN},
        ),
        (
            (
                "<CR:prop-filter name='NICKNAME'><CR:text-match collation='i;ascii-casemap'>"
                "\u00e4nn</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            set(),
        ),
        (
            (
                "<CR:prop-filter name='EMAIL'><CR:param-filter name='type'><CR:text-match>home"
                "</CR:text-match></CR:param-filter></CR:prop-filter>"
            ),
            "anyof",
            {BEN},
        ),
        (
            (
                "<CR:prop-filter name='EMAIL'><CR:param-filter name='PREF'><CR:is-not-defined/>"
                "</CR:param-filter></CR:prop-filter>"
            ),
            "anyof",
            {ANN, BEN},
        ),
        (
            (
                "<CR:prop-filter name='EMAIL' test='allof'><CR:text-match>test</CR:text-match>"
                "<CR:text-match>ann</CR:text-match></CR:prop-filter>"
            ),
            "anyof",
            {ANN},
        ),
    ],
)
def test_filters_find_what_they_say(asking: Asking, inner: str, test: str, found: set[str]) -> None:
    assert asking.names(inner, test=test) == found


def test_the_query_reaches_members_at_depth_one_and_not_at_zero(asking: Asking) -> None:
    assert len(asking.ask("", Depth="1").responses()) == 3
    assert len(asking.ask("", Depth="infinity").responses()) == 3
    assert asking.ask("", Depth="0").responses() == {}
    whole = asking.client.report(asking.path, "CR:addressbook-query", "<CR:filter/>")
    assert len(whole.responses()) == 3


def test_a_card_itself_is_found_or_not(asking: Asking) -> None:
    path = f"{asking.path}{ANN}.vcf"
    mail = "<CR:prop-filter name='EMAIL'/>"
    assert list(asking.ask(mail, path=path, Depth="0").responses()) == [path]
    assert asking.ask("<CR:prop-filter name='TEL'/>", path=path, Depth="0").responses() == {}


def test_no_more_is_told_than_was_asked_for(asking: Asking, set_limit: SetLimit) -> None:
    limit = "<CR:filter/><CR:limit><CR:nresults>2</CR:nresults></CR:limit>"
    answer = asking.raw(limit)
    found = answer.responses()
    assert len(found) == 3
    assert " 507 " in (found[asking.path].findtext(dav("status")) or "")
    assert b"<D:number-of-matches-within-limits/>" in answer.body
    assert len(asking.raw(limit.replace("2", "3")).responses()) == 3
    set_limit(limits.DAV_RESULTS, 1)
    assert len(asking.raw("<CR:filter/>").responses()) == 2
    set_limit(limits.DAV_RESULTS, 10)
    set_limit(limits.DAV_ANSWER, 10_000)
    book = book_of(asking.account)
    put(asking.account, book, "Dan", f"NOTE:{'x' * 10_000}")
    put(asking.account, book, "Eve")
    answer = asking.client.report(
        asking.path,
        "CR:addressbook-query",
        "<D:prop><CR:address-data/></D:prop><CR:filter/>",
        Depth="1",
    )
    assert asking.path in answer.responses()
    assert len(answer.responses()) == 5


@pytest.mark.parametrize(
    "inner",
    [
        "<CR:prop-filter/>",
        "<CR:prop-filter name='FN' test='some'/>",
        "<CR:prop-filter name='FN'><CR:time-range/></CR:prop-filter>",
        "<CR:prop-filter name='FN'><CR:is-not-defined/><CR:text-match>x</CR:text-match></CR:prop-filter>",
        "<CR:prop-filter name='FN'><CR:text-match match-type='near'>x</CR:text-match></CR:prop-filter>",
        (
            "<CR:prop-filter name='FN'><CR:param-filter name='X'><CR:text-match>x</CR:text-match>"
            "<CR:text-match>y</CR:text-match></CR:param-filter></CR:prop-filter>"
        ),
        "<CR:comp-filter name='VCARD'/>",
        "<CR:prop-filter name='FN'/>" * MAX_CONDITIONS,
    ],
)
def test_a_filter_that_is_none_is_refused(asking: Asking, inner: str) -> None:
    answer = asking.ask(inner)
    assert (answer.status, answer.condition()) == (403, carddav("supported-filter"))


def test_a_collation_that_is_not_known_is_refused(asking: Asking) -> None:
    inner = (
        "<CR:prop-filter name='FN'><CR:text-match collation='{}'>x</CR:text-match></CR:prop-filter>"
    )
    answer = asking.ask(inner.format("i;nothing"))
    assert (answer.status, answer.condition()) == (403, carddav("supported-collation"))
    for known in ("i;ascii-casemap", "i;octet", "i;unicode-casemap", "default"):
        assert asking.ask(inner.format(known)).status == 207


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<CR:filter/><CR:limit/>",
        (
            "<CR:filter><CR:prop-filter name='FN'><CR:text-match negate-condition='maybe'>x"
            "</CR:text-match></CR:prop-filter></CR:filter>"
        ),
    ],
)
def test_a_query_that_cannot_be_read_is_refused(asking: Asking, inner: str) -> None:
    assert asking.raw(inner).status == 400
