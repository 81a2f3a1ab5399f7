"""One attempt: a message, some of its recipients and the next hop; what became of each.

No transaction is open here, and nothing is written.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from groupware.core import blobs
from mail.flow.replies import Reply, Unreachable, found_out
from mail.outbound.client import Client
from mail.outbound.connecting import Connection, NextHop, broken, connect
from mail.outbound.outgoing import Outgoing, WireRecipient, wire_address, wire_recipient
from mail.services.sending import Batch, QueuedTo, read_message
from mail.services.settling import Result

_log = structlog.get_logger("groupware.queue")


@dataclass(slots=True)
class Attempt:
    """What came of it: `results` by recipient, `connection` if it can be used again.

    `is_unreachable`: no server of the next hop could be spoken to, whatever the message.
    """

    data: bytes = b""
    results: dict[int, Result] = field(default_factory=dict)
    connection: Connection | None = None
    is_unreachable: bool = False

    def say(self, recipients: Iterable[QueuedTo], reply: Reply, host: str = "") -> None:
        """Note one reply for all of them."""
        for each in recipients:
            self.results[each.id] = Result(reply, host)


def attempt(
    batch: Batch, hop: NextHop, held: Connection | None, opened: Callable[[Client], None]
) -> Attempt:
    """Try to hand a message over, by the connection that is held or a new one."""
    done = Attempt(connection=held)
    try:
        done.data = read_message(batch.message)
    except blobs.UNREADABLE as error:
        _log.exception("a queued message cannot be read", message=batch.message.pk)
        text = f"The stored message cannot be read ({type(error).__name__})."
        done.say(batch.recipients, found_out("4.3.0", text))
        return done
    said = _sayable(batch, done)
    if not said:
        return done
    try:
        connection = _usable(held) or connect(hop, opened)
    except Unreachable as error:
        done.connection = None
        done.say((each for each, _ in said), error.reply, error.host)
        done.is_unreachable = not error.reply.is_final
        return done
    done.connection = connection
    _hand_over(batch, said, connection, done)
    if connection.client.sock is None or connection.client.is_closing:
        connection.client.close()
        done.connection = None
    return done


def _sayable(batch: Batch, done: Attempt) -> list[tuple[QueuedTo, WireRecipient]]:
    """Return the recipients that SMTP can name; the others fail."""
    said: list[tuple[QueuedTo, WireRecipient]] = []
    for each in batch.recipients:
        try:
            said.append((each, wire_recipient(each.recipient)))
        except ValueError:
            done.say([each], found_out("5.1.3", "The address is not one of SMTP."))
    return said


def _usable(held: Connection | None) -> Connection | None:
    """Return a connection that was kept if it still stands."""
    if held is None:
        return None
    try:
        code, _ = held.client.rset()
    except OSError:
        code = 0
    if code == 250:
        return held
    held.client.close()
    return None


def _hand_over(
    batch: Batch,
    said: list[tuple[QueuedTo, WireRecipient]],
    connection: Connection,
    done: Attempt,
) -> None:
    client, host = connection.client, connection.host
    wire = [recipient for _, recipient in said]
    message = _outgoing(batch, done.data, wire)
    if (refusal := _lacks(client, message, wire)) is not None:
        done.say((each for each, _ in said), refusal, host)
        return
    replies: list[Reply | None] = [None] * len(said)
    try:
        client.hand_over(message, wire, replies)
        failure = found_out("4.5.0", "It gave no answer.")
    except OSError as error:
        client.close()
        failure = broken(error)
        if client.is_waiting:
            _log.warning("no answer for a whole message", message=batch.message.pk, host=host)
    except ValueError as error:  # a reply that the library cannot read
        client.close()
        failure = broken(error)
    has_dsn = client.has_extn("dsn")
    for (each, _), reply in zip(said, replies, strict=True):
        wants = "SUCCESS" in each.recipient.notify.split(",")
        is_relayed = reply is not None and reply.is_success and wants and not has_dsn
        done.results[each.id] = Result(reply or failure, host, is_relayed)


def _outgoing(batch: Batch, data: bytes, recipients: list[WireRecipient]) -> Outgoing:
    row = batch.message
    try:
        mail_from = wire_address(row.mail_from) if row.mail_from else ""
    except ValueError:
        # As the server that takes it would: nobody could be told there.
        mail_from = ""
    said = [mail_from, *(each.address for each in recipients)]
    is_utf8 = row.is_utf8 or not all(map(str.isascii, said))
    return Outgoing(mail_from, row.ret, row.envid, is_utf8, data)


def _lacks(client: Client, message: Outgoing, recipients: list[WireRecipient]) -> Reply | None:
    """Return why the server cannot take the message, from what it offers."""
    if message.needs_utf8(recipients) and not client.has_extn("smtputf8"):
        return found_out("5.6.7", "Its server does not take addresses and headers in UTF-8.")
    offered = client.esmtp_features.get("size", "")
    if offered.isdigit() and 0 < int(offered) < len(message.data):
        return found_out("5.3.4", f"Its server takes no message larger than {offered} octets.")
    return None
