"""`account import FILE`, and `account list --csv`, which imports back without a change."""

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper

from groupware.core import audit, directory
from groupware.core.administration import Administrator, csvfiles
from groupware.core.administration.csvfiles import Plan
from groupware.core.errors import NotFound
from groupware.core.limits import ACCOUNT_FILE_SIZE
from groupware.core.models import AccountImport, RowOutcome, RowState
from groupware.core.publicurl import secure_url
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.progress import Progress
from groupware.management.tables import counted, render_table

_WORDS = {
    RowState.DONE: {RowOutcome.CREATE: "created", RowOutcome.CHANGE: "changed"},
    RowState.FAILED: {RowOutcome.CREATE: "refused", RowOutcome.CHANGE: "refused"},
}
"""What became of a row; elsewhere the outcome says what would."""


def import_accounts(options: Namespace) -> Answer:
    """Create and change accounts as a file says; a run that was cut off is gone on with."""
    with Path(options.file).open("rb") as file:
        octets = file.read(ACCOUNT_FILE_SIZE.value + 1)
    by = Administrator.of_the_machine()
    if options.dry_run:
        plan = csvfiles.read(by, octets)
        return _answer(Told(_planned(plan), plan.unread), is_dry=True)
    job = csvfiles.find_unfinished(octets, invites=options.invite)
    if job is None:
        job = csvfiles.ask(csvfiles.read(by, octets), octets, invites=options.invite)
        with audit.change():
            csvfiles.confirm(by, job)
    with Progress(OutputWrapper(sys.stderr)) as progress:
        csvfiles.run(job, progress=lambda done, total: progress.tell("Accounts", done, total))
    return _finish(by, job)


def _finish(by: Administrator, job: AccountImport) -> Answer:
    rows = [_kept(row) for row in job.rows.order_by("line", "pk").iterator()]
    with audit.change():
        secrets = {address: secret for address, _name, secret in csvfiles.take_secrets(job)}
        csvfiles.drop(by, job)
    if job.invites:
        secrets = {
            key: f"{secure_url()}/account/invitation/{held}/" for key, held in secrets.items()
        }
    key = "invitation" if job.invites else "password"
    return _answer(Told(rows, job.unread, secrets, key), is_dry=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell: rows, columns that mean nothing, and what lets new people in."""

    rows: Sequence[dict[str, Any]]
    unread: Sequence[str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    key: str = "password"


def _planned(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "line": row.line,
            "address": row.address,
            "outcome": str(row.outcome),
            "state": "",
            "changes": [[held.field, held.before, held.after] for held in row.changes],
            "reason": row.reason,
        }
        for row in plan.rows
    ]


def _kept(row: Any) -> dict[str, Any]:
    return {
        "line": row.line,
        "address": row.address,
        "outcome": row.outcome,
        "state": row.state,
        "changes": row.changes,
        "reason": row.reason,
    }


def _answer(told: Told, *, is_dry: bool) -> Answer:
    words = Counter(_word(row) for row in told.rows)
    shown = [row for row in told.rows if row["outcome"] != RowOutcome.UNCHANGED]
    cells = [(row["line"], row["address"], _word(row), _what(row)) for row in shown]
    parts = [render_table(("line", "address", "what", "changes"), cells)] if cells else []
    if told.secrets:
        table = render_table(("address", told.key), told.secrets.items())
        parts.append(f"{table}\n(shown only now)")
    if told.unread:
        parts.append(f"Columns that are not read: {', '.join(told.unread)}.")
    counts = ", ".join(f"{number} {word}" for word, number in sorted(words.items()))
    done = "Nothing was done" if is_dry else "Done"
    parts.append(f"{done}: {counts}." if counts else "The file has no rows.")
    return Answer([_data(told, row) for row in told.rows], "\n\n".join(parts), _fault(words))


def _data(told: Told, row: dict[str, Any]) -> dict[str, Any]:
    names = ("field", "from", "to")
    changes = [dict(zip(names, held, strict=True)) for held in row["changes"]]
    secret = told.secrets.get(row["address"])
    return {**row, "changes": changes, **({told.key: secret} if secret else {})}


def _fault(words: Counter[str]) -> str:
    wrong = words["fault"] + words["refused"]
    return (
        f"{counted(wrong, 'row has a fault', 'rows have faults')}: mend, and import again."
        if wrong
        else ""
    )


def _word(row: dict[str, Any]) -> str:
    return str(_WORDS.get(row["state"], {}).get(row["outcome"], row["outcome"]))


def _what(row: dict[str, Any]) -> str:
    if row["reason"]:
        return str(row["reason"])
    changes = row["changes"]
    return "; ".join(f"{name}: {f'{old} → ' if old else ''}{new}" for name, old, new in changes)


def list_as_file(options: Namespace) -> Answer:
    """Return the accounts as a file that imports back without a change."""
    domain = ""
    if options.domain:
        found = directory.get_domain(options.domain)
        domain = (found.alias_of or found).name
    text = csvfiles.write_accounts(Administrator.of_the_machine(), domain=domain)
    if text.count("\n") == 1 and domain:
        raise NotFound(f"There is no account in {domain} yet: `account create ADDRESS` makes one.")
    return Answer({"csv": text}, text)


CSV = argument("--csv", action="store_true", help="as a file that `account import` reads")
IMPORT = Subcommand(
    "import",
    "create and change accounts as a CSV file says; what it leaves out stays",
    import_accounts,
    (
        argument("file", metavar="FILE", help="with columns such as address, name, quota, aliases"),
        argument("--dry-run", action="store_true", help="say what would change, and do nothing"),
        argument(
            "--invite", action="store_true", help="make links by which people choose passwords"
        ),
    ),
)
