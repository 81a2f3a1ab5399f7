"""`domain dkim` and `domain dns`: a domain's keys, and what the DNS is to say of it."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import dns
from groupware.core.directory import get_domain
from groupware.core.errors import Invalid
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.tables import render_table
from mail import records
from mail.services import signing


def manage_keys(options: Namespace) -> Answer:
    """Make, use or drop a key, and tell what the domain has and what its DNS is to say."""
    name = get_domain(options.name).name
    asked = [bool(options.rotate), bool(options.use), bool(options.drop)]
    if sum(asked) > 1:
        raise Invalid(
            "Do one at a time: --rotate, then --use the new key, then --drop the old one."
        )
    if options.use:
        signing.use_key(name, options.use)
    elif options.drop:
        signing.drop_key(name, options.drop)
    elif options.rotate or options.selector or not _has(name, options.algorithm):
        signing.create_key(name, selector=options.selector, algorithm=options.algorithm)
    held = signing.list_keys(name)
    table = render_table(
        ("selector", "algorithm", "state"),
        [(key.selector, key.algorithm, key.state) for key in held],
    )
    wanted = records.list_wanted(name)
    waiting = [key.selector for key in held if key.state == "waiting"]
    text = f"{table}\n\nThe DNS of {name} is to have:\n\n{records.render_zone(wanted)}"
    if waiting:
        text += f"\n\nWhen it has, sign with the new key: domain dkim {name} --use {waiting[0]}"
    data = {"keys": [asdict(key) for key in held], "records": [asdict(held) for held in wanted]}
    return Answer(data, text)


def _has(name: str, algorithm: str) -> bool:
    return any(key.algorithm == algorithm for key in signing.list_keys(name))


def show_records(options: Namespace) -> Answer:
    """Print the records that are wanted, or with `--check` what the DNS says instead."""
    wanted = records.list_wanted(options.name)
    if not options.check:
        return Answer([asdict(record) for record in wanted], records.render_zone(wanted))
    dns.forget_answers()
    checked = records.check_all((*wanted, *records.list_reverse()))
    rows = [
        (held.status, held.record.kind, held.record.name, _tell(held), held.record.purpose)
        for held in checked
    ]
    wrong = sum(held.status != "ok" for held in checked)
    data = [
        {**asdict(held.record), "status": held.status, "found": list(held.found)}
        for held in checked
    ]
    fault = f"{wrong} of {len(checked)} records are not as they should be." if wrong else ""
    return Answer(data, render_table(("", "kind", "name", "DNS says", "for"), rows), fault)


def _tell(held: records.Checked) -> str:
    found = "; ".join(held.found) or "-"
    return found if len(found) <= 60 else f"{found[:59]}…"


NAME = argument("name", metavar="NAME", help="the domain, such as example.org")

SUBCOMMANDS = (
    Subcommand(
        "dkim",
        "make the key that a domain signs with, and print the records wanted",
        manage_keys,
        (
            NAME,
            argument("--selector", default="", help="the name of the new key"),
            argument(
                "--algorithm",
                choices=signing.ALGORITHMS,
                default=signing.ALGORITHMS[0],
                help="of the new key: rsa, which everybody checks; ed25519 beside it",
            ),
            argument("--rotate", action="store_true", help="make another key, to be used later"),
            argument(
                "--use", metavar="SELECTOR", default="", help="sign with this key from now on"
            ),
            argument("--drop", metavar="SELECTOR", default="", help="forget this key"),
        ),
    ),
    Subcommand(
        "dns",
        "print the DNS records that a domain wants",
        show_records,
        (NAME, argument("--check", action="store_true", help="compare with what the DNS says")),
    ),
)
