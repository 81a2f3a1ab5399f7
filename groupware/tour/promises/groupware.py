"""Mail only."""

from urllib.parse import urlencode

from groupware.tour.dates import card, event, task
from groupware.tour.dav import Organizer
from groupware.tour.guest import Guest
from groupware.tour.report import Report
from groupware.tour.server import House

COMPLAINT = "“Mail servers know only mail.”"
PROMISE = (
    "Calendars, tasks, contacts, a directory, free/busy and sharing are on the same people and the"
    " same store, for every calendar program and phone."
)
DAY = {"start": "2027-02-07T00:00:00", "end": "2027-02-08T00:00:00", "zone": "Europe/Vienna"}


def prove(guest: Guest) -> None:
    """Enter, share and look things up."""
    house, report = guest.house, guest.report
    report.complaint(COMPLAINT, PROMISE)
    jonas, yuki = Organizer(house, "jonas"), Organizer(house, "yuki")
    calendar = jonas.calendar_for("VEVENT")
    book = jonas.address_book()
    made = [
        jonas.put(f"{calendar}tour-visit.ics", event("tour-visit", "20270207T090000Z", "A visit")),
        jonas.put(f"{jonas.calendar_for('VTODO')}tour-task.ics", task("tour-task", "Order tea")),
        jonas.put(
            f"{book}tour-card.vcf", card("tour-card", "Olga Nowak", "olga@elsewhere.example")
        ),
    ]
    found = jonas.api("contacts?q=olga")["items"]
    report.holds(
        "An event, a task and a contact from a phone; the server finds the contact by a word.",
        made == [201, 201, 201] and len(found) == 1,
    )
    _share(house, report, jonas, yuki)
    entries = yuki.api("directory?limit=200")["items"]
    report.holds(
        "Everybody of the team, its shared mailbox, rooms and lists are in the directory.",
        len(entries) >= len(house.people),
        f"{len(entries)} entries",
    )


def _share(house: House, report: Report, jonas: Organizer, yuki: Organizer) -> None:
    who = {"who": house.address("jonas")}
    [person] = yuki.api(f"free-busy?{urlencode(DAY | who)}")["people"]
    report.holds(
        "A colleague who may see *free-busy* sees that there is something, and not what.",
        [one["start"] for one in person["periods"]] == ["2027-02-07T10:00:00+01:00"]
        and "A visit" not in str(person),
        f"{person['periods'][0]['start']} to {person['periods'][0]['end']}: busy",
    )
    jonas.post("calendars", {"name": "Tour"})
    name = f"{house.address('jonas')}/calendars/Tour"
    hidden = len(yuki.calendars())
    house.manage("grant", name, house.address("yuki"), "write")
    shown = len(yuki.calendars())
    house.manage("revoke", name, house.address("yuki"))
    report.holds(
        "A calendar that is granted appears on the colleague's phone with its next request, and is"
        " gone with the next one after the grant was taken back.",
        (shown, len(yuki.calendars())) == (hidden + 1, hidden),
    )
