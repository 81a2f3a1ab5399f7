from mail.pop3 import responses
from mail.pop3.responses import Code


def test_response_is_one_line() -> None:
    assert responses.ok() == b"+OK\r\n"
    assert responses.ok("fine") == b"+OK fine\r\n"
    assert responses.err("no", Code.AUTH) == b"-ERR [AUTH] no\r\n"


def test_text_breaks_no_line_and_has_a_bound() -> None:
    assert responses.err("a\r\nb\0ü") == b"-ERR a??b??\r\n"
    assert len(responses.err("x" * 9999)) < 512


def test_rows_end_with_a_dot() -> None:
    assert responses.lines("rows:", ["a", "b"]) == b"+OK rows:\r\na\r\nb\r\n.\r\n"
    assert responses.lines("", []) == b"+OK\r\n.\r\n"
