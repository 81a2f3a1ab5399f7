import time

import pytest

from mail.mime.addresses import GROUP_END, Address, parse_addresses


def mailbox(local: bytes, host: bytes, name: bytes | None = None) -> Address:
    return Address(name, None, local, host)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"", [], id="empty"),
        pytest.param(b" , ,", [], id="only commas"),
        pytest.param(b"a@b.c", [mailbox(b"a", b"b.c")], id="bare"),
        pytest.param(b"<a@b.c>", [mailbox(b"a", b"b.c")], id="angle"),
        pytest.param(b"A  B <a@b>", [mailbox(b"a", b"b", b"A B")], id="phrase"),
        pytest.param(b"J. Doe <a@b>", [mailbox(b"a", b"b", b"J. Doe")], id="dot in phrase"),
        pytest.param(b'"A, B" <a@b>', [mailbox(b"a", b"b", b"A, B")], id="quoted name"),
        pytest.param(b'"A \\"B\\"" <a@b>', [mailbox(b"a", b"b", b'A "B"')], id="quoted pair"),
        pytest.param(b'"" <a@b>', [mailbox(b"a", b"b")], id="empty name"),
        pytest.param(b'A "B C" D <a@b>', [mailbox(b"a", b"b", b"A B C D")], id="mixed phrase"),
        pytest.param(b"=?utf-8?q?=41?= <a@b>", [mailbox(b"a", b"b", b"=?utf-8?q?=41?=")], id="word"),
        pytest.param(b"\xc3\xa4 <a@\xc3\xa4>", [mailbox(b"a", b"\xc3\xa4", b"\xc3\xa4")], id="8-bit"),
        pytest.param(b"a@b, c@d ,<e@f>", [mailbox(b"a", b"b"), mailbox(b"c", b"d"), mailbox(b"e", b"f")], id="list"),
        pytest.param(b"a@b (A (nested) B)", [mailbox(b"a", b"b", b"A (nested) B")], id="comment as name"),
        pytest.param(b"A (x) <a@b> (y)", [mailbox(b"a", b"b", b"A")], id="comment and name"),
        pytest.param(b"(x) a (y) @ (z) b", [mailbox(b"a", b"b", b"z")], id="comments between"),
        pytest.param(b'"a b"@c', [mailbox(b"a b", b"c")], id="quoted local part"),
        pytest.param(b'<"a@b"@c>', [mailbox(b"a@b", b"c")], id="at sign quoted"),
        pytest.param(b"a@b@c", [mailbox(b"a@b", b"c")], id="two at signs"),
        pytest.param(b"a@[127.0.0.1]", [mailbox(b"a", b"[127.0.0.1]")], id="domain literal"),
        pytest.param(b"a @ b . c", [mailbox(b"a", b"b.c")], id="blanks inside"),
        pytest.param(b"<@x,@y:a@b>", [Address(None, b"@x,@y", b"a", b"b")], id="route"),
        pytest.param(b"A <@x:a@b>", [Address(b"A", b"@x", b"a", b"b")], id="route and name"),
        pytest.param(b"postmaster", [mailbox(b"postmaster", b"")], id="no host"),
        pytest.param(b"Mail Delivery System", [mailbox(b"Mail Delivery System", b"")], id="no address"),
        pytest.param(b"A <b>", [mailbox(b"b", b"", b"A")], id="no host in angle"),
        pytest.param(b"A <>", [mailbox(b"", b"", b"A")], id="null address"),
        pytest.param(b"<>", [], id="only null"),
        pytest.param(b"@", [], id="only at sign"),
        pytest.param(b"<a@b", [mailbox(b"a", b"b")], id="angle without end"),
        pytest.param(b"<a@b, c@d", [mailbox(b"a", b"b"), mailbox(b"c", b"d")], id="angle left open"),
        pytest.param(b"a@b>", [mailbox(b"a", b"b")], id="angle never opened"),
        pytest.param(b'"A <a@b>', [mailbox(b"A <a@b>", b"")], id="quote without end"),
        pytest.param(b"a@b (x", [mailbox(b"a", b"b")], id="comment without end"),
        pytest.param(b"a@b x)", [mailbox(b"a", b"bx")], id="comment never opened"),
        pytest.param(b"Team: a@b, C <c@d>;", [Address(None, None, b"Team", None), mailbox(b"a", b"b"), mailbox(b"c", b"d", b"C"), GROUP_END], id="group"),
        pytest.param(b"undisclosed-recipients:;", [Address(None, None, b"undisclosed-recipients", None), GROUP_END], id="empty group"),
        pytest.param(b"x: a@b", [Address(None, None, b"x", None), mailbox(b"a", b"b"), GROUP_END], id="group without end"),
        pytest.param(b"x: y: a@b; c@d", [Address(None, None, b"x", None), mailbox(b"y:a", b"b"), GROUP_END, mailbox(b"c", b"d")], id="group in group"),
        pytest.param(b"a@b; c@d", [mailbox(b"a", b"b"), mailbox(b"c", b"d")], id="semicolon as comma"),
    ],
)  # fmt: skip
def test_address_list_is_read(value: bytes, expected: list[Address]) -> None:
    assert parse_addresses(value, 100) == expected


@pytest.mark.parametrize("address", [b"a@b,", b"(x) a@b,", b"x: a@b;"])
def test_addresses_beyond_the_limit_are_dropped(address: bytes) -> None:
    assert len(parse_addresses(address * 50, 7)) == 7


@pytest.mark.parametrize(
    "value",
    [b"<" * 100_000, b"(" * 100_000, b'"' * 99_999, b"@" * 100_000, b"a " * 50_000, b"a@b," * 30_000,
     b"(x)a@b," * 20_000, b"[" * 100_000, b"\\" * 99_999, b":" * 100_000, b"a" * 100_000 + b"(",
     b'"\\' * 50_000, b"<@," * 30_000],
)  # fmt: skip
def test_hostile_lists_take_linear_time(value: bytes) -> None:
    started = time.process_time()
    parse_addresses(value, 1_000_000)
    assert time.process_time() - started < 2
