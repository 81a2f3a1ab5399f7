"""Which names LIST tells: the hierarchies and answers of RFC 5258 §5, and what they leave open."""

from collections.abc import Sequence

import pytest

from mail.imap.listing import Held, Listing, Selection, Told
from mail.imap.patterns import Patterns

SUBSCRIBED = (Selection.SUBSCRIBED,)
RECURSIVE = (Selection.SUBSCRIBED, Selection.RECURSIVEMATCH)
SPECIAL = (Selection.SPECIAL_USE,)
FRUIT = (
    *("INBOX", "Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu"),
    *("Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"),
)
EATEN = ("INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli")
FOO = ("INBOX", "Foo", "Foo/Bar", "Foo/Baz", "Moo")
EXAMPLE_9 = (
    *("INBOX", "foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "baz2/bar22"),
    *("baz2/bar222", "eps2", "eps2/mamba", "qux2/bar2"),
)
SUBSCRIBED_9 = (
    *("foo2/bar1", "foo2/bar2", "baz2/bar2", "baz2/bar22", "baz2/bar222"),
    *("eps2", "eps2/mamba", "qux2/bar2"),
)


def choose(
    held: Sequence[str | Held],
    subscribed: Sequence[str],
    selection: Sequence[Selection],
    *patterns: str,
    with_subscribed: bool = False,
) -> list[Told]:
    mailboxes = [one if isinstance(one, Held) else Held(one) for one in held]
    listing = Listing(mailboxes, set(subscribed), selection, with_subscribed=with_subscribed)
    return listing.choose(Patterns("", patterns).matches)


def words(told: list[Told]) -> list[str]:
    r"""Return each response as a line; `+` stands for CHILDINFO, \HasNoChildren is left out."""
    return [
        " ".join(
            [
                one.name,
                *(name[1:] for name in one.attributes if name != "\\HasNoChildren"),
                *("+" for _ in range(one.child_info)),
            ]
        )
        for one in told
    ]


@pytest.mark.parametrize(
    ("held", "subscribed", "selection", "pattern", "told"),
    [
        pytest.param(
            FRUIT,
            EATEN,
            SUBSCRIBED,
            "*",
            [
                *("INBOX Subscribed", "Fruit/Banana Subscribed"),
                "Fruit/Peach NonExistent Subscribed",
                *("Vegetable Subscribed HasChildren", "Vegetable/Broccoli Subscribed"),
            ],
            id="2: subscribed mailboxes",
        ),
        pytest.param(
            FRUIT,
            EATEN,
            (),
            "%",
            ["INBOX", "Fruit HasChildren", "Tofu", "Vegetable HasChildren"],
            id="3: children",
        ),
        pytest.param(
            FRUIT,
            EATEN,
            (Selection.REMOTE,),
            "%",
            ["INBOX", "Fruit HasChildren", "Tofu", "Vegetable HasChildren"],
            id="4: remote, of which there are none",
        ),
        pytest.param(
            FOO, ["Foo/Baz"], SUBSCRIBED, "%", [], id="8: nothing of what is below is subscribed"
        ),
        pytest.param(FOO, ["Foo/Baz"], RECURSIVE, "%", ["Foo HasChildren +"], id="8 A"),
        pytest.param(
            FOO, ["Foo", "Foo/Baz"], RECURSIVE, "%", ["Foo Subscribed HasChildren +"], id="8 A1"
        ),
        pytest.param(
            ("INBOX", "Moo"), ["Foo/Baz"], RECURSIVE, "%", ["Foo NonExistent +"], id="8 A2"
        ),
        pytest.param(FOO, [], RECURSIVE, "%", [], id="8 B"),
        pytest.param(
            FOO,
            ["Foo", "Moo"],
            RECURSIVE,
            "%",
            ["Foo Subscribed HasChildren", "Moo Subscribed"],
            id="8 C",
        ),
        pytest.param(
            EXAMPLE_9,
            SUBSCRIBED_9,
            RECURSIVE,
            "*2",
            [
                *("baz2/bar2 Subscribed", "baz2/bar22 Subscribed", "baz2/bar222 Subscribed"),
                *("eps2 Subscribed HasChildren +", "foo2 HasChildren +"),
                *("foo2/bar2 Subscribed", "qux2/bar2 Subscribed"),
            ],
            id="9: what is redundant is left out",
        ),
        pytest.param(
            ("foo",), ["foo/bar"], SUBSCRIBED, "foo/*", ["foo/bar NonExistent Subscribed"], id="10"
        ),
        pytest.param(
            ("foo",), ["foo/bar"], RECURSIVE, "foo", ["foo +"], id="10: without a mailbox below"
        ),
        pytest.param(("music/rock",), [], (), "*", ["music/rock"], id="11 a1"),
        pytest.param(("music/rock",), [], (), "%", ["music NonExistent HasChildren"], id="11 a2"),
        pytest.param(
            ("a/b/c",), [], (), "%/%", ["a/b NonExistent HasChildren"], id="a level between"
        ),
        pytest.param(("a/b/c",), ["a/b/c"], SUBSCRIBED, "%", [], id="no level of its own"),
        pytest.param(
            ("a/b", "a/c"),
            ["a/b"],
            RECURSIVE,
            "a/%",
            ["a/b Subscribed"],
            id="nothing of what does not match the pattern",
        ),
        pytest.param(
            (Held("gone", selectable=False), "gone/here"),
            [],
            (),
            "*",
            ["gone Noselect HasChildren", "gone/here"],
            id="a name that is left",
        ),
    ],
)
def test_names_are_told_as_in_the_examples_of_the_rfc(
    held: Sequence[str | Held],
    subscribed: Sequence[str],
    selection: Sequence[Selection],
    pattern: str,
    told: list[str],
) -> None:
    assert words(choose(held, subscribed, selection, pattern)) == told


def test_subscriptions_are_told_where_asked_for_and_add_no_name() -> None:
    told = choose(FRUIT, EATEN, (), "F*", with_subscribed=True)
    assert words(told) == ["Fruit HasChildren", "Fruit/Apple", "Fruit/Banana Subscribed"]
    assert words(choose(FRUIT, EATEN, (), "F*")) == words(choose(FRUIT, (), (), "F*"))


def test_name_is_told_once_however_many_patterns_match() -> None:
    told = choose(("music/rock",), (), (), "%", "music/rock")
    assert words(told) == ["music/rock"]
    told = choose(("INBOX", "Drafts", "Sent/2003"), (), (), "inbox", "*", "Drafts", "")
    assert words(told) == ["INBOX", "Drafts", "Sent/2003"]
    assert choose(FRUIT, (), (), "", "") == []


def test_only_mailboxes_with_a_use_are_told_for_special_use() -> None:
    held = ("INBOX", Held("Old/Post", special_use="Sent"), Held("Bin", special_use="Trash"))
    assert words(choose(held, (), SPECIAL, "*")) == ["Bin Trash", "Old/Post Sent"]
    assert choose(held, (), SPECIAL, "%")[0].name == "Bin"
    assert [one.name for one in choose(held, (), SPECIAL, "%")] == ["Bin"]
    both = (*SPECIAL, *SUBSCRIBED)
    assert words(choose(held, ("INBOX", "Bin", "Gone"), both, "*")) == ["Bin Subscribed Trash"]


def test_only_what_meets_the_criteria_itself_is_marked_so() -> None:
    told = choose(FOO, ["Moo", "Foo/Baz"], RECURSIVE, "%")
    assert [(one.name, one.meets) for one in told] == [("Foo", False), ("Moo", True)]


def test_every_name_tells_whether_it_has_children() -> None:
    for one in choose(EXAMPLE_9, SUBSCRIBED_9, RECURSIVE, "*2"):
        assert len({"\\HasChildren", "\\HasNoChildren"} & set(one.attributes)) == 1
