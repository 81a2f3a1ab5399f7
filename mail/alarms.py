"""What administrators are told of by mail, in words: what happened, why it matters, what to do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from groupware.core.sizes import octets


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody who administers should look at.

    `key` is the same for as long as it is the same thing. With a `domain_id` it concerns that domain,
    whose administrators are told; who administers everything, where it `is_global`.
    """

    key: str
    subject: str
    text: str
    domain_id: int | None = None
    is_global: bool = True


def certificate_ends(file: Path, ends: datetime, now: datetime, *, is_own: bool) -> Alarm:
    """Return what is said of a certificate that ends soon, or has ended."""
    days = (ends - now).days
    when = f"ends in {days} days" if ends > now else "has ended"
    advice = (
        "The server made it itself and makes a new one when it starts: restart it."
        if is_own
        else "Put a new one in its place: it is taken up at once, without a restart."
    )
    return Alarm(
        f"certificate:{file}",
        f"The certificate of this server {when}",
        f"The certificate in {file}\nis valid until {ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
        " After that mail programs, phones and\nbrowsers refuse to connect, or warn their people.\n\n"
        f"{advice}\n",
    )


def disk_is_full(directory: Path, free: int, total: int, reserve: int) -> Alarm:
    """Return what is said of a disk that is nearly full."""
    return Alarm(
        f"disk:{directory}",
        f"The disk of this server has {octets(free)} left",
        f"On the disk of {directory}\n{octets(free)} of {octets(total)} are free. Below"
        f" {octets(reserve)} (GROUPWARE_DISK_RESERVE) nothing new is\nstored: mail is put off at"
        " its senders, and nobody can file anything.\n\n"
        "Make room: `manage.py account space ADDRESS` shows what fills an account, retention\n"
        "rules (`manage.py retention`) let go of what is old, or give it a larger disk.\n",
    )


def queue_is_long(number: int, hours: int, domain: str = "", domain_id: int | None = None) -> Alarm:
    """Return what is said of mail that does not leave; of a `domain`, or of the whole server."""
    whose = f" of {domain}" if domain else ""
    oldest = f"the oldest for {hours} hours" if hours else "none for an hour yet"
    return Alarm(
        f"queue:{domain_id or ''}",
        f"Mail{whose} waits for other servers",
        f"{number} recipients{whose} wait in the queue, {oldest}. Other servers\ncannot be reached,"
        " or do not take it. Senders hear of it by themselves.\n\n"
        "`manage.py queue list` says why each waits; one that cannot be reached at all, such as\n"
        "by a provider who blocks port 25, wants GROUPWARE_SMARTHOST_URL.\n",
        domain_id,
        is_global=domain_id is None,
    )


def account_sends_much(login: str, number: int, most: int, key: int, domain_id: int) -> Alarm:
    """Return what is said of an account that sends more than people usually do."""
    return Alarm(
        f"sending:{key}",
        f"{login} sends unusually much",
        f"{login} has sent to {number} recipients within an hour;\nmore than {most} are said to be"
        " unusual (GROUPWARE_NOTICE_SENDING).\n\n"
        "If it is no newsletter, somebody else has the password: set a new one, which ends all\n"
        f"sessions (`manage.py account set-password {login}`), and hold what waits\n"
        f"(`manage.py queue hold --from {login}`).\n",
        domain_id,
    )
