"""Which names LIST tells, against the table of RFC 5258 §3.5 applied to every name there could be."""

from hypothesis import given
from hypothesis import strategies as st

from mail.imap.listing import Held, Listing, Selection
from mail.imap.patterns import Patterns
from mail.names import superiors

LEVELS = ("INBOX", "a", "b")
NAMES = tuple(
    "/".join(levels)
    for one in LEVELS
    for levels in ((one,), *((one, two) for two in "ab"), *((one, two, "a") for two in "ab"))
)
HELD = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.booleans(), st.sampled_from(("", "", "Sent")))
)
SUBSCRIBED = st.frozensets(st.sampled_from(NAMES))
SELECTION = st.sampled_from(
    (
        (),
        (Selection.REMOTE,),
        (Selection.SUBSCRIBED,),
        (Selection.SPECIAL_USE,),
        (Selection.SUBSCRIBED, Selection.SPECIAL_USE),
        (Selection.SUBSCRIBED, Selection.RECURSIVEMATCH),
        (Selection.SUBSCRIBED, Selection.RECURSIVEMATCH, Selection.SPECIAL_USE),
    )
)
PATTERNS = st.lists(st.sampled_from(("*", "%", "%/%", "a/%", "a", "*a", "INBOX", "")), min_size=1)


@given(HELD, SUBSCRIBED, SELECTION, PATTERNS)
def test_every_name_is_told_as_the_table_of_the_rfc_has_it(
    held: dict[str, tuple[bool, str]],
    subscribed: frozenset[str],
    selection: tuple[Selection, ...],
    patterns: list[str],
) -> None:
    matches = Patterns("", patterns).matches
    mailboxes = [Held(name, selectable, use) for name, (selectable, use) in held.items()]
    told = Listing(mailboxes, subscribed, selection).choose(matches)

    def meets(name: str) -> bool:
        if Selection.SPECIAL_USE in selection and not held.get(name, (True, ""))[1]:
            return False
        return name in (subscribed if Selection.SUBSCRIBED in selection else held)

    recursive = Selection.RECURSIVEMATCH in selection
    bare = not {Selection.SUBSCRIBED, Selection.SPECIAL_USE} & set(selection)
    expected = {}
    for name in filter(matches, NAMES):
        below = [other for other in NAMES if name in superiors(other) and meets(other)]
        hidden = [other for other in below if not matches(other)]
        if meets(name) or (hidden and (recursive or bare)):
            expected[name] = (
                meets(name),
                recursive and bool(below),
                name in held,
                any(name in superiors(other) for other in held),
            )
    assert {
        one.name: (
            one.meets,
            one.child_info,
            "\\NonExistent" not in one.attributes,
            "\\HasChildren" in one.attributes,
        )
        for one in told
    } == expected
    names = [one.name for one in told]
    assert names == sorted(names, key=lambda name: (name != "INBOX", name))
