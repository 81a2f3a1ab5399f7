"""Messages that were taken, as rows: written before the reply, and read by the fan-out.

Invariant: `250` follows the commit of the row, and the row goes only with the transaction that
settles the last of its recipients (docs/adr/0037).
"""

from dataclasses import dataclass, field
from functools import partial

from groupware.core import blobs, crashpoints, db
from groupware.core.clock import epoch
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.mime.limits import DEFAULT_LIMITS
from mail.services import trace
from mail.services.content import PreparedMessage, claim_content, find_prepared
from mail.services.trace import Note, Step

GRACE = 5
"""Seconds in which whoever took a message fans it out; then the sweep does."""
BACKOFF = (5, 15, 60, 300, 900, 3600)
"""Seconds until the next attempt, the last one repeating."""
LEASE = 60
"""Seconds for which a message that is being fanned out is left alone by the others."""


@dataclass(frozen=True, slots=True)
class NewInbound:
    """A message to be answered for; the fields as in `mail.models.Inbound`.

    `peer` is who handed it over, in the session `reference`, and `about` what the trace is to say.
    """

    prepared: PreparedMessage
    envelope: Envelope
    prefix: bytes = b""
    account_id: int | None = None
    is_trusted: bool = False
    is_junk: bool = False
    peer: str = ""
    reference: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recipient that is not settled yet; the fields as in `mail.models.InboundRecipient`."""

    row_id: int
    recipient: EnvelopeRecipient
    is_relayed: bool
    expansion: str = ""
    was_warned: bool = False


@dataclass(slots=True)
class Taken:
    """A message on its way: its row, who waits for it, and the accounts that have it.

    The recipients of `envelope` are those that wait.
    """

    inbound_id: int
    account_id: int | None
    blob_id: int
    prefix: bytes
    envelope: Envelope
    is_trusted: bool
    is_junk: bool
    received_at: int
    prepared: PreparedMessage
    waiting: list[Waiting]
    delivered: frozenset[int]
    _header: bytes | None = field(default=None, repr=False)

    @property
    def header(self) -> bytes:
        """What stands before the body, as far as anything here looks at it."""
        if self._header is None:
            end = min(DEFAULT_LIMITS.max_header_bytes, self.prepared.staged.size)
            own = b""
            if self.prepared.has_header:
                own = blobs.read_location(self.prepared.staged.location, 0, end)
            self._header = self.prefix + own
        return self._header

    @property
    def is_notice(self) -> bool:
        """Tell whether it is of those that this server writes: a report, or a warning."""
        return self.account_id is None and not self.envelope.mail_from and self.is_trusted

    def read(self) -> bytes:
        """Return all octets."""
        return self.prefix + blobs.read_location(self.prepared.staged.location)


def accept(new: NewInbound) -> int:
    """Write a message that is answered for, in the caller's transaction; return its id.

    It is fanned out by `fanout.fan_out` right after the commit, or by the sweep a moment later.
    Raises `BlobGone` when the message must be prepared again.
    """
    blob_id = claim_content(new.prepared)
    now, envelope = epoch(), new.envelope
    row = {
        "account_id": new.account_id,
        "blob_id": blob_id,
        "prefix": new.prefix,
        "mail_from": envelope.mail_from,
        "ret": envelope.ret,
        "envid": envelope.envid,
        "is_8bit": envelope.is_8bit,
        "is_utf8": envelope.is_utf8,
        "is_trusted": new.is_trusted,
        "is_junk": new.is_junk,
        "received_at": now,
        "attempts": 0,
        "next_attempt_at": now + GRACE,
        "last_error": "",
    }
    places = ", ".join(["%s"] * len(row))
    ((inbound_id,),) = db.fetch_rows(
        f"INSERT INTO mail_inbound ({', '.join(row)}) VALUES ({places}) RETURNING id",
        list(row.values()),
    )
    db.execute_many(
        "INSERT INTO mail_inboundrecipient (inbound_id, address, notify, orcpt, is_relayed)"
        " VALUES (%s, %s, %s, %s, %s)",
        [
            (inbound_id, recipient.address, recipient.notify, recipient.orcpt, False)
            for recipient in envelope.recipients
        ],
    )
    db.on_commit(partial(crashpoints.reach, "inbound-accepted"))
    db.on_commit(partial(_note_received, new, int(inbound_id)))
    return int(inbound_id)


def _note_received(new: NewInbound, inbound_id: int) -> None:
    for recipient in new.envelope.recipients:
        trace.note(
            Note(
                Step.RECEIVED,
                sender=new.envelope.mail_from,
                recipient=recipient.address,
                place=recipient.address,
                account_id=new.account_id,
                message_id=trace.name_of(new.prepared, new.prefix),
                reference=str(inbound_id),
                size=len(new.prefix) + new.prepared.staged.size,
                peer=new.peer,
                detail=new.about,
            )
        )


_COLUMNS = (
    "account_id, blob_id, prefix, mail_from, ret, envid, is_8bit, is_utf8, is_trusted, is_junk,"
    " received_at"
)


def find_taken(inbound_id: int) -> Taken | None:
    """Return a message that is on its way, None where it is settled; in the caller's snapshot."""
    rows = db.fetch_rows(f"SELECT {_COLUMNS} FROM mail_inbound WHERE id = %s", [inbound_id])
    if not rows:
        return None
    account_id, blob_id, prefix, mail_from, ret, envid, is_8bit, is_utf8, *rest = rows[0]
    is_trusted, is_junk, received_at = rest
    waiting = [
        Waiting(key, EnvelopeRecipient(*told), bool(is_relayed), expansion, bool(was_warned))
        for key, *told, is_relayed, expansion, was_warned in db.fetch_rows(
            "SELECT id, address, notify, orcpt, is_relayed, expansion, was_warned"
            " FROM mail_inboundrecipient WHERE inbound_id = %s ORDER BY id",
            [inbound_id],
        )
    ]
    recipients = tuple(held.recipient for held in waiting)
    return Taken(
        inbound_id,
        account_id,
        blob_id,
        bytes(prefix),
        Envelope(mail_from, recipients, ret, envid, bool(is_8bit), bool(is_utf8)),
        bool(is_trusted),
        bool(is_junk),
        received_at,
        find_prepared(blob_id),
        waiting,
        _list_delivered(inbound_id),
    )


def _list_delivered(inbound_id: int) -> frozenset[int]:
    return frozenset(
        account_id
        for (account_id,) in db.fetch_rows(
            "SELECT account_id FROM mail_inbounddelivery WHERE inbound_id = %s", [inbound_id]
        )
    )


def note_delivery(inbound_id: int, account_id: int) -> bool:
    """Note in the delivery's transaction that an account gets a message; False where it has it."""
    suffix = "" if db.is_sqlite() else " FOR KEY SHARE"
    return bool(
        db.execute(
            "INSERT INTO mail_inbounddelivery (inbound_id, account_id)"
            f" SELECT id, %s FROM mail_inbound WHERE id = %s{suffix} ON CONFLICT DO NOTHING",
            [account_id, inbound_id],
        )
    )


def hold(taken: Taken) -> bool:
    """Lock a message for the transaction; False where another run has settled any of it since."""
    suffix = "" if db.is_sqlite() else " FOR UPDATE"
    if not db.fetch_rows(f"SELECT 1 FROM mail_inbound WHERE id = %s{suffix}", [taken.inbound_id]):
        return False
    rows = db.fetch_rows(
        "SELECT id, is_relayed, was_warned FROM mail_inboundrecipient"
        " WHERE inbound_id = %s ORDER BY id",
        [taken.inbound_id],
    )
    return [(key, bool(is_relayed), bool(was_warned)) for key, is_relayed, was_warned in rows] == [
        (held.row_id, held.is_relayed, held.was_warned) for held in taken.waiting
    ]


def has_got(inbound_id: int, account_id: int) -> bool:
    """Tell whether an account has a message, once it is held."""
    return bool(
        db.fetch_rows(
            "SELECT 1 FROM mail_inbounddelivery WHERE inbound_id = %s AND account_id = %s",
            [inbound_id, account_id],
        )
    )


def remove(inbound_id: int) -> None:
    """Let go of a message that is settled, once it is held."""
    for table in ("mail_inbounddelivery", "mail_inboundrecipient"):
        db.execute(f"DELETE FROM {table} WHERE inbound_id = %s", [inbound_id])
    db.execute("DELETE FROM mail_inbound WHERE id = %s", [inbound_id])


def settle_recipients(settled: list[int], relayed: list[int]) -> None:
    """Let go of rows of recipients, and note of others that the queue has its part of them."""
    for statement, row_ids in (
        ("DELETE FROM mail_inboundrecipient WHERE", settled),
        ("UPDATE mail_inboundrecipient SET is_relayed = TRUE WHERE", relayed),
    ):
        if row_ids:
            condition, params = db.in_list("id", row_ids)
            db.execute(f"{statement} {condition}", params)


def note_warnings(row_ids: list[int]) -> None:
    """Note of recipients that the sender knows how long they wait; in the caller's transaction."""
    if row_ids:
        condition, params = db.in_list("id", row_ids)
        db.execute(f"UPDATE mail_inboundrecipient SET was_warned = TRUE WHERE {condition}", params)


def keep_expansion(row_id: int, expansion: str) -> None:
    """Write down whom a recipient led to, of whom some wait; in the caller's transaction."""
    db.execute("UPDATE mail_inboundrecipient SET expansion = %s WHERE id = %s", [expansion, row_id])


def postpone(inbound_id: int, error: str) -> None:
    """Leave what is not settled to the sweep, longer each time; in the caller's transaction."""
    plain = error.replace("\0", "").encode("utf-8", "replace").decode()[:500]
    rows = db.fetch_rows(
        "UPDATE mail_inbound SET attempts = attempts + 1, last_error = %s WHERE id = %s"
        " RETURNING attempts",
        [plain, inbound_id],
    )
    for (attempts,) in rows:
        delay = BACKOFF[min(attempts, len(BACKOFF)) - 1]
        db.execute(
            "UPDATE mail_inbound SET next_attempt_at = %s WHERE id = %s",
            [epoch() + delay, inbound_id],
        )


def lease(inbound_id: int, *, due: int | None = None) -> bool:
    """Let the others leave a message alone for a while; False where it is not `due`, or settled."""
    condition, params = ("", []) if due is None else (" AND next_attempt_at <= %s", [due])
    with db.write_transaction():
        return bool(
            db.execute(
                f"UPDATE mail_inbound SET next_attempt_at = %s WHERE id = %s{condition}",
                [epoch() + LEASE, inbound_id, *params],
            )
        )


def list_due(now: int, limit: int) -> list[int]:
    """Return messages that nobody has settled in time, those that wait longest first."""
    rows = db.fetch_rows(
        "SELECT id FROM mail_inbound WHERE next_attempt_at <= %s ORDER BY next_attempt_at LIMIT %s",
        [now, limit],
    )
    return [row[0] for row in rows]


def count_waiting(now: int) -> tuple[int, int]:
    """Return how many messages are on their way, and the seconds that the oldest has been."""
    ((number, oldest),) = db.fetch_rows("SELECT COUNT(*), MIN(received_at) FROM mail_inbound")
    return number, max(0, now - oldest) if number else 0
