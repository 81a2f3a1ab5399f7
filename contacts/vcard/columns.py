"""What the store keeps of a card beside its bytes: made at PUT, and made anew by the doctor. Pure."""

from typing import NamedTuple

from contacts.vcard.cards import Card
from contacts.vcard.keys import mail_key, phone_key
from contacts.vcard.values import join_structured


class Columns(NamedTuple):
    """The columns of a card, in the order and by the names of its table."""

    kind: str
    full_name: str
    names: str
    mails: str
    phones: str
    birthday: str
    text: str


def make_columns(card: Card) -> Columns:
    """Return what is kept of a card."""
    return Columns(
        kind=card.kind,
        full_name=card.full_name,
        names=join_structured([card.name.family or [""], card.name.given or [""]]),
        mails="\n".join(map(mail_key, card.mails)),
        phones="\n".join(map(phone_key, card.phones)),
        birthday=str(card.birthday) if card.birthday else "",
        text=card.text,
    )
