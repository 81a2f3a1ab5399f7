"""Commands: the arguments of every row of the table, and what is refused."""

from datetime import UTC, datetime

import pytest

from mail.imap.arguments.messages import LONGEST_KEPT
from mail.imap.commands import COMMANDS, States, parse_command
from mail.imap.fetchitems import Attribute, Section, SectionText
from mail.imap.listing import Returned, Selection
from mail.imap.ordering import SortCriterion, SortKey
from mail.imap.requests import (
    PLAIN,
    Append,
    AppendMessage,
    Authenticate,
    Copy,
    Create,
    Enable,
    Fetch,
    GetQuota,
    Id,
    List,
    Login,
    Lsub,
    Mailbox,
    Rename,
    Request,
    Search,
    Select,
    SetQuota,
    Sort,
    Status,
    StatusItem,
    Store,
    StoreMode,
    Thread,
    UidExpunge,
)
from mail.imap.results import ReturnOption
from mail.imap.resync import Resync, SeqMatch
from mail.imap.sequences import STAR, SequenceSet
from mail.imap.threads import ThreadAlgorithm
from mail.imap.wire import ProtocolError, Reader
from mail.search.keys import AllKey

ONE = SequenceSet(((1, 1),))
TO_END = SequenceSet(((1, STAR),))
FLAGS = (Attribute.FLAGS,)
WITHOUT_ARGUMENTS = (
    *("CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "NAMESPACE"),
    *("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "IDLE"),
)


def parse(*parts: bytes) -> tuple[str, Request]:
    command, request = parse_command(Reader((b" " + parts[0], *parts[1:])))
    return command.name, request


@pytest.mark.parametrize(
    ("text", "name", "request_"),
    [
        *((row.encode().lower(), row, PLAIN) for row in WITHOUT_ARGUMENTS),
        (b"ID NIL", "ID", Id(())),
        (b'ID ("name" "x" "os" NIL)', "ID", Id((("name", "x"), ("os", None)))),
        (
            b"SELECT INBOX (CONDSTORE QRESYNC (7 9 1:3,5 (1:2,4 1,3,9)))",
            "SELECT",
            Select(
                "INBOX",
                condstore=True,
                resync=Resync(
                    7,
                    9,
                    SequenceSet(((1, 3), (5, 5))),
                    SeqMatch(((1, 2), (4, 4)), ((1, 1), (3, 3), (9, 9))),
                ),
            ),
        ),
        (
            b"UID FETCH 1:* FLAGS (CHANGEDSINCE 9 VANISHED)",
            "UID FETCH",
            Fetch(TO_END, FLAGS, changed_since=9, by_uid=True, vanished=True),
        ),
        (b"ENABLE condstore X-Y", "ENABLE", Enable(("CONDSTORE", "X-Y"))),
        (b"AUTHENTICATE plain", "AUTHENTICATE", Authenticate("PLAIN", None)),
        (b"AUTHENTICATE PLAIN AGEAYg==", "AUTHENTICATE", Authenticate("PLAIN", b"\0a\0b")),
        (b"AUTHENTICATE EXTERNAL =", "AUTHENTICATE", Authenticate("EXTERNAL", b"")),
        (b'LOGIN a@example.org "p w"', "LOGIN", Login("a@example.org", "p w")),
        (b'LIST "" *', "LIST", List("", ("*",))),
        (b'LIST () "a" %', "LIST", List("a", ("%",), extended=True)),
        (b'LIST "" ("INBOX" Sent/%)', "LIST", List("", ("INBOX", "Sent/%"), extended=True)),
        (
            b'list (subscribed REMOTE RECURSIVEMATCH special-use Remote) "" *',
            "LIST",
            List("", ("*",), frozenset(Selection), extended=True),
        ),
        (b'LIST "" * RETURN ()', "LIST", List("", ("*",), extended=True)),
        (
            b'LIST "" * return (Children STATUS (SIZE DELETED SIZE) SUBSCRIBED SPECIAL-USE)',
            "LIST",
            List(
                "",
                ("*",),
                returned=frozenset(
                    (Returned.CHILDREN, Returned.SUBSCRIBED, Returned.SPECIAL_USE)
                ),
                status=(StatusItem.SIZE, StatusItem.DELETED),
                extended=True,
            ),
        ),
        (b'lsub "" "%"', "LSUB", Lsub("", "%")),
        (b"CREATE a/b", "CREATE", Create("a/b")),
        (rb"CREATE a (use (\sent \SENT \x))", "CREATE", Create("a", ("Sent", "X"))),
        (b"DELETE a", "DELETE", Mailbox("a")),
        (b"SUBSCRIBE inbox", "SUBSCRIBE", Mailbox("INBOX")),
        (b"UNSUBSCRIBE a", "UNSUBSCRIBE", Mailbox("a")),
        (b"RENAME a b", "RENAME", Rename("a", "b")),
        (
            b"STATUS a (MESSAGES unseen MESSAGES)",
            "STATUS",
            Status("a", (StatusItem.MESSAGES, StatusItem.UNSEEN)),
        ),
        (b"GETQUOTA a@b", "GETQUOTA", GetQuota("a@b")),
        (b'getquota ""', "GETQUOTA", GetQuota("")),
        (b"GETQUOTAROOT inbox", "GETQUOTAROOT", Mailbox("INBOX")),
        (b"SETQUOTA r ()", "SETQUOTA", SetQuota("r", ())),
        (
            b"SETQUOTA r (storage 1 X-Y 9223372036854775807)",
            "SETQUOTA",
            SetQuota("r", (("STORAGE", 1), ("X-Y", 2**63 - 1))),
        ),
        (b"SELECT a", "SELECT", Select("a", condstore=False)),
        (b"EXAMINE a (condstore)", "EXAMINE", Select("a", condstore=True)),
        (b"FETCH 1:* FLAGS", "FETCH", Fetch(TO_END, FLAGS, None, by_uid=False)),
        (
            b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)",
            "UID FETCH",
            Fetch(TO_END, FLAGS, 12345, by_uid=True),
        ),
        (
            rb"STORE 1 +FLAGS (\Deleted)",
            "STORE",
            Store(ONE, StoreMode.ADD, ("\\Deleted",), silent=False, unchanged_since=None, by_uid=False),
        ),
        (
            rb"UID STORE 1 (UNCHANGEDSINCE 0) -FLAGS.SILENT \Seen x",
            "UID STORE",
            Store(ONE, StoreMode.REMOVE, ("\\Seen", "x"), silent=True, unchanged_since=0, by_uid=True),
        ),
        (
            b"STORE 1 FLAGS ()",
            "STORE",
            Store(ONE, StoreMode.REPLACE, (), silent=False, unchanged_since=None, by_uid=False),
        ),
        (b"COPY 1 a", "COPY", Copy(ONE, "a", by_uid=False)),
        (b"MOVE 1 a", "MOVE", Copy(ONE, "a", by_uid=False)),
        (b"UID COPY 1 a", "UID COPY", Copy(ONE, "a", by_uid=True)),
        (b"uid move 1 a", "UID MOVE", Copy(ONE, "a", by_uid=True)),
        (b"SEARCH ALL", "SEARCH", Search(AllKey(), by_uid=False)),
        (b"UID SEARCH ALL ", "UID SEARCH", Search(AllKey(), by_uid=True)),
        (
            b"SEARCH RETURN () ALL",
            "SEARCH",
            Search(AllKey(), by_uid=False, returns=frozenset({ReturnOption.ALL})),
        ),
        (
            b"uid search return (min count) charset utf-8 all",
            "UID SEARCH",
            Search(AllKey(), True, frozenset({ReturnOption.MIN, ReturnOption.COUNT})),
        ),
        (
            b"SORT (REVERSE DATE SUBJECT REVERSE SUBJECT) UTF-8 ALL",
            "SORT",
            Sort(
                (SortCriterion(SortKey.DATE, reverse=True), SortCriterion(SortKey.SUBJECT)),
                AllKey(),
                by_uid=False,
            ),
        ),
        (
            b'uid sort return (save) (displayto) "us-ascii" all',
            "UID SORT",
            Sort((SortCriterion(SortKey.DISPLAYTO),), AllKey(), True, frozenset({ReturnOption.SAVE})),
        ),
        (b"SORT (SIZE) X all", "SORT", Sort((SortCriterion(SortKey.SIZE),), None, by_uid=False)),
        (
            b"THREAD REFERENCES UTF-8 ALL",
            "THREAD",
            Thread(ThreadAlgorithm.REFERENCES, AllKey(), by_uid=False),
        ),
        (
            b"uid thread orderedsubject utf-8 all",
            "UID THREAD",
            Thread(ThreadAlgorithm.ORDEREDSUBJECT, AllKey(), by_uid=True),
        ),
        (b"UID EXPUNGE 1:*", "UID EXPUNGE", UidExpunge(TO_END)),
    ],
)  # fmt: skip
def test_every_command(text: bytes, name: str, request_: Request) -> None:
    assert parse(text) == (name, request_)


def test_append_takes_flags_and_date_or_neither() -> None:
    with_nul = Append("a", (AppendMessage((), None, b"x\x00y"),))
    assert parse(b"APPEND a ", b"x\x00y", b"") == ("APPEND", with_nul)
    assert parse(rb'APPEND "a" (\Seen) " 1-Feb-1994 21:52:25 +0000" ', b"x", b"") == (
        "APPEND",
        Append(
            "a", (AppendMessage(("\\Seen",), datetime(1994, 2, 1, 21, 52, 25, tzinfo=UTC), b"x"),)
        ),
    )
    empty = Append("a b", (AppendMessage((), None, b""),))
    assert parse(b"APPEND ", b"a b", b" () ", b"", b"") == ("APPEND", empty)
    several = Append("a", (AppendMessage((), None, b"x"), AppendMessage(("$B",), None, b"y")))
    assert parse(b"APPEND a ", b"x", b" ($B) ~", b"y", b" ") == ("APPEND", several)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"FOO",
        b"UID",
        b"UID NOOP",
        b"UID FOO",
        b"NOOP x",
        b"SELECT",
        b"SELECT a b",
        b"SELECT a (FOO)",
        b'LIST "" ()',
        b'LIST "" (a (b))',
        b'LIST (FOO) "" *',
        b'LIST (SUBSCRIBED) ""',
        b'LIST (RECURSIVEMATCH) "" *',
        b'LIST (REMOTE RECURSIVEMATCH) "" *',
        b'LIST (SPECIAL-USE RECURSIVEMATCH) "" *',
        b'LIST "" * RETURN',
        b'LIST "" * RETURN CHILDREN',
        b'LIST "" * RETURN (FOO)',
        b'LIST "" * RETURN (REMOTE)',
        b'LIST "" * RETURN (STATUS)',
        b'LIST "" * RETURN (STATUS ())',
        b'LIST "" * RETURN (STATUS (FOO))',
        b'LIST "" * RETURN (CHILDREN) RETURN (CHILDREN)',
        b'LSUB "" (a b)',
        b'LSUB "" * RETURN ()',
        b"STATUS a ()",
        b"STATUS a (FOO)",
        b"LOGIN a",
        b'LOGIN a "\xff"',
        b"AUTHENTICATE PLAIN *",
        b"AUTHENTICATE PLAIN a",
        b"ENABLE",
        b"ID",
        b'ID ("a")',
        b"FETCH 1",
        b"FETCH 0 FLAGS",
        b"FETCH 1 FLAGS (FOO 1)",
        b"FETCH 1 FLAGS (CHANGEDSINCE x)",
        b"STORE 1 FLAGS",
        b"STORE 1 FOO ()",
        rb"STORE 1 FLAGS (\Recent)",
        b"STORE 1 (CHANGEDSINCE 1) FLAGS ()",
        b"COPY 1",
        b"APPEND a",
        b"APPEND a text",
        b'APPEND a "text"',
        b"RENAME a",
        b"GETQUOTA",
        b'GETQUOTA "\xff"',
        b"SETQUOTA a",
        b"SETQUOTA a (STORAGE)",
        b"SETQUOTA a (STORAGE 9223372036854775808)",
        b"CREATE a b",
        b"CREATE a (USE)",
        b"CREATE a (USE (Sent))",
        rb"CREATE a (USE (\Sent)",
        rb"CREATE a (USE (\Sent) USE ())",
        b"UID EXPUNGE",
    ],
)
def test_what_is_no_command_is_a_protocol_error(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse(text)


def test_secrets_and_messages_stay_out_of_repr() -> None:
    for _, request in (
        parse(b"LOGIN anna hunter2"),
        parse(b"AUTHENTICATE PLAIN aHVudGVyMg=="),
        parse(b"APPEND a ", b"hunter2", b""),
    ):
        assert "hunter2" not in repr(request)


def test_commands_in_sequence_numbers_hold_expunge_back() -> None:
    held = {row.name for row in COMMANDS.values() if row.uses_seqs and not row.breaks_seqs}
    assert held == {"FETCH", "STORE", "SEARCH", "SORT", "THREAD", "COPY"}


def test_no_command_but_the_first_ones_works_before_login() -> None:
    fresh = {row.name for row in COMMANDS.values() if States.NOT_AUTHENTICATED in row.states}
    assert fresh == {"CAPABILITY", "NOOP", "LOGOUT", "ID", "STARTTLS", "AUTHENTICATE", "LOGIN"}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"(FLAGS BODY.PEEK[HEADER.FIELDS (a b)])",), id="kept"),
        pytest.param(
            (b"(FLAGS BODY.PEEK[HEADER.FIELDS (", b"a", b" ", b"b", b")])"), id="with literals"
        ),
        pytest.param(
            (b"(FLAGS BODY.PEEK[HEADER.FIELDS (a b)]%b)" % (LONGEST_KEPT * b" FLAGS"),), id="long"
        ),
    ],
)
def test_what_is_fetched_is_the_same_however_it_is_written(parts: tuple[bytes, ...]) -> None:
    section = Section(text=SectionText.HEADER_FIELDS, fields=(b"a", b"b"), peek=True)
    wanted = Fetch(ONE, (Attribute.FLAGS, section), None, by_uid=False)
    for _ in range(2):
        assert parse(b"FETCH 1 " + parts[0], *parts[1:]) == ("FETCH", wanted)


def test_what_is_refused_is_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(ProtocolError, match="Unexpected text"):
            parse(b"FETCH 1 FLAGS (CHANGEDSINCE 1) x")
