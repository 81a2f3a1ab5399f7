from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.mime.dates import SentDate, parse_date


def sent(*when: int, offset: int = 0) -> SentDate:
    zone = timezone(timedelta(seconds=offset))
    year, month, day, hour, minute, second = when
    moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    return SentDate(int(moment.timestamp()), offset)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Tue, 24 Nov 2026 01:54:51 +0100", sent(2026, 11, 24, 1, 54, 51, offset=3600)),
        (b"24 Nov 2026 01:54 -0330", sent(2026, 11, 24, 1, 54, 0, offset=-12600)),
        (b"Tue,24 NOVEMBER 2026 1:4:1 GMT", sent(2026, 11, 24, 1, 4, 1)),
        (b"Tue, 24-Nov-26 01.54.51 EST", sent(2026, 11, 24, 1, 54, 51, offset=-18000)),
        (b"Tue, 24 Nov 99 01:54:51", sent(1999, 11, 24, 1, 54, 51)),
        (b"Tue, 24 Nov 126 01:54:51 ZZZ", sent(2026, 11, 24, 1, 54, 51)),
        (b"Thu, 29 Feb 2024 23:59:59.123 +1", sent(2024, 2, 29, 23, 59, 59, offset=3600)),
        (b"Fri, 1 Mar 2024 00:00:00 +0000 (UTC)", sent(2024, 3, 1, 0, 0, 0)),
        (
            b"Fri (or (so)), 1 (of) Mar 2024(y)1:2:3 (a \\) b) EST (c)",
            sent(2024, 3, 1, 1, 2, 3, offset=-18000),
        ),
        (b"Fri, 1 Mar 2024 (not closed 01:02:03", sent(2024, 3, 1, 0, 0, 0)),
        (b"Wed, 1 Mar 1600 00:00:00 +0000", sent(1600, 3, 1, 0, 0, 0)),
        (b"Wed, 1 Mar 2024 00:00:00 +9999", sent(2024, 3, 1, 0, 0, 0)),
        (b"24 Nov 2026", sent(2026, 11, 24, 0, 0, 0)),
        (b"Tue, 24 Nov 2026 early +0100", sent(2026, 11, 24, 0, 0, 0)),
        (b"24 Nov 2026 25:00:00 +0100", sent(2026, 11, 24, 0, 0, 0)),
        (b"24 Nov 2026 01:60:00", sent(2026, 11, 24, 0, 0, 0)),
        (b"24 Nov 2026 01:00:61", sent(2026, 11, 24, 0, 0, 0)),
        (b"24 Nov 2026 00:30:00 +0100", sent(2026, 11, 24, 0, 30, 0, offset=3600)),
        (b"Tue Nov 24 01:54:51 2026", sent(2026, 11, 24, 1, 54, 51)),
        (b"Nov  4, 01:54:51 PDT 2026", sent(2026, 11, 4, 1, 54, 51, offset=-25200)),
    ],
)
def test_date_is_read(value: bytes, expected: SentDate) -> None:
    assert parse_date(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"yesterday",
        b"24 Foo 2026 01:54:51",
        b"32 Nov 2026 01:54:51",
        b"0 Nov 2026 01:54:51",
        b"31 Nov 2026 01:54:51",
        b"29 Feb 2026 01:54:51",
        b"29 Feb 2100 01:54:51",
        b"30 Feb 2024 01:54:51",
        b"((((((24 Nov 2026))))))",
        b"24 Nov 0000 01:54:51",
        b"1 Jan 0001 00:00:00 +1400",
        b"31 Dec 9999 24:00:00 +0000",
        b"31 Dec 9999 23:59:60 +0000",
        b"24 Nov 20260 01:00:00",
        b"\xff\xfe\x80",
    ],
)
def test_senseless_date_is_none(value: bytes) -> None:
    assert parse_date(value) is None


def test_every_day_of_four_centuries_is_counted_right() -> None:
    moment = datetime(1899, 1, 1, 12, tzinfo=UTC)
    while moment.year < 2300:
        written = f"{moment.day} {moment:%b} {moment.year} 12:00:00 +0000".encode()
        assert parse_date(written) == SentDate(int(moment.timestamp()), 0)
        moment += timedelta(days=13)
