"""`manage.py outside add|list|show|…`: mail of accounts elsewhere."""

from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict

from groupware.core.directory import get_account
from groupware.core.errors import GroupwareError
from groupware.core.models import Account
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.moments import parse_seconds, show_moment
from groupware.management.outside import ACCOUNT, HOST, PASSWORD_STDIN, PORT, SENDER, TLS, UNTESTED
from groupware.management.passwords import ask_password
from groupware.management.progress import Progress
from groupware.management.tables import counted, printable, render_fields, render_table
from mail.models import OutsideAfter, OutsideProtocol
from mail.services.outside import accounts, rounds
from mail.services.outside.accounts import OutsideInfo, Wishes
from mail.services.outside.fetching import Report
from mail.services.outside.servers import Login


def _describe(account: Account, name: str) -> OutsideInfo:
    return accounts.describe_outside(accounts.find_outside(account.pk, name), account)


def _add(options: Namespace) -> Answer:
    """Add an outside account, and look whether its server lets us in."""
    account = get_account(options.account)
    password = ask_password(options.user, from_stdin=options.password_stdin)
    login = Login(options.protocol, options.host, options.user, password, options.port, options.tls)
    key = accounts.add_outside(account.pk, login, _wishes(options, Wishes()), options.name or "")
    name = next(row.name for row in accounts.list_outside(account.pk) if row.outside_id == key)
    if not options.untested:
        try:
            rounds.check(key)
        except GroupwareError:
            accounts.remove_outside(account.pk, name)
            raise
    text = f"{account.login} gets the mail of {name}; `outside fetch` fetches it at once."
    return Answer(_data(_describe(account, name)), text)


def _set(options: Namespace) -> Answer:
    account = get_account(options.account)
    held = _describe(account, options.name)
    accounts.change_outside(account.pk, options.name, _wishes(options, held.wishes))
    return _shown(account, options.name)


def _wishes(options: Namespace, held: Wishes) -> Wishes:
    return Wishes(
        mailboxes=tuple(options.mailbox) if options.mailbox else held.mailboxes,
        after=held.after if options.after is None else options.after,
        delete_days=held.delete_days if options.days is None else options.days,
        seconds=held.seconds if options.every is None else options.every,
    )


def _list(options: Namespace) -> Answer:
    key = get_account(options.account).pk if options.account else None
    found = accounts.list_outside(key)
    if not found:
        return Answer([], "There is no outside account: `outside add` makes one.")
    rows = [
        (row.account, row.name, row.protocol, row.state, row.fetched, _last(row)) for row in found
    ]
    headings = ("account", "name", "protocol", "state", "fetched", "last")
    return Answer([_data(row) for row in found], render_table(headings, rows))


def _last(row: OutsideInfo) -> str:
    return f"{show_moment(row.last_at)}: {row.outcome}" if row.last_at else "never"


def _show(options: Namespace) -> Answer:
    return _shown(get_account(options.account), options.name)


def _shown(account: Account, name: str) -> Answer:
    row = _describe(account, name)
    mailboxes = ", ".join(f"{theirs} to {ours or 'INBOX'}" for theirs, ours in row.wishes.mailboxes)
    after = row.wishes.after
    if after == OutsideAfter.DELETE:
        after += f" after {counted(row.wishes.delete_days, 'day')}"
    fields = [
        ("account", row.account),
        ("name", row.name),
        ("server", f"{row.host}:{row.port}, {row.protocol}, TLS {row.tls}"),
        ("user", row.user),
        ("mailboxes", mailboxes),
        ("after it was fetched", after),
        ("state", row.state),
        ("fetched", row.fetched),
        ("last", _last(row)),
        ("next", show_moment(row.next_at)),
    ]
    fields += [("not fetched", problem) for problem in row.problems]
    return Answer(_data(row), render_fields(fields))


def _test(options: Namespace) -> Answer:
    row = _describe(get_account(options.account), options.name)
    names = rounds.check(row.outside_id)
    text = f"{row.host} lets {row.user} in. Its mailboxes:"
    return Answer({"name": row.name, "mailboxes": names}, "\n".join([text, *map(printable, names)]))


def _fetch(options: Namespace, progress: Progress) -> Answer:
    account = get_account(options.account)
    row = _describe(account, options.name)
    if options.retry:
        accounts.retry_problems(account.pk, options.name)

    def tell(done: int, total: int) -> None:
        progress.tell("messages", done, total)

    reports: list[Report] = []
    while not reports or not reports[-1].is_whole:
        reports.append(rounds.fetch_now(row.outside_id, tell))
    fetched, known, problems = (
        sum(getattr(report.counts, what) for report in reports)
        for what in ("fetched", "known", "problems")
    )
    data = {"name": row.name, "fetched": fetched, "known": known, "problems": problems}
    text = f"Fetched {counted(fetched, 'message')} of {row.name}."
    if known:
        text += f" {counted(known, 'message')} had come before."
    fault = f"{counted(problems, 'message')} could not be had." if problems else ""
    return Answer(data, text, fault)


def _pause(options: Namespace) -> Answer:
    account = get_account(options.account)
    accounts.pause_outside(account.pk, options.name)
    return Answer(_data(_describe(account, options.name)), f"{options.name} is not fetched.")


def _resume(options: Namespace) -> Answer:
    account = get_account(options.account)
    accounts.resume_outside(account.pk, options.name)
    return Answer(_data(_describe(account, options.name)), f"{options.name} is fetched again.")


def _set_password(options: Namespace) -> Answer:
    account = get_account(options.account)
    password = ask_password(options.name, from_stdin=options.password_stdin)
    accounts.set_password(account.pk, options.name, password)
    text = f"{options.name} has the new password, and is fetched again."
    return Answer(_data(_describe(account, options.name)), text)


def _remove(options: Namespace) -> Answer:
    account = get_account(options.account)
    accounts.remove_outside(account.pk, options.name)
    text = f"{options.name} is forgotten; what was fetched stays."
    return Answer({"account": account.login, "removed": options.name}, text)


def _data(row: OutsideInfo) -> dict[str, object]:
    data = asdict(row)
    wishes = data.pop("wishes")
    pairs = [{"theirs": theirs, "ours": ours} for theirs, ours in wishes.pop("mailboxes")]
    del data["outside_id"]
    return {**data, **wishes, "mailboxes": pairs, "problems": list(row.problems)}


def _parse_every(text: str) -> int:
    seconds = parse_seconds(text)
    if seconds is None:
        raise ArgumentTypeError(f"{text!r} is no length of time: write 30m, 12h, 3d or 2w")
    return seconds


def _parse_mailbox(text: str) -> tuple[str, str]:
    theirs, _, ours = text.partition("=")
    return theirs, ours


_NAME = argument("name", metavar="NAME", help="which of its outside accounts")
_WISHES = (
    argument(
        "--mailbox",
        type=_parse_mailbox,
        action="append",
        metavar="THEIRS[=OURS]",
        help="a mailbox there, and where its mail goes (default: INBOX); once for each",
    ),
    argument("--after", choices=OutsideAfter.values, help="what becomes of it there"),
    argument("--days", type=int, metavar="N", help="days after which --after delete deletes"),
    argument("--every", type=_parse_every, metavar="TIME", help="how often: 30m, 12h, 1d"),
)


class Command(TableCommand):
    """Mail of accounts elsewhere."""

    help = "Fetch mail of accounts elsewhere, and send through their servers."

    def fetch(self, options: Namespace) -> Answer:
        """Fetch everything that is new, now."""
        with Progress(self.stderr) as progress:
            return _fetch(options, progress)

    def run(self, options: Namespace) -> Answer:
        """Run the row that was named; fetching shows how far it is."""
        return self.fetch(options) if options.run is None else super().run(options)

    subcommands = (
        Subcommand(
            "add",
            "get the mail of an account elsewhere",
            _add,
            (
                ACCOUNT,
                argument("protocol", choices=OutsideProtocol.values, help="how it is read"),
                HOST,
                argument("--user", required=True, metavar="NAME", help="the user there"),
                PORT,
                TLS,
                argument("--name", metavar="NAME", help="what it is called here"),
                *_WISHES,
                PASSWORD_STDIN,
                UNTESTED,
            ),
        ),
        Subcommand(
            "list",
            "list them",
            _list,
            (argument("account", metavar="ADDRESS", nargs="?", help="of this account alone"),),
        ),
        Subcommand("show", "show one of them", _show, (ACCOUNT, _NAME)),
        Subcommand("test", "log in there, and list the mailboxes", _test, (ACCOUNT, _NAME)),
        Subcommand("set", "let something else be fetched", _set, (ACCOUNT, _NAME, *_WISHES)),
        Subcommand(
            "set-password",
            "give the password anew",
            _set_password,
            (ACCOUNT, _NAME, PASSWORD_STDIN),
        ),
        Subcommand(
            "fetch",
            "fetch what is new, now",
            None,
            (
                ACCOUNT,
                _NAME,
                argument("--retry", action="store_true", help="also what could not be had before"),
            ),
        ),
        Subcommand("pause", "fetch nothing until it is resumed", _pause, (ACCOUNT, _NAME)),
        Subcommand("resume", "fetch again", _resume, (ACCOUNT, _NAME)),
        Subcommand("remove", "forget it; the mail stays", _remove, (ACCOUNT, _NAME)),
        SENDER,
    )
