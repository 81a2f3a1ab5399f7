"""The spam filter: what is told to it, what follows from its word, and what it is taught."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from pytest_django.fixtures import Settings as Configured
from structlog.testing import capture_logs

from groupware.core import limits, outbox
from groupware.core.clock import epoch, monotonic
from groupware.core.models import Account, OutboxRow
from mail.models import Message
from mail.services import spam, training
from mail.services.content import prepare_message
from mail.services.copying import copy_messages, move_messages
from mail.services.spam import Away, Origin, SpamVerdict
from tests.conftest import SetLimit
from tests.mailflow.rspamd import MARKED, REJECTED, Rspamd, running_rspamd
from tests.services.damage import find
from tests.services.store import append, mailbox, message
from tests.services.web import Web, serving

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = Origin(
    peer="192.0.2.1",
    helo="mx.sender.example",
    mail_from="ann@sender.example",
    recipients=("ben@example.test", "jörg@example.test"),
    queue_id="s1",
)
LETTER = (
    b"From: a@b.example\r\nTo: ben@example.test\r\nSubject: watches\r\nMessage-ID: <w@b.example>\r\n"
    b"Date: Mon, 21 Sep 2026 10:00:00 +0000\r\n\r\n"
    b"Buy our cheap watches now, replica quality of the best brands, order today and save\r\n"
)


@pytest.fixture(scope="session")
def filter_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rspamd]:
    with running_rspamd(tmp_path_factory.mktemp("rspamd")) as running:
        yield running


@pytest.fixture
def rspamd(filter_process: Rspamd, settings: Configured) -> Rspamd:
    settings.GROUPWARE_RSPAMD_URL = filter_process.url
    return filter_process


@pytest.fixture
def web(settings: Configured) -> Iterator[Web]:
    """Return a server that takes rspamd's place, to be told what to answer."""
    with serving() as found:
        settings.GROUPWARE_RSPAMD_URL = found.url.replace("://", "://:secret%20word@")
        yield found


def answering(web: Web, status: int, body: bytes, path: str = "/checkv2") -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    web.pages[path] = answer


def action(web: Web, name: str) -> None:
    answering(web, 200, json.dumps({"action": name, "score": 7, "required_score": 15}).encode())


def gtube(pattern: bytes) -> bytes:
    return b"From: a@b.example\r\nSubject: x\r\n\r\n" + pattern + b"\r\n"


def test_what_every_filter_takes_for_spam_is_refused_or_marked(rspamd: Rspamd) -> None:
    assert spam.check(message(), ORIGIN) == SpamVerdict(
        header=b"X-Spam: No\r\nX-Spam-Status: No, score=0.00 required=15.00\r\n"
    )
    refused = spam.check(gtube(REJECTED), ORIGIN)
    assert (refused.reject, refused.is_junk, refused.defer) == (True, True, False)
    marked = spam.check(gtube(MARKED), ORIGIN)
    assert (marked.reject, marked.is_junk, marked.defer) == (False, True, False)
    assert marked.header.startswith(b"X-Spam: Yes\r\nX-Spam-Status: Yes, score=")


def test_what_is_taught_twice_is_known_and_can_be_taught_otherwise(rspamd: Rspamd) -> None:
    before = rspamd.learned("spam"), rspamd.learned("ham")
    letter = LETTER.replace(b"<w@", b"<taught@").replace(b"watches", b"carpets")
    spam.learn(letter, is_spam=True)
    spam.learn(letter, is_spam=True)
    spam.learn(letter, is_spam=False)
    assert (rspamd.learned("spam"), rspamd.learned("ham")) == (before[0] + 1, before[1] + 1)


def test_a_wrong_password_is_told(rspamd: Rspamd, settings: Configured) -> None:
    settings.GROUPWARE_RSPAMD_URL = rspamd.url.replace("teach", "tell")
    with pytest.raises(Away, match="refuses the password"):
        spam.learn(LETTER, is_spam=True)
    assert spam.check(LETTER, ORIGIN) == SpamVerdict()


def test_the_transaction_is_told_in_headers_that_nothing_leaves(web: Web) -> None:
    action(web, "no action")
    spam.check(LETTER, Origin(helo="a\r\nEvil: yes", mail_from="x" * 5_000, recipients=("one@x",)))
    spam.check(LETTER, ORIGIN)
    spam.check(LETTER, Origin(recipients=("jörg@example.test",)))
    [first, second, third] = [headers for _, headers in web.asked]
    assert third["Rcpt"].encode("latin-1").decode() == "jörg@example.test"
    assert "Evil" not in first
    assert first["Helo"] == "aEvil: yes"
    assert (first["Deliver-To"], len(first["From"])) == ("one@x", 1_000)
    assert (second["IP"], second["Helo"], second["Queue-Id"], second["Password"]) == (
        "192.0.2.1",
        "mx.sender.example",
        "s1",
        "secret word",
    )
    assert second["Rcpt"] == "ben@example.test", "the first of them"
    assert "Deliver-To" not in second


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no action", (False, False, False)),
        ("add header", (True, False, False)),
        ("rewrite subject", (True, False, False)),
        ("reject", (True, True, False)),
        ("soft reject", (False, False, True)),
        ("greylist", (False, False, False)),
        ("something new", (False, False, False)),
    ],
)
def test_each_action_has_its_consequence(
    web: Web, name: str, expected: tuple[bool, bool, bool]
) -> None:
    action(web, name)
    verdict = spam.check(LETTER, ORIGIN)
    assert (verdict.is_junk, verdict.reject, verdict.defer) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"not json"),
        (200, b"[]"),
        (200, b"[" * 100_000),
        (200, b'{"action": "reject"}'),
        (200, b'{"action": "reject", "score": "high"}'),
        (500, b'{"error": "no"}'),
        (200, b'{"action": "reject", "score": 1, "x": "' + b"x" * (2 << 20) + b'"}'),
    ],
)
def test_an_answer_that_is_none_leaves_mail_unchecked(web: Web, status: int, body: bytes) -> None:
    answering(web, status, body)
    assert spam.check(LETTER, ORIGIN) == SpamVerdict()
    answering(web, status, body, "/learnspam")


def test_a_filter_that_is_away_or_silent_leaves_mail_unchecked_in_time(
    web: Web, settings: Configured, set_limit: SetLimit
) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while monotonic() < deadline:
            handler.wfile.write(b" ")
            handler.wfile.flush()

    set_limit(limits.RSPAMD_TIMEOUT, 0.3)
    web.pages["/checkv2"] = trickle
    began = monotonic()
    deadline = began + 5
    assert spam.check(LETTER, ORIGIN) == SpamVerdict()
    assert monotonic() - began < 3
    deadline = 0.0
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    assert spam.check(LETTER, ORIGIN) == SpamVerdict()
    settings.GROUPWARE_RSPAMD_URL = ""
    assert spam.check(LETTER, ORIGIN) == SpamVerdict()


def test_what_another_filter_wrote_is_removed_where_there_is_one_of_ours(
    settings: Configured,
) -> None:
    data = b"X-Spam: No\r\nX-SPAM-flag: NO\r\n (of a friend)\r\nX-Spamd-Result: x\r\n" + LETTER
    assert spam.remove_foreign(data) is data
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    assert spam.remove_foreign(data) == LETTER
    assert spam.remove_foreign(LETTER) is LETTER


Transfer = Callable[..., object]


def transfer(
    how: Transfer, ann: Account, source: str, target: str, ben: Account | None = None
) -> None:
    to = ben or ann
    how(
        ann.pk,
        mailbox(ann, source).collection_id,
        [(1, 10)],
        to.pk,
        mailbox(to, target).collection_id,
    )


def taught() -> list[tuple[bool, int]]:
    """Return what is to be taught, spam or not and how many messages, and take it away."""
    rows = list(OutboxRow.objects.filter(topic=training.LEARN).order_by("pk"))
    OutboxRow.objects.filter(topic=training.LEARN).delete()
    return [(row.payload["spam"], len(row.payload["blobs"])) for row in rows]


@pytest.mark.parametrize("how", [move_messages, copy_messages])
@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("INBOX", "Junk", [(True, 1)]),
        ("Trash", "Junk", [(True, 1)]),
        ("Junk", "INBOX", [(False, 1)]),
        ("Junk", "Archive", [(False, 1)]),
        ("Junk", "Trash", []),
        ("INBOX", "Trash", []),
        ("INBOX", "Archive", []),
        ("Junk", "Junk", []),
    ],
)
def test_moving_into_junk_and_out_of_it_teaches(
    ann: Account,
    settings: Configured,
    how: Transfer,
    source: str,
    target: str,
    expected: list[tuple[bool, int]],
) -> None:
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    append(ann, name=source)
    transfer(how, ann, source, target)
    assert taught() == expected


def test_across_accounts_too_and_never_without_a_filter(
    ann: Account, ben: Account, settings: Configured
) -> None:
    append(ann)
    transfer(copy_messages, ann, "INBOX", "Junk", ben)
    assert taught() == []
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    transfer(copy_messages, ann, "INBOX", "Junk", ben)
    transfer(move_messages, ann, "INBOX", "Junk", ben)
    assert taught() == [(True, 1), (True, 1)]


def test_a_move_that_is_undone_teaches_nothing(
    ann: Account, settings: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    append(ann)
    monkeypatch.setattr("mail.services.copying.remove_messages", None)
    with pytest.raises(TypeError):
        transfer(move_messages, ann, "INBOX", "Junk")
    assert taught() == []


def test_the_worker_teaches_and_a_filter_that_is_away_is_asked_again(
    ann: Account, rspamd: Rspamd, settings: Configured
) -> None:
    before = rspamd.learned("spam")
    append(ann, data=prepare_message(LETTER))
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    transfer(move_messages, ann, "INBOX", "Junk")
    assert outbox.sweep() == 0
    assert OutboxRow.objects.get(topic=training.LEARN).attempts == 1
    settings.GROUPWARE_RSPAMD_URL = rspamd.url
    assert outbox.sweep(now=10**10) == 1
    assert rspamd.learned("spam") == before + 1


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, b"<h1>Who?</h1>", "password in GROUPWARE_RSPAMD_URL"),
        (403, b"{}", "password in GROUPWARE_RSPAMD_URL"),
        (404, b"not found", "does not answer"),
        (429, b"{}", "HTTP 429"),
        (503, b"{}", "HTTP 503"),
    ],
)
def test_filter_that_refuses_is_asked_for_some_days_and_named(
    ann: Account, web: Web, set_limit: SetLimit, status: int, body: bytes, told: str
) -> None:
    set_limit(limits.RSPAMD_LEARNING_DAYS, 1)
    answering(web, status, body, "/learnspam")
    append(ann, data=prepare_message(LETTER))
    transfer(move_messages, ann, "INBOX", "Junk")
    for _ in range(5):
        assert outbox.sweep(now=10**10) == 0
    [fault] = [found for found in find() if found.check == "outbox"]
    assert told in fault.what
    row = OutboxRow.objects.get(topic=training.LEARN)
    row.payload["since"] -= 86_400
    row.save()
    with capture_logs() as logs:
        assert outbox.sweep(now=10**10) == 1
    assert ("warning", 1) in [(line["log_level"], line.get("messages")) for line in logs]
    assert not OutboxRow.objects.exists()


def test_message_that_teaches_nothing_is_asked_about_once(ann: Account, web: Web) -> None:
    answering(web, 400, b'{"error": "no tokens"}', "/learnspam")
    append(ann, data=prepare_message(LETTER))
    transfer(move_messages, ann, "INBOX", "Junk")
    assert outbox.sweep() == 1
    assert not OutboxRow.objects.exists()


def test_what_is_gone_or_no_longer_wanted_is_passed_by(ann: Account, settings: Configured) -> None:
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    training.teach({"spam": True, "blobs": [10**9]})
    append(ann)
    [blob_id] = Message.objects.values_list("blob_id", flat=True)
    with pytest.raises(Away):
        training.teach({"spam": True, "blobs": [blob_id], "since": epoch()})
    settings.GROUPWARE_RSPAMD_URL = ""
    training.teach({"spam": True, "blobs": [blob_id]})


def test_large_messages_and_large_moves_teach_a_part(
    ann: Account, settings: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MAX_MESSAGES", 2)
    monkeypatch.setattr(training, "MAX_SIZE", 500)
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    append(ann, data=prepare_message(message(b"x" * 1_000)))
    for _ in range(3):
        append(ann)
    transfer(move_messages, ann, "INBOX", "Junk")
    assert taught() == [(True, 1)]
