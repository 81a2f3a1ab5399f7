"""`manage.py retention`: what goes from mailboxes by age, and what must not go at all."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from django.core.management.base import OutputWrapper

from groupware.core import db, names
from groupware.core.clock import epoch
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import CollectionKind
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.moments import iso_moment, show_day
from groupware.management.progress import Progress
from groupware.management.retention import (
    FLAGGED_STAY,
    find_mailbox_id,
    hold_data,
    hold_name,
    parse_held,
    parse_reach,
    parse_rule,
    rule_data,
    rule_in_words,
    rule_row,
    within,
)
from groupware.management.space import short
from groupware.management.tables import counted, octets, render_table
from mail.models import RetentionAction, RetentionAge
from mail.retention import (
    USES,
    Example,
    Expected,
    Place,
    Rule,
    Rulebook,
    expect,
    list_examples,
    read_rules,
)
from mail.services import holds, retention

FIRST = 10
"""Messages that a preview names."""
RULE_HEADINGS = ("for", "action", "days", "counted from", "flagged")
HOLD_HEADINGS = ("on hold", "since", "reason")
MAILBOX_HEADINGS = ("mailbox", "messages", "size", "")
MESSAGE_HEADINGS = ("the first", "mailbox", "from", "subject", "size")


def set_rule(options: Namespace) -> Answer:
    """Set a rule; it is done within the hour, and then once a day."""
    if options.action is None:
        raise Invalid(f"Say what becomes of them: --action {'|'.join(RetentionAction.values)}.")
    rule = retention.set_rule(parse_rule(options))
    text = f"{rule_in_words(rule)}\n`retention preview` shows what that is, `retention run` does it"
    return Answer(rule_data(rule), f"{text} now; the server does it within the hour.")


def list_all(options: Namespace) -> Answer:
    """List the rules and the holds."""
    rules, held = within(options.target, list(read_rules()))
    data = {"rules": [rule_data(rule) for rule in rules], "holds": [hold_data(row) for row in held]}
    if not rules and not held:
        return Answer(data, "Nothing goes by age, and nothing is on hold.")
    tables = [
        render_table(RULE_HEADINGS, map(rule_row, rules)) if rules else "",
        render_table(
            HOLD_HEADINGS,
            [(_held_name(row), show_day(row.created_at), row.reason or "-") for row in held],
        )
        if held
        else "",
    ]
    return Answer(data, "\n\n".join(filter(None, tables)))


def _held_name(row: holds.Hold) -> str:
    return hold_name(row) + (" (deleted)" if row.is_gone else "")


def remove(options: Namespace) -> Answer:
    """Remove a rule."""
    reach = parse_reach(options)
    found = [rule for rule in read_rules() if rule.reach == reach]
    if not found:
        raise NotFound("There is no such rule: `retention list` shows what there is.")
    retention.remove_rule(found[0])
    return Answer(rule_data(found[0]), f"No more: {rule_in_words(found[0])}")


def preview(options: Namespace) -> Answer:
    """Show what rules, or one that is not set, would take away now."""
    rules = read_rules()
    if options.action is not None or options.days is not None:
        if options.target is None:
            raise Invalid("Say for whom: a mailbox, an account, a domain, or `all`.")
        rule = parse_rule(options)
        retention.check_rule(rule)
        chosen, rules = [rule], rules.having(rule)
    else:
        chosen, _ = within(options.target, list(rules))
    if not chosen:
        return Answer([], "There is no rule to preview: add --use, --action and --days to try one.")
    with Progress(OutputWrapper(sys.stderr)) as progress:
        pages = [_preview(rule, rules, progress) for rule in chosen]
    return Answer([data for data, _ in pages], "\n\n".join(text for _, text in pages))


def _preview(rule: Rule, rules: Rulebook, progress: Progress) -> tuple[dict[str, object], str]:
    moment, found = epoch(), list[Expected]()
    for row in expect(rule, rules, moment=moment):
        found.append(row)
        progress.show(f"{counted(len(found), 'mailbox', 'mailboxes')} looked at", 0.0)
    going = [row for row in found if not row.is_held and row.amount.messages]
    examples = _find_examples(going, rule, moment)
    data = rule_data(rule) | {
        "messages": sum(row.amount.messages for row in going),
        "bytes": sum(row.amount.octets for row in going),
        "flagged": sum(row.amount.spared for row in found),
        "mailboxes": [_expected_data(row) for row in found],
        "first": [_example_data(place, held) for place, held in examples],
    }
    return data, "\n\n".join([rule_in_words(rule), _expected_text(found, going, examples)])


def _find_examples(going: list[Expected], rule: Rule, moment: int) -> list[tuple[Place, Example]]:
    examples: list[tuple[Place, Example]] = []
    for row in going:
        if (left := FIRST - len(examples)) <= 0:
            break
        with db.read_snapshot():
            found = list_examples(row.place.collection_id, rule, moment=moment, limit=left)
        examples += [(row.place, example) for example in found]
    return examples


def _expected_data(row: Expected) -> dict[str, object]:
    return {
        "mailbox": _name(row.place),
        "messages": row.amount.messages,
        "bytes": row.amount.octets,
        "flagged": row.amount.spared,
        "on_hold": row.is_held,
    }


def _example_data(place: Place, held: Example) -> dict[str, object]:
    return {
        "mailbox": _name(place),
        "uid": held.uid,
        "bytes": held.size,
        "internal_date": iso_moment(held.internal_date),
        "arrived_at": iso_moment(held.saved_at),
        "from": held.sender,
        "subject": held.subject,
    }


def _expected_text(
    found: Sequence[Expected],
    going: Sequence[Expected],
    examples: Sequence[tuple[Place, Example]],
) -> str:
    if not found:
        return "That is nothing now."
    rows = [
        (_name(row.place), row.amount.messages, octets(row.amount.octets), _remark(row))
        for row in found
    ]
    parts = [render_table(MAILBOX_HEADINGS, rows)]
    if examples:
        lines = [
            (
                show_day(held.internal_date),
                _name(place),
                short(held.sender),
                short(held.subject),
                octets(held.size),
            )
            for place, held in examples
        ]
        parts.append(render_table(MESSAGE_HEADINGS, lines))
    number, size = (
        (sum(values) for values in zip(*map(_amount, going), strict=True)) if going else (0, 0)
    )
    parts.append(f"{counted(number, 'message')} of {octets(size)} would go now.")
    return "\n\n".join(parts)


def _amount(row: Expected) -> tuple[int, int]:
    return row.amount.messages, row.amount.octets


def _remark(row: Expected) -> str:
    flagged = f"{row.amount.spared} flagged stay" if row.amount.spared else ""
    return ", ".join(filter(None, ["on hold: all stay" if row.is_held else "", flagged]))


def _name(place: Place) -> str:
    return names.name_of(place.login, CollectionKind.MAIL, place.name)


def run(options: Namespace) -> Answer:
    """Do now what the rules say."""
    rules = read_rules()
    chosen, _ = within(options.target, list(rules))
    chosen = [rule for rule in chosen if rule.action != RetentionAction.KEEP]
    if not chosen:
        raise NotFound("There is no rule that takes anything away: `retention list` shows all.")
    number = size = 0
    by_mailbox: dict[str, int] = {}
    with Progress(OutputWrapper(sys.stderr)) as progress:
        moment = epoch()
        total = sum(
            row.amount.messages
            for rule in chosen
            for row in expect(rule, rules, moment=moment)
            if not row.is_held
        )
        for removed in retention.run(chosen, rules):
            number += removed.messages
            size += removed.octets
            name = _name(removed.place)
            by_mailbox[name] = by_mailbox.get(name, 0) + removed.messages
            progress.tell("done", number, max(number, total))
    data = {"messages": number, "bytes": size, "mailboxes": by_mailbox}
    lines = [f"{name}: {count}" for name, count in sorted(by_mailbox.items())]
    text = f"{counted(number, 'message')} of {octets(size)} went."
    return Answer(data, "\n".join([text, *lines]))


def hold(options: Namespace) -> Answer:
    """Put an account or a mailbox on hold."""
    account, mailbox = parse_held(options.target)
    mailbox_id = find_mailbox_id(account, mailbox)
    holds.hold(account, mailbox_id, mailbox, reason=options.reason)
    [held] = [row for row in holds.list_holds(account.pk) if row.mailbox_id == mailbox_id]
    text = f"{hold_name(held)} is on hold: nothing goes by age, what is expunged is kept"
    text += ", and the account cannot be deleted."
    return Answer(hold_data(held), text)


def release(options: Namespace) -> Answer:
    """End a hold."""
    account, mailbox = parse_held(options.target)
    holds.release(account, mailbox)
    name = names.name_of(account.login, CollectionKind.MAIL, mailbox) if mailbox else account.login
    text = (
        f"{name} is on hold no more: what was kept longer because of it goes in the next minutes."
    )
    return Answer({"released": name}, text)


TARGET_HELP = "ADDRESS/mail/NAME, an ADDRESS, a DOMAIN, or `all`"
TARGET = argument("target", metavar="TARGET", help=TARGET_HELP)
ANY_TARGET = argument("target", metavar="TARGET", nargs="?", help=f"{TARGET_HELP} (default)")
HELD = argument("target", metavar="ACCOUNT|MAILBOX", help="an ADDRESS, or ADDRESS/mail/NAME")
USE = argument("--use", choices=USES, help="of which mailboxes, where TARGET names none")
OPTIONS = (
    USE,
    argument("--days", type=int, metavar="N", help="how old a message must be"),
    argument(
        "--action",
        choices=RetentionAction.values,
        help="what becomes of it; keep excepts from the rule of a domain or of all",
    ),
    argument(
        "--age",
        choices=RetentionAge.values,
        help="counted from its date, or from when it came into the mailbox"
        " (default: arrived for delete, else received)",
    ),
    argument("--flagged", action="store_true", help=f"also what is flagged; {FLAGGED_STAY}"),
)
REASON = argument("--reason", metavar="TEXT", default="", help="why, for who lists it")


class Command(TableCommand):
    """Retention by mailbox and age."""

    help = "Move or delete messages by mailbox and age, and put accounts on hold."
    subcommands = (
        Subcommand(
            "set", "set a rule for a mailbox, or for all of a use", set_rule, (TARGET, *OPTIONS)
        ),
        Subcommand("list", "list the rules and what is on hold", list_all, (ANY_TARGET,)),
        Subcommand("remove", "remove a rule", remove, (TARGET, USE)),
        Subcommand(
            "preview",
            "show what rules would take away, or one that is not set",
            preview,
            (ANY_TARGET, *OPTIONS),
        ),
        Subcommand("run", "do now what the rules say", run, (ANY_TARGET,)),
        Subcommand("hold", "let nothing be lost of an account or a mailbox", hold, (HELD, REASON)),
        Subcommand("release", "end that", release, (HELD,)),
    )
