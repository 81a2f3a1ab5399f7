"""What would come of a file of accounts: nothing is written, and every row says what it is."""

import pytest
from django.utils import translation

from groupware.core import directory, limits
from groupware.core.administration import Administrator, csvfiles
from groupware.core.administration.csvfiles import Plan
from groupware.core.errors import Invalid, LimitExceeded, TooLarge
from groupware.core.models import Account, AuditEntry
from tests.conftest import SetLimit
from tests.services.store import create

pytestmark = pytest.mark.django_db


def plan_of(text: str | bytes, by: Administrator | None = None) -> Plan:
    octets = text.encode() if isinstance(text, str) else text
    return csvfiles.read(by or Administrator.of_the_machine(), octets)


def told(text: str | bytes) -> list[tuple[int, str, str]]:
    return [(row.line, row.address, str(row.outcome)) for row in plan_of(text).rows]


def reason_of(text: str) -> str:
    (row,) = plan_of(text).rows
    assert row.outcome == "fault"
    return row.reason


def changes_of(text: str | bytes) -> list[tuple[str, str, str]]:
    (row,) = plan_of(text).rows
    return [(change.field, change.before, change.after) for change in row.changes]


ITALIAN = "Indirizzo;Nome;Spazio\r\nzoe@example.test;Zoë Àlvaro;1,5 GB\r\n"
WANTED = [("name", "", "Zoë Àlvaro"), ("kind", "", "person"), ("quota", "", "1536M")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_files_are_read_as_excel_writes_them(ann: Account, encoding: str) -> None:
    assert changes_of(ITALIAN.encode(encoding)) == WANTED


@pytest.mark.parametrize(
    "text",
    [
        "address,name,quota\nzoe@example.test,Zoë Àlvaro,1.5G\n",
        'sep=;\r\n"E-mail address";"Display name";"Quota"\r\n"zoe@example.test";"Zoë Àlvaro";"1536M"',
        "NOME\tQUOTA\tE_MAIL\nZoë Àlvaro\t1610612736\tzoe@example.test\n\n\t\t\n",
    ],
)
def test_delimiters_and_headings_are_found(ann: Account, text: str) -> None:
    assert changes_of(text) == WANTED


def test_each_row_says_what_comes_of_it_and_nothing_is_written(ann: Account) -> None:
    directory.create_group("team@example.test")
    directory.create_address("info@example.test", [ann.login])
    before = AuditEntry.objects.count()
    text = (
        "address,name,enabled,aliases,groups\n"
        "ann@example.test,,yes,info@example.test,\n"
        'ann@example.test,"Two\nlines",,,\n'
        "new@example.test,New,no,n@example.test,team@example.test\n"
        "N@example.test,,,,\n"
    )
    assert told(text) == [
        (2, "ann@example.test", "unchanged"),
        (3, "ann@example.test", "fault"),
        (5, "new@example.test", "create"),
        (6, "n@example.test", "fault"),
    ]
    assert AuditEntry.objects.count() == before
    assert Account.objects.count() == 1


def test_a_change_is_told_with_what_was_there(ann: Account) -> None:
    directory.rename_account(ann.login, ann.login, name="Ann")
    directory.create_group("team@example.test")
    assert changes_of(
        "address,name,quota,enabled,aliases,groups\n"
        "Ann@Example.test,Ann Rossi,5G,no,a@example.test,team@example.test\n"
    ) == [
        ("name", "Ann", "Ann Rossi"),
        ("quota", csvfiles.write_accounts(Administrator.of_the_machine()).split(",")[-4], "5G"),
        ("enabled", "yes", "no"),
        ("aliases", "", "a@example.test"),
        ("groups", "", "team@example.test"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("address\nnobody", "is not an address"),
        ("address\nx@elsewhere.example", "no domain elsewhere.example"),
        ("address\nx@alias.test", "another name of example.test"),
        ("address,name\n,Ann", "no address"),
        ("address,quota\nx@example.test,much", "is no quota"),
        ("address,quota\nx@example.test,9999999T", "is no quota"),
        ("address,enabled\nx@example.test,perhaps", "neither yes nor no"),
        ("address,kind\nx@example.test,robot", "no kind of account"),
        ("address,kind\nann@example.test,room", "another kind of account"),
        ("address,aliases\nx@example.test,ann@example.test", "leads elsewhere"),
        ("address,aliases\nx@example.test,x@example.test", "its own alias"),
        ("address,aliases\nx@example.test,x@elsewhere.example", "no domain elsewhere.example"),
        ("address,groups\nx@example.test,none@example.test", "no group none@example.test"),
        ("address\ninfo@example.test", "taken by a group"),
        ("address,password\nx@example.test,short", "at least 8"),
        ("address,kind,password\nx@example.test,room,long enough", "Nobody signs in"),
        ("address,name\nx@example.test,a,b", "more cells"),
        (f"address,name\nx@example.test,{'x' * 201}", "at most 200"),
        ("address,name\nx@example.test,a\x00b", "printable"),
    ],
)
def test_a_fault_says_why(ann: Account, text: str, reason: str) -> None:
    directory.create_domain("alias.test", alias_of="example.test")
    directory.create_address("info@example.test", [ann.login])
    assert reason in reason_of(text)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "no column"),
        (b"name,quota\nAnn,5G\n", "no column"),
        (b"address,email\nx,y\n", "Two columns"),
        (b'address\n"ann@example.test\n', "Line 2 is no CSV"),
        (b"\xff\xfe\x00", "no text"),
        (b"address\n\x81\x8d", "no text"),
        (b"address" + b"," * 200, "more than 100 columns"),
        (b"address\n" + b"x" * 200_000, "Line 2 is no CSV"),
    ],
)
def test_what_is_no_file_of_accounts_is_refused_as_a_whole(
    domain: object, octets: bytes, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        plan_of(octets)


def test_octets_and_rows_are_bounded(domain: object, set_limit: SetLimit) -> None:
    set_limit(limits.ACCOUNT_FILE_ROWS, 2)
    assert len(told("address\na@example.test\nb@example.test\n")) == 2
    with pytest.raises(LimitExceeded, match="more than 2 rows"):
        plan_of("address\na@example.test\nb@example.test\nc@example.test\n")
    set_limit(limits.ACCOUNT_FILE_SIZE, 10)
    with pytest.raises(TooLarge, match="more than 10 octets"):
        plan_of("address\nxyz")


def test_columns_that_mean_nothing_are_named(domain: object) -> None:
    assert plan_of("address,Telephone, ,Lingua\nx@example.test,1,2,it\n").unread == [
        "Telephone",
        "Lingua",
    ]


def test_a_password_is_told_nowhere(domain: object) -> None:
    plan = plan_of("address,password\nx@example.test,a very good word\n")
    assert "good word" not in repr(plan)


def test_the_queries_do_not_grow_with_the_rows(
    ann: Account, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    rows = "".join(f"p{n}@example.test,Person {n},p.{n}@example.test\n" for n in range(400))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert len(told("address,name,aliases\n" + rows)) == 400


def test_reasons_are_in_the_language_of_who_reads_them(domain: object) -> None:
    with translation.override("it"):
        assert "non è una quota" in reason_of("address,quota\nx@example.test,much")


def test_what_was_written_is_read_back_without_a_change(ann: Account) -> None:
    directory.create_group("team@example.test")
    directory.add_member("team@example.test", ann.login)
    directory.create_address("a@example.test", [ann.login])
    directory.set_quota(ann.login, 123_456_789)
    directory.set_active(ann.login, active=False)
    for number, name in enumerate(("=1+1", "'-x", "+39 06", "@home", 'a;"=b', "Zoë, Ltd.")):
        create(f"p{number}@example.test", name=name)
    create("room@example.test", kind="room", name="Blue")
    by = Administrator.of_the_machine()
    for language in ("en", "it"):
        text = csvfiles.write_accounts(by, language=language)
        plan = plan_of(text)
        assert {str(row.outcome) for row in plan.rows} == {"unchanged"}, plan.rows
        assert (len(plan.rows), plan.unread) == (8, [])
        assert "\n=" not in text
        assert ",=" not in text.replace(";", ",")
