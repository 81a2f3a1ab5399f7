"""The parts of mail: its ports, the queue, the spam filter."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from groupware.core.clock import epoch
from groupware.core.health.parts import DATABASE_LANE, Outcome, Part, State
from groupware.core.health.ports import Port
from mail.services import adminnotices, spam

PORTS = (
    Port("IMAP", "imap", _("IMAP, STARTTLS"), _("mail programs"), 200),
    Port("IMAPS", "imap", _("IMAP, TLS"), _("mail programs"), 210, is_tls=True),
    Port("POP3", "pop3", _("POP3, STLS"), _("mail programs that fetch"), 220),
    Port("POP3S", "pop3", _("POP3, TLS"), _("mail programs that fetch"), 230, is_tls=True),
    Port("SMTP", "smtp", _("SMTP"), _("other mail servers bring mail"), 240),
    Port("SUBMISSION", "smtp", _("Submission, STARTTLS"), _("mail programs send"), 250),
    Port("SUBMISSIONS", "smtp", _("Submission, TLS"), _("mail programs send"), 260, is_tls=True),
    Port("LMTP", "lmtp", _("LMTP"), _("the mail server in front delivers here"), 270),
)


def list_parts() -> list[Part]:
    """Return the parts of this installation."""
    parts = [port.part() for port in PORTS]
    parts.append(Part("queue", _("Queue"), look_at_queue, 60, lane=DATABASE_LANE))
    if spam.is_configured():
        parts.append(Part("spam", _("Spam filter"), look_at_spam, 65))
    return parts


def look_at_queue(_seconds: float) -> Outcome:
    """Count what waits for other servers."""
    queue = adminnotices.measure_queue()
    told = {"number": queue.number, "hours": queue.hours(epoch())}
    if not queue.is_long(epoch()):
        return Outcome(State.OK, format_lazy(_("waiting: {number}"), **told))
    text = _(
        "{number} recipients wait for other servers, the oldest for {hours} hours: those cannot be"
        " reached, or do not take the mail. The page of the queue says why each waits."
    )
    return Outcome(State.ATTENTION, format_lazy(text, **told))


def look_at_spam(seconds: float) -> Outcome:
    """Ask rspamd whether it is there."""
    if spam.ping(seconds):
        return Outcome(State.OK)
    text = _(
        "The spam filter of GROUPWARE_RSPAMD_URL does not answer: mail is taken unchecked. Start"
        " rspamd, or look at the address."
    )
    return Outcome(State.FAILED, text)
