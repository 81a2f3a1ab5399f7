"""Lists: who may write to them, whom they lead to, and what ends there."""

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.clock import now
from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    delete_account,
    delete_address,
    delete_group,
)
from groupware.core.errors import Invalid, NotAllowed, NotFound
from groupware.core.models import Account, AccountState, Group, GroupMember
from mail import routing
from mail.models import ListPartner, ListPolicy
from mail.services.listpolicies import (
    MAX_PARTNERS,
    PolicyChange,
    clear_policy,
    describe_list,
    get_list,
    list_lists,
    set_policy,
)
from mail.services.lists import Dropped, Expanded, Posting, check_post, expand
from tests.services.store import create

pytestmark = pytest.mark.django_db

TEAM = "team@example.test"
STRANGER = "stranger@outside.test"


@pytest.fixture
def team(ann: Account, ben: Account) -> None:
    """Create a group of Ann; Ben is in its domain, Zoe in another."""
    create_domain("other.test")
    create("zoe@other.test")
    create_group(TEAM, description="Everybody")
    add_member(TEAM, ann.login)


def posted(
    author: str,
    to: str = TEAM,
    *,
    mail_from: str | None = None,
    trusted: bool = True,
    submitter: Account | None = None,
    fields: str = "",
) -> Expanded | None:
    """Return what becomes of a message to an address."""
    route = routing.find_address(to)
    assert route is not None
    header = f"From: {author}\r\n{fields}Subject: x\r\n\r\n".encode()
    sender = author if mail_from is None else mail_from
    posting = Posting(sender, header, trusted, submitter.pk if submitter else None)
    return expand(route.address_id, route.detail, posting)


def reached(expanded: Expanded | None) -> list[str]:
    """Return the logins and addresses that a message goes to."""
    assert expanded is not None
    logins = Account.objects.filter(pk__in=expanded.account_ids).values_list("login", flat=True)
    return sorted([*logins, *expanded.outside])


def allows(author: str, **fields: object) -> bool:
    try:
        expanded = posted(author, **fields)  # type: ignore[arg-type]
    except NotAllowed:
        return False
    return bool(reached(expanded))


def passes(mail_from: str, account: Account | None = None, to: str = TEAM) -> bool:
    """Tell whether a list lets an envelope sender pass at RCPT."""
    try:
        check_post(to, mail_from, account_id=account.pk if account else None)
    except NotAllowed:
        return False
    return True


@pytest.mark.usefixtures("team")
def test_what_is_no_list_is_left_to_others(ann: Account, ben: Account) -> None:
    create_address("annie@example.test", [ann.login])
    create_address("out@example.test", [STRANGER])
    create_address("@example.test", [ben.login])
    for address in (ann.login, "annie@example.test", "out@example.test", "none@example.test"):
        assert posted(STRANGER, to=address) is None
        assert passes(STRANGER, to=address)


@pytest.mark.usefixtures("team")
def test_group_that_was_told_nothing_is_open() -> None:
    for author in (STRANGER, "ann@example.test", "zoe@other.test"):
        assert allows(author, trusted=False)
        assert passes(author)


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize(
    ("post", "wanted"),
    [
        ("anyone", [True, True, True, True]),
        ("domain", [True, True, False, False]),
        ("members", [True, False, False, False]),
        ("moderators", [False, True, False, False]),
    ],
)
def test_policy_says_who_may_write(ben: Account, post: str, wanted: list[bool]) -> None:
    moderators = ["ben@example.test"] if post == "moderators" else None
    set_policy(TEAM, PolicyChange(post, moderators=moderators))
    addresses = ["ann@example.test", "ben@example.test", "zoe@other.test", STRANGER]
    assert [allows(address) for address in addresses] == wanted
    assert [passes(address) for address in addresses] == wanted


@pytest.mark.usefixtures("team")
def test_refusal_says_who_may(ann: Account) -> None:
    set_policy(TEAM, PolicyChange("members"))
    with pytest.raises(NotAllowed, match="Only its members may write to team@"):
        check_post(TEAM, STRANGER)


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("post", ["domain", "members", "moderators"])
def test_forged_author_of_ours_is_nobody(ann: Account, post: str) -> None:
    set_policy(TEAM, PolicyChange(post, moderators=[ann.login]))
    assert allows(ann.login)
    assert not allows(ann.login, mail_from=STRANGER, trusted=False)


@pytest.mark.usefixtures("team")
def test_nobody_is_told_of_what_was_forged_in_his_name(ann: Account) -> None:
    set_policy(TEAM, PolicyChange("members"))
    with pytest.raises(Dropped):
        posted(ann.login, trusted=False)


@pytest.mark.usefixtures("team")
def test_who_has_logged_in_is_who_it_is_whatever_from_says(ann: Account, ben: Account) -> None:
    set_policy(TEAM, PolicyChange("members"))
    assert allows("info@example.test", submitter=ann)
    assert passes("info@example.test", ann)
    assert not allows(ben.login, submitter=ben)
    assert not passes(ben.login, ben)


@pytest.mark.usefixtures("team")
def test_moderators_and_owners_may_always_write(ben: Account) -> None:
    for part in ("moderators", "owners"):
        clear_policy(TEAM)
        set_policy(TEAM, PolicyChange("members", **{part: [ben.login]}))
        assert allows(ben.login)
        assert passes(ben.login)


@pytest.mark.usefixtures("team")
def test_owners_moderate_where_no_moderator_is_named(ann: Account, ben: Account) -> None:
    set_policy(TEAM, PolicyChange("moderators", owners=[ben.login]))
    assert allows(ben.login)
    set_policy(TEAM, PolicyChange(moderators=[ann.login]))
    assert (allows(ben.login), allows(ann.login)) == (False, True)


@pytest.mark.usefixtures("team")
def test_alias_of_a_list_does_not_lead_past_its_policy(ann: Account) -> None:
    set_policy(TEAM, PolicyChange("members"))
    create_address("everybody@example.test", [TEAM])
    create_address("all@example.test", ["everybody@example.test"])
    create_domain("alias.test", alias_of="example.test")
    for to in (
        "everybody@example.test",
        "all@example.test",
        "team+x@example.test",
        "team@alias.test",
    ):
        assert not allows(STRANGER, to=to)
        assert not passes(STRANGER, to=to)
        expanded = posted(ann.login, to=to)
        assert expanded is not None
        assert expanded.list_address == TEAM


@pytest.mark.usefixtures("team")
def test_member_outside_is_known_by_address(ann: Account) -> None:
    create_address("both@example.test", [ann.login, "Guest@Outside.test"])
    set_policy("both@example.test", PolicyChange("members"))
    assert allows("guest@outside.TEST", to="both@example.test", trusted=False)
    assert passes("guest@outside.test", to="both@example.test")
    assert passes("prvs=0123abcdef=guest@outside.test", to="both@example.test")
    assert not allows(STRANGER, to="both@example.test")
    assert reached(posted(ann.login, to="both@example.test")) == [ann.login, "guest@outside.test"]


@pytest.mark.usefixtures("team")
def test_everybody_is_reached_once_through_nested_lists(ann: Account, ben: Account) -> None:
    create_group("board@example.test")
    add_member("board@example.test", ann.login, ben.login)
    add_member(TEAM, "board@example.test")
    set_policy("board@example.test", PolicyChange("moderators", moderators=[ann.login]))
    assert reached(posted(STRANGER)) == [ann.login, ben.login]
    assert posted(STRANGER).account_ids == (ann.pk, ben.pk)  # type: ignore[union-attr]
    create_address("more@example.test", [TEAM, ben.login, STRANGER])
    assert reached(posted(STRANGER, to="more@example.test")) == [ann.login, ben.login, STRANGER]


@pytest.mark.usefixtures("team")
def test_list_speaks_in_its_own_name() -> None:
    expanded = posted(STRANGER)
    assert expanded is not None
    assert expanded.mail_from == "team+bounces@example.test"
    assert b'List-Id: "Everybody" <team.example.test>\r\n' in expanded.prefix
    assert b"List-Post: <mailto:team@example.test>\r\n" in expanded.prefix
    set_policy(TEAM, PolicyChange("moderators", moderators=["ann@example.test"]))
    announced = posted("ann@example.test")
    assert announced is not None
    assert b"List-Post: NO\r\n" in announced.prefix


def test_list_of_a_long_name_has_the_null_sender(ann: Account) -> None:
    long = "x" * 60 + "@example.test"
    create_group(long)
    add_member(long, ann.login)
    expanded = posted(STRANGER, to=long)
    assert expanded is not None
    assert expanded.mail_from == ""


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize("kind", ["bounce", "to bounces", "to owner"])
def test_bounces_go_to_the_owners_and_never_to_the_list(ben: Account, kind: str) -> None:
    set_policy(TEAM, PolicyChange("moderators", owners=[ben.login]))
    to, mail_from = {
        "bounce": (TEAM, ""),
        "to bounces": ("team+bounces@example.test", "mailer@outside.test"),
        "to owner": ("team+owner@example.test", STRANGER),
    }[kind]
    expanded = posted("MAILER-DAEMON@outside.test", to=to, mail_from=mail_from, trusted=False)
    assert reached(expanded) == [ben.login]
    assert expanded is not None
    assert (expanded.prefix, expanded.mail_from) == (b"", mail_from)
    assert passes(mail_from, to=to)


@pytest.mark.usefixtures("team")
def test_who_is_in_charge_where_nobody_was_named(ann: Account, ben: Account) -> None:
    with pytest.raises(Dropped, match="Nobody is in charge"):
        posted(STRANGER, mail_from="")
    create_address("postmaster@example.test", [TEAM])
    with pytest.raises(Dropped):
        posted(STRANGER, mail_from="")
    delete_address("postmaster@example.test")
    create_address("postmaster@example.test", [ben.login])
    assert reached(posted(STRANGER, mail_from="")) == [ben.login]
    set_policy(TEAM, PolicyChange(moderators=[ann.login]))
    assert reached(posted(STRANGER, mail_from="")) == [ann.login]
    clear_policy(TEAM)
    delete_address("postmaster@example.test")
    admin = create("admin@example.test", is_admin=True)
    assert reached(posted(STRANGER, mail_from="")) == [admin.login]


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize(
    "field",
    [
        "List-Id: The team <team.example.test>\r\n",
        "List-Id: <other.test>\r\nX-Loop: team.example.test\r\n",
    ],
)
def test_loops_end(field: str) -> None:
    with pytest.raises(Dropped) as ended:
        posted(STRANGER, fields=field)
    assert TEAM in ended.value.detail


@pytest.mark.usefixtures("team")
def test_reply_of_a_machine_reaches_who_is_in_charge_alone(ben: Account) -> None:
    field = "Auto-Submitted: auto-replied\r\n"
    with pytest.raises(Dropped, match="Nobody is in charge"):
        posted(STRANGER, fields=field)
    set_policy(TEAM, PolicyChange("members", owners=[ben.login]))
    expanded = posted(STRANGER, fields=field)
    assert reached(expanded) == [ben.login]
    assert expanded is not None
    assert expanded.mail_from == STRANGER


@pytest.mark.usefixtures("team")
def test_what_machines_write_and_other_lists_send_is_delivered() -> None:
    for field in ("Auto-Submitted: auto-generated\r\n", "List-Id: <other.example.test>\r\n"):
        assert reached(posted(STRANGER, fields=field)) == ["ann@example.test"]


@pytest.mark.usefixtures("team")
def test_thousand_members_cost_few_statements(
    ann: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fields = {"domain": ann.domain, "created_at": now()}
    made = Account.objects.bulk_create(
        Account(login=f"m{number}@example.test", **fields) for number in range(1_000)
    )
    AccountState.objects.bulk_create(
        AccountState(account=one, next_uid_validity=1, quota_bytes=0) for one in made
    )
    group = Group.objects.get(name=TEAM)
    GroupMember.objects.bulk_create(GroupMember(group=group, account=one) for one in made)
    set_policy(TEAM, PolicyChange("members"))
    with django_assert_max_num_queries(12):
        expanded = posted(ann.login)
    assert expanded is not None
    assert len(expanded.account_ids) == 1_001
    with django_assert_max_num_queries(9):
        assert passes(ann.login)
    Account.objects.filter(pk__in=[one.pk for one in made]).delete()  # they have no addresses


@pytest.mark.usefixtures("team")
def test_policy_is_told_changed_and_taken_away(ann: Account, ben: Account) -> None:
    plain = describe_list(TEAM)
    assert (plain.post, plain.owners, plain.own) == ("anyone", [], False)
    assert plain.list_id == "team.example.test"
    changed = set_policy(TEAM, PolicyChange("members", owners=[ben.login], senders=[ann.login]))
    assert (changed.post, changed.owners, changed.senders) == ("members", [ben.login], [ann.login])
    assert set_policy(TEAM, PolicyChange(owners=[ann.login, ann.login])).owners == [ann.login]
    assert set_policy(TEAM, PolicyChange(owners=[])).owners == []
    assert describe_list(TEAM).post == "members"
    assert clear_policy(TEAM) == plain


@pytest.mark.usefixtures("team")
def test_lists_are_listed_by_domain(ann: Account, ben: Account) -> None:
    create_address("both@example.test", [ann.login, ben.login])
    create_group("club@other.test")
    set_policy("both@example.test", PolicyChange("domain"))
    assert [held.address for held in list_lists()] == ["both@example.test", "club@other.test", TEAM]
    found = list_lists("example.test")
    assert [(held.address, held.post) for held in found] == [
        ("both@example.test", "domain"),
        (TEAM, "anyone"),
    ]


@pytest.mark.usefixtures("team")
def test_what_makes_no_sense_is_refused(ann: Account) -> None:
    create_address("@example.test", [TEAM])
    with pytest.raises(NotFound, match="no list nobody@"):
        get_list("nobody@example.test")
    with pytest.raises(Invalid, match="is no list"):
        get_list(ann.login)
    with pytest.raises(Invalid, match="one of"):
        set_policy(TEAM, PolicyChange("everybody"))
    with pytest.raises(NotFound, match="no account nobody@"):
        set_policy(TEAM, PolicyChange(owners=["nobody@example.test"]))
    assert not ListPolicy.objects.exists()


@pytest.mark.usefixtures("team")
def test_parts_in_a_list_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mail.services.listpolicies.MAX_PARTNERS", 1)
    assert MAX_PARTNERS == 100
    with pytest.raises(Invalid, match="at most 1"):
        set_policy(TEAM, PolicyChange(owners=["ann@example.test", "ben@example.test"]))


@pytest.mark.usefixtures("team")
def test_policy_goes_with_its_list_and_a_part_with_its_account(ben: Account) -> None:
    set_policy(TEAM, PolicyChange("members", owners=[ben.login]))
    delete_account(ben.login)
    assert not ListPartner.objects.exists()
    delete_group(TEAM)
    assert not ListPolicy.objects.exists()
