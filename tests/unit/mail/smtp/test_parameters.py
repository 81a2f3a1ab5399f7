"""The parameters of MAIL and RCPT, as RFC 1870, 3461, 4954, 6152 and 6531 write them."""

import pytest

from mail.smtp.parameters import (
    SMTP_MAIL,
    SMTP_RCPT,
    SUBMISSION_MAIL,
    MailFrom,
    NonAsciiAddress,
    RcptTo,
    UnknownParameter,
    read_mail,
    read_rcpt,
)
from mail.smtp.wire import Path, ProtocolError

ANN = Path("ann", "b.example")
JUERGEN = Path("jürgen", "b.example")


@pytest.mark.parametrize(
    ("text", "mail"),
    [
        (b"", MailFrom(ANN)),
        (b" SIZE=10 body=8bitmime", MailFrom(ANN, size=10, is_8bit=True)),
        (b" BODY=7BIT", MailFrom(ANN)),
        (b" SMTPUTF8", MailFrom(ANN, is_utf8=True)),
        (b" RET=hdrs ENVID=QQ+2B314", MailFrom(ANN, ret="HDRS", envid="QQ+2B314")),
        (b" AUTH=e+3Dmc2@example.com", MailFrom(ANN)),
        (b" AUTH=<>", MailFrom(ANN)),
        (b" ENVID=" + b"x" * 100, MailFrom(ANN, envid="x" * 100)),
    ],
)
def test_parameters_of_mail_are_read(text: bytes, mail: MailFrom) -> None:
    assert read_mail(ANN, text, SUBMISSION_MAIL) == mail


@pytest.mark.parametrize(
    "text",
    [
        b" SIZE=-1",
        b" SIZE",
        b" BODY=BINARYMIME",
        b" BODY",
        b" SMTPUTF8=yes",
        b" RET=ALL",
        b" RET",
        b" ENVID",
        b" ENVID=a+zz",
        b" ENVID=a+2b",
        b" ENVID=" + b"x" * 101,
        b" AUTH=a+",
        b" SIZE=1 SIZE=1",
    ],
)
def test_bad_parameters_of_mail_are_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_mail(ANN, text, SUBMISSION_MAIL)
    assert refused.value.code == 501


def test_parameters_of_another_role_are_not_known() -> None:
    with pytest.raises(UnknownParameter):
        read_mail(ANN, b" AUTH=<>", SMTP_MAIL)
    with pytest.raises(UnknownParameter):
        read_rcpt(ANN, b" SIZE=1", SMTP_RCPT)


def test_a_sender_who_is_not_ascii_needs_smtputf8() -> None:
    with pytest.raises(NonAsciiAddress) as refused:
        read_mail(JUERGEN, b"", SMTP_MAIL)
    assert (refused.value.code, refused.value.status) == (553, "5.6.7")
    assert read_mail(JUERGEN, b" SMTPUTF8", SMTP_MAIL).path == JUERGEN
    with pytest.raises(NonAsciiAddress):
        read_mail(Path("a", "bücher.example"), b" SIZE=1", SMTP_MAIL)


@pytest.mark.parametrize(
    ("text", "rcpt"),
    [
        (b"", RcptTo(ANN)),
        (b" NOTIFY=never", RcptTo(ANN, notify="NEVER")),
        (b" NOTIFY=SUCCESS,DELAY", RcptTo(ANN, notify="SUCCESS,DELAY")),
        (b" ORCPT=rfc822;Bob+40x@b", RcptTo(ANN, orcpt="rfc822;Bob+40x@b")),
        ("ORCPT=utf-8;jürgen@b".encode(), RcptTo(ANN, orcpt="utf-8;jürgen@b")),
        (b" ORCPT=utf-8;j\\x{FC}rgen@b", RcptTo(ANN, orcpt="utf-8;j\\x{FC}rgen@b")),
        (b" ORCPT=x;" + b"y" * 498, RcptTo(ANN, orcpt="x;" + "y" * 498)),
    ],
)
def test_parameters_of_rcpt_are_read(text: bytes, rcpt: RcptTo) -> None:
    assert read_rcpt(ANN, text, SMTP_RCPT) == rcpt


@pytest.mark.parametrize(
    "text",
    [
        b" NOTIFY=",
        b" NOTIFY",
        b" NOTIFY=ALWAYS",
        b" NOTIFY=NEVER,DELAY",
        b" NOTIFY=DELAY,DELAY",
        b" ORCPT=bob@b",
        b" ORCPT=rfc822;",
        b" ORCPT=;bob@b",
        b" ORCPT=rfc 822;bob@b",
        b" ORCPT=rfc822;a+b",
        b" ORCPT=x;" + b"y" * 499,
        "ORCPT=rfc822;jürgen@b".encode(),
    ],
)
def test_bad_parameters_of_rcpt_are_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_rcpt(ANN, text, SMTP_RCPT)
