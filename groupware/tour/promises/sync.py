"""No synchronisation."""

from groupware.core.clock import monotonic
from groupware.tour.dates import event
from groupware.tour.dav import Organizer
from groupware.tour.devices import Laptop, Program
from groupware.tour.guest import Guest
from groupware.tour.report import Report
from groupware.tour.server import House

COMPLAINT = "“Every device shows something else.”"
PROMISE = (
    "Every change has a number (modseq) and reaches every IMAP, DAV and REST client: those that"
    " listen are told at once, those that were away are told what they missed, and nothing else."
)
WHO = "ada"


def prove(guest: Guest) -> None:
    """Change something with one device, and hear of it on the others."""
    house, report = guest.house, guest.report
    report.complaint(COMPLAINT, PROMISE)
    _mail(house, report)
    _calendar(house, report)


def _mail(house: House, report: Report) -> None:
    acting, listening, away = (Laptop(house, WHO) for _ in range(3))
    program = Program(house, WHO)
    inbox = next(one for one in program.api("mailboxes")["items"] if one["name"] == "INBOX")
    state = program.api(f"mailboxes/{inbox['id']}/messages?limit=200")["state"]
    away.enable("QRESYNC")
    position = away.position("INBOX")
    away.unselect()
    total = acting.count("INBOX")
    listening.count("INBOX")
    told = Program(house, WHO).listen()
    assert next(told) == "ready"
    listening.idle()
    began = monotonic()
    acting.store("1", "+FLAGS", r"(\Flagged)")
    by_idle = listening.hear(b"FETCH") - began
    while next(told) != "change":
        pass
    by_stream = monotonic() - began
    listening.done()
    report.holds(
        "A flag set on one laptop is on the other, which sits in IDLE, and in a program that"
        " listens to the stream of events.",
        by_idle < 5 and by_stream < 5,
        f"{by_idle * 1e3:.0f} ms and {by_stream * 1e3:.0f} ms, the change itself in it",
    )
    acting.store("2", "+FLAGS", r"(\Deleted)")
    acting.expunge()
    missed = away.catch_up("INBOX", position)
    report.holds(
        "A laptop that was away meanwhile opens the mailbox and is told of the flag and of the"
        " message that is gone, not of the rest.",
        len(missed) == 2,
        f"{len(missed)} lines for a mailbox of {total} messages",
    )
    changed = program.api(f"mailboxes/{inbox['id']}/messages?since={state}")
    report.holds(
        "A program asks REST for the same, with `since=`.",
        (len(changed["items"]), len(changed["removed"])) == (1, 1),
        "1 changed, 1 removed",
    )
    for laptop in (acting, listening, away):
        laptop.logout()


def _calendar(house: House, report: Report) -> None:
    phone, laptop = Organizer(house, WHO), Organizer(house, WHO)
    calendar = phone.calendar_for("VEVENT")
    token = laptop.sync(calendar).token
    before = len(laptop.sync(calendar).changed)
    began = monotonic()
    made = phone.put(f"{calendar}tour.ics", event("tour", "20261224T120000Z", "Lunch"))
    changed = laptop.sync(calendar, token)
    seconds = monotonic() - began
    report.holds(
        "A date entered on the phone (CalDAV) is on the laptop at its next sync, which costs one"
        " answer for what changed, however much is in the calendar.",
        made == 201 and len(changed.changed) == 1,
        f"1 of {before + 1} objects, {seconds * 1e3:.0f} ms for both",
    )
    phone.ask("DELETE", f"{calendar}tour.ics")
    gone = laptop.sync(calendar, changed.token)
    report.holds(
        "And so is its removal.", gone.removed == [f"{calendar}tour.ics"] and not gone.changed
    )
