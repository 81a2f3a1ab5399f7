"""A card: what the store keeps of one in columns, and the lines for all else. Pure.

RFC 6350 (4.0), RFC 2426 (3.0), vCard 2.1 as far as programs still export it. What the RFCs ask
for and real programs leave out is not asked for here: N, FN, UID, a single FN.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from contacts.vcard.contentlines import BadContentLine, Line, Params, content_lines
from contacts.vcard.dates import Birthday, parse_birthday
from contacts.vcard.legacy import join_soft_breaks, modernize
from contacts.vcard.limits import DEFAULT_LIMITS, CardLimits
from contacts.vcard.values import split_list, split_structured, unescape_text
from mail.mime.text import fold_search

OLD_VERSION = "2.1"
VERSIONS = (OLD_VERSION, "3.0", "4.0")
KINDS = ("individual", "group", "org", "location", "application", "device")
KIND_NAMES = ("KIND", "X-ADDRESSBOOKSERVER-KIND")
MEMBER_NAMES = ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")
BINARY_NAMES = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
"""Properties whose values are octets or lead to them; no text that anybody searches."""

# `Card.text` holds the values of these; a search for another property reads the cards.
SEARCHED_NAMES = frozenset(
    {"FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "EMAIL", "TEL", "ADR", "NOTE", "CATEGORIES"}
    | {"URL", "IMPP", "X-PHONETIC-FIRST-NAME", "X-PHONETIC-LAST-NAME"}
)

_TEL_URI = re.compile(r"tel:", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)


class InvalidCard(ValueError):
    """The data is no card that can be kept.

    `precondition` is the local name of the element of RFC 6352 §6.3.2.1; the text says what is
    wrong and what to do.
    """

    def __init__(self, precondition: str, text: str) -> None:
        super().__init__(text)
        self.precondition = precondition
        self.text = text


class Name(NamedTuple):
    """N (RFC 6350 §6.2.2): each part a list."""

    family: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def display(self) -> str:
        """Return the name as a Western reader writes it."""
        parts = (self.prefixes, self.given, self.additional, self.family, self.suffixes)
        return " ".join(text for part in parts for text in part)


@dataclass(frozen=True, slots=True)
class Card:
    """A card as read; `lines` are all between VERSION and END, those of 2.1 in the form of 3.0."""

    version: str
    lines: tuple[Line, ...]
    uid: str | None
    kind: str
    full_name: str
    name: Name
    nicknames: tuple[str, ...]
    organization: tuple[str, ...]
    mails: tuple[str, ...]
    phones: tuple[str, ...]
    birthday: Birthday | None
    members: tuple[str, ...]
    has_photo: bool
    text: str

    def values(self, *names: str) -> list[str]:
        """Return the texts of the properties so named, in the order of the card."""
        return _texts(self.lines, *names)


class CardLines(NamedTuple):
    """A card's version and its lines, of which all else is made; cheaper than the whole."""

    version: str
    lines: tuple[Line, ...]


def read_card(data: bytes, limits: CardLimits = DEFAULT_LIMITS) -> Card:
    """Read one card; raises `InvalidCard`."""
    return make_card(*read_lines(data, limits))


def read_lines(data: bytes, limits: CardLimits = DEFAULT_LIMITS) -> CardLines:
    """Read no more than the lines of one card; raises `InvalidCard`.

    Hot: each card that a query may find is read by it.
    """
    if len(data) > limits.octets:
        text = f"The card has {len(data)} octets; {limits.octets} are allowed."
        raise InvalidCard("max-resource-size", text)
    try:
        lines = list(content_lines(join_soft_breaks(data), max_lines=limits.lines))
    except BadContentLine as error:
        raise InvalidCard("valid-address-data", f"{error} Send a vCard.") from None
    version, inside = _open(lines)
    is_old = version == OLD_VERSION
    return CardLines(version, tuple(modernize(line, is_old=is_old) for line in inside))


def make_card(version: str, lines: tuple[Line, ...]) -> Card:
    """Return the card that these lines make."""
    name = _name(lines)
    organization = _organization(lines)
    nicknames = tuple(
        text for line in lines if line.name == "NICKNAME" for text in split_list(line.value) if text
    )
    mails = tuple(_MAILTO.sub("", text, 1) for text in _texts(lines, "EMAIL"))
    phones = tuple(map(_phone, _texts(lines, "TEL")))
    shown = (*_texts(lines, "FN"), name.display(), " ".join(organization), *nicknames)
    return Card(
        version=version,
        lines=lines,
        uid=next(iter(_texts(lines, "UID")), None),
        kind=_kind(lines),
        full_name=next((text for text in (*shown, *mails, *phones) if text), ""),
        name=name,
        nicknames=nicknames,
        organization=organization,
        mails=mails,
        phones=phones,
        birthday=next((parse_birthday(line) for line in lines if line.name == "BDAY"), None),
        members=tuple(_texts(lines, *MEMBER_NAMES)),
        has_photo=any(line.name == "PHOTO" and line.value for line in lines),
        text=_folded(lines),
    )


def types(params: Params) -> tuple[str, ...]:
    """Return the values of TYPE in lower case; vCard 4.0 may write them as one, in quotes."""
    return tuple(
        text.strip().lower() for item in params.get("TYPE", ()) for text in item.split(",")
    )


def _open(lines: list[Line]) -> tuple[str, list[Line]]:
    """Return the version and the lines inside; raises `InvalidCard`."""
    first, last = (lines[0], lines[-1]) if lines else (None, None)
    if first is None or first.name != "BEGIN" or first.value.strip().upper() != "VCARD":
        raise _invalid("The data does not begin with BEGIN:VCARD.")
    if last is None or last.name != "END" or last.value.strip().upper() != "VCARD":
        raise _invalid("The card is not closed: its last line is not END:VCARD.")
    inside = lines[1:-1]
    if any(line.name in {"BEGIN", "END"} for line in inside):
        raise _invalid("There are several cards; send each by itself.")
    versions = [line.value.strip() for line in inside if line.name == "VERSION"]
    if len(versions) != 1:
        raise _invalid(f"The card has {len(versions)} lines VERSION; it needs one.")
    if versions[0] not in VERSIONS:
        text = f"The card is of version {versions[0][:20]!r}; send 3.0 or 4.0."
        raise InvalidCard("supported-address-data", text)
    return versions[0], [line for line in inside if line.name != "VERSION"]


def _invalid(text: str) -> InvalidCard:
    return InvalidCard("valid-address-data", text)


def _texts(lines: tuple[Line, ...], *names: str) -> list[str]:
    texts = [unescape_text(line.value).strip() for line in lines if line.name in names]
    return [text for text in texts if text]


def _kind(lines: tuple[Line, ...]) -> str:
    kind = next(iter(_texts(lines, *KIND_NAMES)), "").lower()
    return kind if kind in KINDS else "individual"


def _name(lines: tuple[Line, ...]) -> Name:
    found = next((line for line in lines if line.name == "N"), None)
    if found is None:
        return Name()
    parts = [tuple(filter(None, part)) for part in split_structured(found.value)[:5]]
    return Name(*parts)


def _organization(lines: tuple[Line, ...]) -> tuple[str, ...]:
    found = next((line for line in lines if line.name == "ORG"), None)
    if found is None:
        return ()
    return tuple(", ".join(filter(None, part)) for part in split_structured(found.value))


def _phone(text: str) -> str:
    return _TEL_URI.sub("", text, 1).replace(";ext=", " x") if _TEL_URI.match(text) else text


def _folded(lines: tuple[Line, ...]) -> str:
    """Return what a search looks through: each value in a line of its own, folded."""
    return fold_search("\n".join(_texts(lines, *SEARCHED_NAMES)))
