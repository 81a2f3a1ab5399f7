"""`manage.py contacts duplicates|merge ADDRESSBOOK`: cards that may be of one person."""

from argparse import Namespace
from collections.abc import Sequence

from contacts.services import merge
from contacts.services.merge import Duplicates, Plan
from contacts.vcard.merging import Field
from groupware.core import names
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.models import Collection, CollectionKind
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.tables import counted, printable, render_table

_BOOK = argument("book", metavar="ADDRESSBOOK", help="ADDRESS/addressbooks/NAME")
WIDEST = 60
"""Characters of a value in the table."""


def _find_book(text: str) -> Collection:
    book = names.get_collection(text)
    if book.kind != CollectionKind.ADDRESS_BOOK:
        raise Invalid(f"{text} is no address book: write ADDRESS/addressbooks/NAME.")
    return book


def _duplicates(options: Namespace) -> Answer:
    found = merge.find_duplicates(_find_book(options.book).pk)
    data = [{"cards": each.hrefs, "reasons": list(each.reasons)} for each in found]
    if not found:
        return Answer(data, "No two cards look as if they were of one person.")
    rows = [
        (_short(each.cards[0].full_name), ", ".join(each.hrefs), "; ".join(each.reasons))
        for each in found
    ]
    people = counted(len(found), "person has", "people have")
    summary = (
        f"{people} several cards: `contacts merge {options.book}` shows what would become one."
    )
    return Answer(data, f"{render_table(('name', 'cards', 'same'), rows)}\n\n{summary}")


def _merge(options: Namespace) -> Answer:
    book = _find_book(options.book)
    chosen = [options.card] if options.card else _chosen(merge.find_duplicates(book.pk))
    plans = [merge.plan_merge(book.pk, hrefs) for hrefs in chosen]
    fault = _carry_out(book, plans) if options.yes else ""
    data = {"merged": options.yes and not fault, "plans": [_data(plan) for plan in plans]}
    if not plans:
        return Answer(data, "No two cards look as if they were of one person.")
    end = "Nothing is written yet: the same with --yes does it."
    if options.yes:
        end = f"{counted(len(plans), 'card')} made of {sum(len(plan.hrefs) for plan in plans)}."
    return Answer(data, "\n\n".join([*map(_shown, plans), "" if fault else end]).rstrip(), fault)


def _chosen(found: Sequence[Duplicates]) -> list[list[str]]:
    return [each.hrefs for each in found]


def _carry_out(book: Collection, plans: Sequence[Plan]) -> str:
    """Merge until something hinders it, and return what."""
    for number, plan in enumerate(plans):
        try:
            merge.carry_out(book.account_id, plan)
        except GroupwareError as error:
            return f"{number} of {len(plans)} merged; {plan.hrefs[0]}: {error.message}"
    return ""


def _data(plan: Plan) -> dict[str, object]:
    return {
        "into": plan.hrefs[0],
        "from": list(plan.hrefs[1:]),
        "fields": [_field_data(each, plan) for each in plan.merged.fields],
        "left_out": [_field_data(each, plan) for each in plan.merged.left_out],
        "groups": list(plan.groups),
        "card": plan.merged.data.decode(),
    }


def _field_data(shown: Field, plan: Plan) -> dict[str, object]:
    return {
        "name": shown.name,
        "types": list(shown.types),
        "value": shown.text,
        "of": [plan.hrefs[place] for place in shown.sources],
    }


def _shown(plan: Plan) -> str:
    """Return what a merge does, field by field; cards are numbered as they are named."""
    numbered = [f"{number} {href}" for number, href in enumerate(plan.hrefs, 1)]
    lines = [printable(f"{', '.join(numbered[1:])} into {numbered[0]}")]
    lines.append(render_table(("field", "value", "of"), map(_row, plan.merged.fields)))
    if plan.merged.left_out:
        lines.append("Left out, since a card has it once:")
        lines.append(render_table(("field", "value", "of"), map(_row, plan.merged.left_out)))
    if plan.groups:
        lines.append(printable(f"Groups that follow: {', '.join(plan.groups)}"))
    return "\n".join(lines)


def _row(shown: Field) -> tuple[str, str, str]:
    types = f" ({', '.join(shown.types)})" if shown.types else ""
    places = ", ".join(str(place + 1) for place in shown.sources)
    return shown.name, _short(shown.text.replace("\n", " ")) + types, places


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


class Command(TableCommand):
    """Find and merge cards of one person."""

    help = "Find cards that may be of one person, and merge them."
    subcommands = (
        Subcommand("duplicates", "list cards that may be of one person", _duplicates, (_BOOK,)),
        Subcommand(
            "merge",
            "show what they would become, field by field; with --yes make it so",
            _merge,
            (
                _BOOK,
                argument(
                    "card",
                    metavar="CARD",
                    nargs="*",
                    help="only these, as `duplicates` names them; the first one stays",
                ),
                argument("--yes", action="store_true", help="merge what is shown"),
            ),
        ),
    )
