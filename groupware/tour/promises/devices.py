"""POP3 downloads here and deletes there; two devices get half each, or the account locks."""

from groupware.core.clock import monotonic
from groupware.tour.devices import Laptop, Phone, hand_in
from groupware.tour.guest import Guest
from groupware.tour.letters import letters
from groupware.tour.report import Report
from groupware.tour.server import House

COMPLAINT = (
    "“POP3 downloads here and deletes there. Two devices get half each, or the account locks.”"
)
PROMISE = (
    "Any number of POP3 and IMAP devices at once. Each POP3 session sees a stable snapshot and"
    " blocks nobody; what a device removes is gone by policy, not by accident."
)
WHO = "lea"
SOON = 5.0
"""Seconds after which a proof has failed; what is promised is a tenth."""


def prove(guest: Guest) -> None:
    """Fetch, remove and read with three devices at the same time."""
    house, report = guest.house, guest.report
    report.complaint(COMPLAINT, PROMISE)
    address = house.address(WHO)
    secrets = [
        house.manage("account", "app-password", "create", address, "--scopes", "pop3")["password"]
        for _ in range(2)
    ]
    house.manage("account", "pop3", address, "--dele", "hide", "--hide-days", "0", "--seen")
    laptop = Laptop(house, WHO)
    _fetch_at_once(house, report, laptop, secrets)
    _remove(house, report, laptop, secrets)
    laptop.logout()


def _fetch_at_once(house: House, report: Report, laptop: Laptop, secrets: list[str]) -> None:
    total = laptop.count("INBOX")
    phones = [Phone(house, WHO, secret) for secret in secrets]
    began = monotonic()
    fetched = [phone.fetch_all() for phone in phones]
    seconds = monotonic() - began
    report.holds(
        "Two phones on one account at the same time, and a laptop by IMAP: nobody is locked out, and"
        " each phone gets every message.",
        all(len(messages) == total for messages in fetched) and fetched[0] == fetched[1],
        f"{total} messages each, both in {seconds:.2f} s",
    )
    began = monotonic()
    while len(laptop.found("SEEN")) < total and monotonic() - began < SOON:
        laptop.noop()
    report.holds(
        "What a phone has fetched is marked as read on the laptop.",
        len(laptop.found("SEEN")) == total,
        f"{(monotonic() - began) * 1e3:.0f} ms after the last one",
    )
    laptop.idle()
    began = monotonic()
    hand_in(house, letters(1, seed="pop3"), [house.address(WHO)])
    seconds = laptop.hear(b"EXISTS") - began
    laptop.done()
    report.holds(
        "A message comes while the phones are connected: the laptop is told, and no phone's"
        " numbers move under its feet.",
        all(phone.stat()[0] == total for phone in phones),
        f"{seconds * 1e3:.0f} ms from the sender's first word to the laptop",
    )
    for phone in phones:
        phone.quit()


def _remove(house: House, report: Report, laptop: Laptop, secrets: list[str]) -> None:
    total = laptop.count("INBOX")
    Phone(house, WHO, secrets[0]).delete_all()
    left = Phone(house, WHO, secrets[0]).stat()[0], Phone(house, WHO, secrets[1]).stat()[0]
    report.holds(
        "One phone “removes from the server” by the policy *hide*: it never sees them again; the"
        " other phone and the laptop have them all.",
        left == (0, total) and laptop.count("INBOX") == total,
        f"{total} removed; first phone {left[0]}, second {left[1]}, laptop {total}",
    )
    house.manage("account", "pop3", house.address(WHO), "--dele", "trash")
    before = laptop.count("Trash")
    slow = Phone(house, WHO)
    laptop.count("INBOX")
    laptop.idle()
    other = Phone(house, WHO, secrets[1])
    began = monotonic()
    other.delete_all()
    seconds = laptop.hear(b"EXPUNGE") - began
    laptop.done()
    report.holds(
        "By the policy *trash* the second removes everything: it lies in Trash, where the laptop"
        " finds it, and whoever is just fetching gets all to the end.",
        laptop.count("Trash") == before + total and len(slow.fetch_all()) == total,
        f"{total} moved to Trash; the laptop heard of it after {seconds * 1e3:.0f} ms, QUIT and all",
    )
    slow.quit()
